"""An office that waits for a person is at rest: it looks again when a word or a moment comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.gate.register import Register
from factotum.ledger import Ledger
from orchestrator import Orchestrator
from tests.office import TestOffice, opened

ASK = """
when: {kind: note}
do:
  - mail__send: {to: [bob@example.test], subject: Hi, body: "two lines"}
"""


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    """An office in which one request waits, and nothing can be sent."""
    env = {"FACTOTUM_SMTP_HOST": "127.0.0.1", "FACTOTUM_SMTP_PORT": "9"}
    office = TestOffice(tmp_path, {**env, "FACTOTUM_SMTP_SECURITY": "none"})
    office.playbook(ASK)
    office.type("Write to Bob.\n")
    office.run()
    assert office.card().status == "pending"
    return office


@pytest.fixture
def door(office: TestOffice) -> Iterator[Orchestrator]:
    with opened(office) as door:
        yield door


def looks(office: TestOffice, door: Orchestrator, after_s: float = 10) -> bool:
    """Whether the next tick looks at everything."""
    before = door.idle.whole_at
    office.hands.go(after_s)
    door.tick()
    return door.idle.whole_at > before


def at_rest(office: TestOffice, door: Orchestrator) -> bool:
    for _ in range(6):
        looks(office, door, 30)
    return not looks(office, door)


def test_it_rests_while_a_request_waits(office: TestOffice, door: Orchestrator) -> None:
    assert at_rest(office, door)


@pytest.mark.parametrize("folder", ["Pending_Approval", "In_Progress/pi/waiting"])
def test_a_note_that_was_touched_is_looked_at(
    office: TestOffice, door: Orchestrator, folder: str
) -> None:
    assert at_rest(office, door)
    note = office.one(folder)
    note.write_text(f"{note.read_text()}\nA word more.\n")
    assert looks(office, door)


@pytest.mark.parametrize("folder", ["Pending_Approval", "In_Progress/pi/waiting"])
def test_a_note_that_went_away_leaves_no_rest_till_it_is_dealt_with(
    office: TestOffice, door: Orchestrator, folder: str
) -> None:
    assert at_rest(office, door)
    office.one(folder).unlink()
    for _ in range(5):
        assert looks(office, door)
    assert looks(office, door, 60)
    if folder == "Pending_Approval":
        assert len(office.files("Pending_Approval")) == 1  # it was written again
    else:
        assert office.card().status == "withdrawn"


def test_a_word_in_the_ledger_is_looked_at(office: TestOffice, door: Orchestrator) -> None:
    assert at_rest(office, door)
    ledger = Ledger(office.state / "ledger.db")
    card = office.card()
    Register(ledger).decide(card.id, card.seal.digest, "reject", "cli", "you", office.hands.wall)
    ledger.close()
    assert looks(office, door)


def test_its_expiry_is_looked_at_when_it_comes(office: TestOffice, door: Orchestrator) -> None:
    assert at_rest(office, door)
    deadline = office.card().seal.deadline
    assert deadline is not None
    while (left := deadline - office.hands.wall) > 500:
        office.hands.go(min(left - 400, 500))
        door.tick()
    for _ in range(4):
        looks(office, door, 30)
    assert not looks(office, door)
    assert looks(office, door, deadline - office.hands.wall + 1)
    assert office.card().status == "expired"
    assert at_rest(office, door)
