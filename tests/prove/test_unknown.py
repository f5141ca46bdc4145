"""An effect whose outcome is lost is never tried again; a person decides, three ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.gate.register import Card, Register
from factotum.ledger import Ledger
from tests.office import TestOffice, smtp
from tests.prove.test_kill import ASK
from tests.servers.smtp import Relay

pytestmark = [pytest.mark.prove]

REPLY = """
when: {kind: email, words: [invoice]}
do:
  - mail__send: {to: ["{from}"], subject: "Re: {subject}", body: "Here it is."}
"""


@pytest.fixture
def relay() -> Iterator[Relay]:
    with Relay(dot="drop") as relay:
        yield relay


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    """One whose relay hung up after the dot."""
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(REPLY)
    office.drop("ask.eml", ASK)
    office.run()
    office.move(office.one("Pending_Approval"), "Approved")
    office.run()
    assert office.card().status == "unknown"
    return office


def resolve(office: TestOffice, choice: str) -> Card:
    """What `factotum resolve` does."""
    ledger = Ledger(office.state / "ledger.db")
    try:
        (card,) = [c for c in Register(ledger).unsettled() if c.status == "unknown"]
        return Register(ledger).resolve(card.id, choice, "cli", "you", office.hands.wall)
    finally:
        ledger.close()


def test_ten_restarts_send_nothing_more(office: TestOffice, relay: Relay) -> None:
    for _ in range(10):
        office.hands.go(3600)
        office.run()
    assert len(relay.messages) == 1
    note = office.one("Pending_Approval")
    assert "I will not try it again by myself" in note.read_text()
    assert office.card().attempts == 1


@pytest.mark.parametrize("way", ["tick", "cli"])
def test_it_happened(office: TestOffice, relay: Relay, way: str) -> None:
    if way == "tick":
        office.tick(office.one("Pending_Approval"), "happened")
    else:
        resolve(office, "happened")
    office.run()
    assert len(relay.messages) == 1
    assert office.card().status == "happened"
    task, card = sorted(office.files("Done"), key=lambda p: b"## Receipts" not in p.read_bytes())
    assert "Done, by your word" in task.read_text()
    assert "Done, by your word" in card.read_text()
    assert office.files("Pending_Approval") == []


@pytest.mark.parametrize("way", ["tick", "cli"])
def test_it_did_not_and_a_new_card_needs_a_new_yes(
    office: TestOffice, relay: Relay, way: str
) -> None:
    old = office.card()
    if way == "tick":
        office.tick(office.one("Pending_Approval"), "did_not")
    else:
        resolve(office, "did-not")
    office.run()
    assert len(relay.messages) == 1  # nothing without a new yes
    first, second = office.cards()
    assert {first.status, second.status} == {"did_not", "pending"}
    new = second if first.id == old.id else first
    assert new.id != old.id
    assert [p.name for p in office.files("Failed")] == [old.name]
    office.move(office.one("Pending_Approval"), "Approved")
    office.run()
    assert len(relay.messages) == 2
    ids = [m.message["Message-ID"] for m in relay.messages]
    assert len(set(ids)) == 2


def test_to_leave_it_leaves_it(office: TestOffice, relay: Relay) -> None:
    resolve(office, "leave")
    office.run()
    assert office.card().status == "unknown"
    assert len(office.files("Pending_Approval")) == len(office.files("In_Progress")) == 1
    assert len(relay.messages) == 1


@pytest.mark.parametrize("folder", ["Approved", "Rejected", "Failed"])
def test_moving_it_decides_nothing(office: TestOffice, relay: Relay, folder: str) -> None:
    note = office.one("Pending_Approval")
    office.move(note, folder)
    office.run()
    assert note.exists(), "it came back"
    assert office.files(folder) == []
    assert office.card().status == "unknown"
    assert len(relay.messages) == 1


def test_both_boxes_or_a_stale_yes_decide_nothing(office: TestOffice, relay: Relay) -> None:
    note = office.one("Pending_Approval")
    office.tick(note, "happened", "did_not")
    office.run()
    assert office.card().status == "unknown"
    office.tick(note, "approve", "send_now", "wake")
    office.run()
    assert office.card().status == "unknown"
    assert len(relay.messages) == 1
