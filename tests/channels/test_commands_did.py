"""What was done on a day: from the ledger, with whose yes it was, and never from a model."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from factotum.model import Cancelled, FailedClean, Lost, Succeeded
from tests.channels.commanding import Ann
from tests.views.house import House

DAY_S = 86_400.0


def test_a_day_tells_what_went_to_whom_when_and_by_whose_yes(ann: Ann, house: House) -> None:
    house.end(house.approve(house.card(), "Ann (4711)", "telegram"), Succeeded({}))
    house.go(60)
    house.end(house.card("Send an offer to Bob?", allowed_by="my rule"), Succeeded({}))
    house.end(house.approve(house.card("Send a line?"), "marco", "cli"), Lost("line broke"))
    house.end(house.card("Send what failed?"), FailedClean("no route"))
    house.register.end(house.approve(house.card("Send late?")), Cancelled("you"), house.now)
    no = house.card("Pay the stranger?")
    house.register.decide(no.id, no.seal.digest, "reject", "telegram", "Ann (4711)", house.now)
    assert ann.lines("/did") == [
        "Today, Fri 27 Nov",
        "",
        "Done: 2",
        "• 14:02 Send this mail to Ada “Invoice” → ada@rossi.example · yes: Ann (4711)",
        "• 14:03 Send an offer to Bob “Invoice” → ada@rossi.example · "
        "whatever leaves the house asks",
        "",
        "Unknown whether it happened: 1",
        "• 14:03 Send a line “Invoice” → ada@rossi.example · yes: marco (cli)",
        "",
        "Not done: 2",
        "• 14:03 Send what failed “Invoice” → ada@rossi.example · yes: Marco (cli)"
        " · failed, nothing left the house",
        "• 14:03 Send late “Invoice” → ada@rossi.example · yes: Marco (cli) · cancelled, not sent",
        "",
        "Refused: 1",
        "• 14:03 Pay the stranger · Ann (4711)",
    ]


def test_tasks_and_cost_are_told_and_no_words_of_a_model(ann: Ann, house: House) -> None:
    for n, result in enumerate(["done", "done", "failed", "withdrawn"]):
        run = house.runs.current(house.task(f"Errand {n}"), house.now)
        house.runs.end(run, result, "I sent ten mails.", house.now)
    beat = house.runs.current(house.task("Heartbeat"), house.now)
    house.runs.end(beat, "done", "HEARTBEAT_OK", house.now)
    house.ledger.db.execute(
        "INSERT INTO spend (root, task, run, outside, model, reserved, cost, at)"
        " VALUES ('t', 't', 1, 0, 'm', 900000, 310000, ?)",
        (house.now,),
    )
    said = ann("/did today")
    assert "• 2 done: Errand 0, Errand 1\n• 1 failed: Errand 2\n• 1 taken back" in said
    assert said.endswith("Models: 0.31 USD")
    assert "ten mails" not in said and "Heartbeat" not in said


def test_a_day_has_nothing_of_its_neighbours(ann: Ann, house: House) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    ann.zone = lambda at: datetime.fromtimestamp(at, berlin)
    last = datetime(2026, 10, 25, 23, 59, 59, tzinfo=berlin).timestamp()  # clocks went back
    for title, at in (
        ("Before", datetime(2026, 10, 24, 23, 59, 59, tzinfo=berlin).timestamp()),
        ("First", datetime(2026, 10, 25, tzinfo=berlin).timestamp()),
        ("Last", last),
        ("After", last + 1),
    ):
        house.now = at
        house.end(house.card(f"{title}?"), Succeeded({}))
    house.now = datetime(2026, 10, 27, 12, tzinfo=berlin).timestamp()
    said = ann("/did sunday")
    assert said.startswith("Sun 25 Oct\n") and "Done: 2" in said
    assert "00:00 First" in said and "23:59 Last" in said
    assert "23:59 Before" in ann("/did 24 oct") and "00:00 After" in ann("/did yesterday")


def test_an_empty_day_says_so_and_when_the_record_begins(ann: Ann, house: House) -> None:
    assert ann("/did") == "Today, Fri 27 Nov\nNothing was done."
    house.task()
    assert ann("/did") == "Today, Fri 27 Nov\nNothing was done."
    assert ann("/did wednesday").endswith("\nWhat is on record begins on Fri 27 Nov.")


def test_a_day_that_cannot_be_read_says_what_can(ann: Ann) -> None:
    assert ann("/did\tthe laundry") == (
        "“the laundry” is no day that I can read. Write today, yesterday, tuesday, 24 nov or "
        "2026-11-24"
    )


def test_own_drafts_are_counted_and_a_long_day_is_cut(ann: Ann, house: House) -> None:
    for n in range(3):
        note = {"title": f"N{n}", "text": "T", "folder": "Drafts"}
        card = house.card("Write?", tool="notes__write", args=note, allowed_by="own drafts")
        house.end(card, Succeeded({}))
    for n in range(20):
        house.end(house.card(f"Send {n}?"), Succeeded({}))
    said = ann("/did")
    assert "Done: 20\n" in said and "… and 8 more (all of them: factotum logs)" in said
    assert said.endswith("3 drafts and notes of my own written")


def test_many_recipients_are_counted(ann: Ann, house: House) -> None:
    to = [f"p{n}@x.example" for n in range(9)]
    letter = {"to": to, "subject": "S", "body": "B"}
    house.end(house.card("Send a round?", args=letter), Succeeded({}))
    assert "→ p0@x.example, p1@x.example, p2@x.example and 6 more ·" in ann("/did")
