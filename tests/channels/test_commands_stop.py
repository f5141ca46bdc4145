"""The kill switch by a word: it holds at once, and tells what it was too late for."""

from __future__ import annotations

import pytest

from factotum.channels.commands import answer
from factotum.gate import pause
from factotum.gate.records import NotOpen
from factotum.gate.register import Register
from factotum.ledger import Ledger
from factotum.model import FailedClean, Lost, Succeeded
from factotum.rooms import running
from tests.channels.commanding import Ann
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay
from tests.views.house import House


def test_a_stop_holds_at_once_and_says_why_and_by_whom(ann: Ann, house: House) -> None:
    card = house.approve(house.card())
    assert not (house.folder / "wake").exists()
    assert ann("/stop it smells\nof fish").startswith("Stopped.")
    assert pause.current(house.ledger) == pause.Pause(
        "Ann (4711)", "telegram", "it smells of fish", house.now
    )
    with pytest.raises(NotOpen, match="it smells of fish"):
        house.register.begin(card, "key", house.now)
    assert (house.folder / "wake").exists()


def test_a_second_stop_says_since_when(ann: Ann, house: House) -> None:
    ann("/stop it smells")
    house.go(90_000)
    said = ann("/stop again")
    assert said.startswith(
        "It was stopped already by Ann (4711) since Fri 27 Nov 14:02: it smells."
    )
    assert pause.current(house.ledger).why == "it smells"  # type: ignore[union-attr]


def test_a_stop_from_elsewhere_is_told_with_where(ann: Ann, house: House) -> None:
    pause.pause(house.ledger, pause.Pause("marco", "cli", "", house.now))
    assert "by marco (cli) since 14:02" in ann("/stop")
    assert "by marco (cli) since 14:02" in ann("/status")


def test_a_stop_tells_what_had_left_and_what_is_in_flight(ann: Ann, house: House) -> None:
    house.end(house.card("Send the old letter?"), Succeeded({}))
    house.go(7200)
    house.end(house.card("Send this mail to Ada?"), Succeeded({}))
    house.end(house.card("Send what was lost?"), Lost("the line broke"))
    house.end(house.card("Send what failed?"), FailedClean("no route"))
    note = {"note": "Plan.md", "find": "a", "replace": "b"}
    house.end(house.card("Change Plan?", tool="notes__change", args=note), Succeeded({}))
    house.go(60)
    begun = house.approve(house.card("Send what is under way?"))
    house.register.begin(begun, "key", house.now)
    house.approve(house.card("Send what is approved?"))
    house.card("Send what is asked?")
    busy = house.task("Sort the papers")
    house.runs.current(busy, house.now)
    said = ann("/stop")
    assert "Too late for what was begun:\n• Send what is under way (since 16:03)" in said
    left = said.split("Had already left in the last hour:\n")[1].split("\n\n")[0]
    assert "• 16:02 Send this mail to Ada “Invoice” → ada@rossi.example" in left
    assert "Send what was lost “Invoice” → ada@rossi.example (unknown whether it happened)" in left
    assert "Changed in the last hour:\n• 16:02 Change Plan" in left
    assert "In the last 24 hours: 4. One by one: /did" in left
    assert "old letter" not in said and "what failed" not in said
    held = said.split("Approved and held back:\n")[1]
    assert held.split("\n")[0] == "• Send what is approved"
    assert "under way" not in held
    assert "halted: " in held and "Sort the papers" in held
    assert "2 requests wait for your word." in held  # the one that was asked, and the lost one


def test_a_call_of_a_model_that_is_under_way_is_told(ann: Ann, house: House) -> None:
    house.ledger.db.execute(
        "INSERT INTO spend (root, task, run, outside, model, reserved, at)"
        " VALUES ('t', 't', 1, 0, 'm', 9000, ?)",
        (house.now - 5,),
    )
    assert "1 question to a model" in ann("/stop")


def test_a_resume_ends_it_and_says_what_is_done_now(ann: Ann, house: House) -> None:
    ann.pid = 1
    assert ann("/resume") == "It was not stopped."
    ann("/stop")
    card = house.approve(house.card())
    assert ann("/resume") == (
        "It goes on.\nApproved before, so it is carried out now:\n• Send this mail to Ada"
    )
    assert house.register.begin(card, "key", house.now) == 1
    assert [e.kind for e in house.ledger.events() if e.kind in ("paused", "resumed")] == [
        "paused",
        "resumed",
    ]


def test_where_nobody_is_at_work_that_is_said(ann: Ann, house: House) -> None:
    ann.house.approve(house.card())
    ann("/stop")
    said = ann("/resume")
    assert "Nobody is at work now. Start it on its machine: factotum up" in said
    assert "it is carried out then" in said


def test_the_note_that_stops_everything_is_told_too(ann: Ann, house: House) -> None:
    (house.root / "STOP.md").write_text("Stop.\n")
    for command in ("/stop", "/status"):
        assert "STOP.md lies in the vault" in ann(command)
    said = ann("/resume")
    assert said.startswith("Your stop is lifted, and yet nothing goes on.\nSTOP.md lies")
    assert "It was not stopped.\nSTOP.md lies" in ann("/resume")


@pytest.mark.parametrize("n", [1, 40])
def test_a_stop_names_few_of_many(ann: Ann, house: House, n: int) -> None:
    for one in range(n):
        house.approve(house.card(f"Send letter {one}?"))
    said = ann("/stop")
    assert len(said.split("\n")) < 30
    assert ("… and 34 more" in said) == (n == 40)


ASK = b"""From: Ada Rossi <ada@rossi.example>
To: marco@example.test
Subject: Invoice 1042
Message-ID: <ask-1@rossi.example>

Could you send me invoice 1042 again?
"""
REPLY = """
when: {kind: email, words: [invoice]}
do:
  - mail__send: {to: ["{from}"], subject: "Re: {subject}", body: "Here it is."}
summary: "Answered {from}."
"""


@pytest.mark.slow
def test_a_stop_on_a_channel_holds_the_office(ann: Ann, relay: Relay) -> None:
    office = TestOffice(ann.house.folder / "office", smtp(relay))
    office.playbook(REPLY)
    office.drop("ask.eml", ASK)
    office.run()
    card = office.card()
    ledger = Ledger(office.state / "ledger.db")
    register = Register(ledger)
    where = {"ledger": ledger, "register": register, "root": office.root, "state": office.state}
    place = ann.place(**where, now=office.hands.wall)

    def say(text: str) -> str:
        said = answer(text, place)
        assert said is not None
        return said.words.text

    assert say("/stop").startswith("Stopped.")
    register.decide(card.id, card.seal.digest, "approve", "dashboard", "you", place.now)
    office.run()
    assert relay.messages == [] and running(office.state) is None
    assert "Send this reply to Ada" in say("/resume")
    office.run()
    assert len(relay.messages) == 1
    assert "→ ada@rossi.example · yes: you (dashboard)" in say("/did")
    ledger.close()
