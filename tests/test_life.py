"""The whole life of a task and its card, on a real vault, ledger and mail relay."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from factotum.gate.form import form_text
from factotum.gate.register import Card
from factotum.gate.rows import LETTER
from factotum.note import section
from orchestrator import Orchestrator, open_rooms
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay

ASK = b"""From: Ada Rossi <ada@rossi.example>
To: marco@example.test
Subject: Invoice 1042
Message-ID: <ask-1@rossi.example>
Date: Thu, 26 Nov 2026 09:00:00 +0100

Could you send me invoice 1042 again?
"""

REPLY = """
when: {kind: email, words: [invoice]}
do:
  - mail__send:
      to: ["{from}"]
      subject: "Re: {subject}"
      body: "Hi {first_name}, here is invoice 1042."
summary: "Answered {from}."
"""


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(REPLY)
    return office


@pytest.fixture
def asked(office: TestOffice) -> Path:
    """The card that waits for a yes."""
    office.drop("ask.eml", ASK)
    office.run()
    return office.one("Pending_Approval")


def test_nothing_is_sent_before_a_yes(office: TestOffice, relay: Relay, asked: Path) -> None:
    assert relay.messages == []
    assert office.card().status == "pending"
    assert [p.name for p in office.files("In_Progress/pi/waiting")] == [
        "invoice-1042_ada_" + _end(office)
    ]
    assert list((office.root / "Inbox").iterdir()) == []


def _end(office: TestOffice) -> str:
    return office.one("In_Progress/pi/waiting").name.rsplit("_", 1)[1]


@pytest.mark.parametrize("way", ["move", "tick"])
def test_a_yes_sends_exactly_one_mail(
    office: TestOffice, relay: Relay, asked: Path, way: str
) -> None:
    if way == "move":
        office.move(asked, "Approved")
    else:
        office.tick(asked, "approve")
    office.run()
    office.run()
    (sent,) = relay.messages
    card = office.card()
    assert sent.recipients == ("ada@rossi.example",)
    assert f"<{card.id}.v1@example.test>".encode() in sent.data
    assert card.status == "succeeded"
    assert card.decision is not None and card.decision.channel == way
    task, note = office.files("Done")
    assert "## Receipts" in task.read_text() and card.id in task.read_text()
    assert 'status: "succeeded"' in note.read_text()
    for empty in ("Pending_Approval", "Approved", "In_Progress", "Failed", "Rejected"):
        assert office.files(empty) == []


def test_an_edit_is_sealed_anew_and_that_is_what_is_sent(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    asked.write_text(asked.read_text().replace("here is invoice 1042", "here it comes"))
    office.run()
    assert office.card().version == 2
    assert "Version 2: you changed 1 line" in asked.read_text()
    office.move(asked, "Approved")
    office.run()
    assert b"here it comes" in relay.messages[0].data


def test_an_unsealed_edit_in_approved_comes_back_once(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    asked.write_text(asked.read_text().replace("here is invoice 1042", "here it comes"))
    moved = office.move(asked, "Approved")
    office.run()
    assert relay.messages == []
    assert not moved.exists()
    back = office.one("Pending_Approval")
    assert "Version 2" in back.read_text()
    office.move(back, "Approved")
    office.run()
    assert b"here it comes" in relay.messages[0].data


@pytest.mark.parametrize("way", ["move", "tick"])
def test_a_no_sends_nothing_and_keeps_the_reason(
    office: TestOffice, relay: Relay, asked: Path, way: str
) -> None:
    asked.write_text(
        asked.read_text().replace("## Why not\n", "## Why not\n\nShe has it already.\n")
    )
    if way == "move":
        office.move(asked, "Rejected")
    else:
        office.tick(asked, "reject")
    office.run()
    assert relay.messages == []
    card = office.card()
    assert card.decision is not None and card.decision.why == "She has it already."
    assert "She has it already." in office.one("Rejected").read_text()
    assert "Refused by you" in office.one("Done").read_text()


def test_both_boxes_ticked_decide_nothing(office: TestOffice, relay: Relay, asked: Path) -> None:
    office.tick(asked, "approve", "reject")
    office.run()
    assert office.card().status == "pending"
    assert "Both boxes" in asked.read_text()
    assert relay.messages == []


def test_a_card_expires_by_our_clock_sleeps_and_wakes(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    def a_week_later(orchestrator: Orchestrator) -> None:
        office.hands.go(8 * 86400)
        orchestrator.tick()

    office.run(a_week_later)
    assert office.card().status == "expired"
    moved = office.move(asked, "Approved")  # too late
    office.run()
    assert not moved.exists()
    assert relay.messages == []
    assert (office.card().status, office.card().version) == ("pending", 2)
    office.run(a_week_later)
    office.tick(office.one("Pending_Approval"), "wake")
    office.run()
    office.tick(office.one("Pending_Approval"), "approve")
    office.run()
    assert office.card().version == 3
    assert len(relay.messages) == 1


def test_the_time_in_which_the_machine_was_off_does_not_count(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    office.hands.go(30 * 86400)
    office.run()
    assert office.card().status == "pending"
    office.move(asked, "Approved")
    office.run()
    assert len(relay.messages) == 1


def test_a_person_may_cancel_in_the_regret_wait(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    office.move(asked, "Approved")
    _approve_only(office)
    approved = office.one("Approved")
    assert office.card().status == "approved"
    office.tick(approved, "cancel")
    office.run()
    assert relay.messages == []
    assert office.card().status == "cancelled"
    assert "Cancelled" in office.one("Rejected").read_text()


def _approve_only(office: TestOffice) -> list[Card]:
    """Two ticks of an office whose regret wait is long; returns what is due after them."""
    office.env["FACTOTUM_REGRET_S"] = "3600"

    async def ticks() -> list[Card]:
        rooms = open_rooms(office.settings(), office.root, office.clock())
        orchestrator = Orchestrator(rooms)
        orchestrator.tick()
        due = orchestrator.tick().due
        await orchestrator._close()
        rooms.close()
        return due

    due = asyncio.run(ticks())
    office.env["FACTOTUM_REGRET_S"] = "0"
    return due


def test_taking_it_back_to_pending_asks_again(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    office.move(asked, "Approved")
    _approve_only(office)
    office.move(office.one("Approved"), "Pending_Approval")
    office.run()
    assert relay.messages == []
    assert (office.card().status, office.card().version) == ("pending", 2)


def test_a_deleted_card_is_shown_again_and_is_no_no(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    asked.unlink()
    office.run()
    assert office.files("Pending_Approval") == []  # it may be on its way between devices
    office.hands.go(61)

    def again(orchestrator: Orchestrator) -> None:
        office.hands.go(61)
        orchestrator.tick()

    office.run(again)
    assert office.one("Pending_Approval").name == asked.name
    assert office.card().status == "pending"


def test_a_card_in_two_folders_decides_nothing(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    (office.root / "Approved" / asked.name).write_bytes(asked.read_bytes())
    office.run()
    assert relay.messages == []
    assert office.card().status == "pending"
    (office.root / "Pending_Approval" / asked.name).unlink()
    office.run()
    assert len(relay.messages) == 1


def test_a_stale_copy_of_a_finished_card_runs_nothing(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    copy = asked.read_bytes()
    office.move(asked, "Approved")
    office.run()
    (office.root / "Approved" / asked.name).write_bytes(copy)
    office.run()
    assert len(relay.messages) == 1
    assert office.files("Approved") == []
    assert "replay" in [event["kind"] for event in office.events()]


def test_a_forged_card_is_put_into_rejected_untouched(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    forged = asked.read_bytes().replace(office.card().id.encode(), b"a-" + b"q" * 16)
    (office.root / "Approved" / "forged.md").write_bytes(forged)
    office.run()
    assert relay.messages == []
    assert (office.root / "Rejected/forged.md").read_bytes() == forged
    assert "forged" in [event["kind"] for event in office.events()]


def test_an_edit_elsewhere_is_undone_and_said(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    asked.write_text(asked.read_text().replace("ada@rossi.example: not in", "mallory: not in"))
    office.run()
    text = asked.read_text()
    assert "mallory" not in text and "I undid what was changed" in text
    assert any("mallory" in p.read_text() for p in (office.root / ".factotum/aside").iterdir())


def test_a_card_of_broken_yaml_is_written_anew(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    asked.write_text(asked.read_text().replace("---\nid:", "---\n: [ : &x\nid:", 1))
    office.move(asked, "Approved")
    office.run()
    assert relay.messages == []
    assert office.card().status == "pending"
    assert office.one("Pending_Approval").read_text().count("## The mail") == 1


def test_obsidian_may_write_the_properties_anew(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    head, _, rest = asked.read_text().partition("\n---\n")
    lines = sorted(head.removeprefix("---\n").replace('"', "").split("\n"), reverse=True)
    lines = [line for line in lines if not line.startswith(("aliases", "task"))]
    asked.write_text("---\n" + "\n".join(lines) + "\n---\n" + rest)
    office.move(asked, "Approved")
    office.run()
    assert len(relay.messages) == 1


def test_moving_the_waiting_task_back_withdraws_its_card(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    office.move(office.one("In_Progress/pi/waiting"), "Needs_Action")
    office.run()
    old, new = sorted(office.cards(), key=lambda card: card.run)
    assert (old.status, new.status) == ("withdrawn", "pending")
    assert office.one("Rejected").name == old.name
    office.move(office.one("Pending_Approval"), "Approved")
    office.run()
    assert len(relay.messages) == 1


def test_what_no_playbook_fits_becomes_a_question(office: TestOffice, relay: Relay) -> None:
    office.type("Water the plants.\n")
    office.run()
    question = office.one("Pending_Approval")
    assert "No playbook fits" in question.read_text()
    text = question.read_text().replace("## Your answer\n", "## Your answer\n\ndone\n")
    question.write_text(text)
    office.tick(question, "answered")
    office.run()
    assert "You said that you did it yourself" in office.files("Done")[0].read_text()


def test_a_failed_task_moved_back_is_done_again_and_knows_what_was_done(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    office.move(asked, "Approved")
    office.run()
    (done,) = [p for p in office.files("Done") if p.name.startswith("invoice")]
    office.move(done, "Needs_Action")
    office.run()
    assert "Done already in an earlier run" in office.one("Pending_Approval").read_text()
    assert len(relay.messages) == 1


def test_the_same_file_twice_is_one_task(office: TestOffice, relay: Relay, asked: Path) -> None:
    office.drop("again.eml", ASK)
    office.run()
    assert len(office.cards()) == 1
    assert "duplicate" in [event["kind"] for event in office.events()]


def test_the_form_reads_back_as_it_was_written() -> None:
    args = {"to": ["a@b.example"], "subject": "Hi", "body": "One\n\nTwo: three\n"}
    assert "To: a@b.example\nCc:\nBcc:\nSubject: Hi\n\nOne" in form_text(LETTER, args)


def test_a_reason_is_read_only_from_its_own_section() -> None:
    assert section("## Why not\n\nNo.\n\n> [!info]- x\n> y\n", "Why not") == "No."


def test_a_restored_ledger_sends_nothing_that_may_have_been_sent(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    office.run()
    yesterday = (office.state / "ledger.db").read_bytes()
    card = asked.read_bytes()
    office.move(asked, "Approved")
    office.run()
    assert len(relay.messages) == 1
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (office.state / name).unlink(missing_ok=True)
    (office.state / "ledger.db").write_bytes(yesterday)
    (office.root / "Approved" / asked.name).write_bytes(card)
    office.run()
    office.run()
    assert office.card().status == "unknown"
    assert len(relay.messages) == 1


def test_a_stop_note_holds_everything_that_would_leave(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    stop = office.root / "STOP.md"
    stop.write_text("")
    office.move(asked, "Approved")
    office.run()
    assert relay.messages == []
    stop.unlink()
    office.run()
    assert len(relay.messages) == 1
