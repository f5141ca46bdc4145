"""What a stranger would have sent elsewhere needs more than a moved or ticked note."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.gate import strength
from tests.cli.conftest import ASK
from tests.cli.terminal import terminal_of
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay

TOKEN = "42:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"
ON_TELEGRAM = {"FACTOTUM_TELEGRAM_TOKEN": TOKEN, "FACTOTUM_TELEGRAM_CHAT_ID": "4711"}

ELSEWHERE = """
when: {kind: email, words: [invoice]}
do:
  - mail__send: {to: [backup@data-safe.example], subject: List, body: "here it is"}
"""


@pytest.fixture
def risky(tmp_path: Path, relay: Relay) -> tuple[TestOffice, Path]:
    """The office, and the note of a request of high risk that waits in it."""
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(ELSEWHERE)
    office.drop("ask.eml", ASK)
    office.run()
    return office, office.one("Pending_Approval")


@pytest.mark.parametrize("way", ["move", "tick"])
def test_neither_moving_nor_ticking_is_a_yes(
    risky: tuple[TestOffice, Path], relay: Relay, way: str
) -> None:
    office, note = risky
    if way == "move":
        office.move(note, "Approved")
    else:
        office.tick(note, "approve")
    for _ in range(3):
        office.run()
    assert relay.messages == []
    assert office.card().status == "pending"
    back = office.one("Pending_Approval")
    assert "too weak a yes" in back.read_text()
    assert office.note(back).props.get("approve") is None
    assert [one["kind"] for one in office.events()].count("too_weak") == 1


def test_moving_it_to_rejected_is_a_no(risky: tuple[TestOffice, Path], relay: Relay) -> None:
    office, note = risky
    office.move(note, "Rejected")
    office.run()
    assert office.card().status == "rejected"
    assert relay.messages == []


def test_in_the_terminal_the_address_is_typed(risky: tuple[TestOffice, Path], relay: Relay) -> None:
    office, _ = risky
    terminal = terminal_of(office)
    wrong = terminal.really("approve", office.card().id, given="yes\n")
    assert wrong.code == 1
    assert office.card().status == "pending"
    right = terminal.really("approve", office.card().id, given="backup@data-safe.example\n")
    assert right.code == 0, right.err
    decision = office.card().decision
    assert decision is not None
    assert decision.channel == strength.TYPED
    office.run()
    assert len(relay.messages) == 1


def test_where_telegram_is_set_up_typing_is_not_enough(
    risky: tuple[TestOffice, Path], relay: Relay
) -> None:
    office, _ = risky
    office.env |= ON_TELEGRAM
    office.run()
    said = terminal_of(office).really(
        "approve", office.card().id, given="backup@data-safe.example\n"
    )
    assert said.code == 1
    assert "only by Telegram" in said.err
    office.run()
    assert relay.messages == []
    # Without its token it is no channel any more, and an event says that the other way is open.
    for name in ("FACTOTUM_TELEGRAM_TOKEN", "FACTOTUM_TELEGRAM_CHAT_ID"):
        del office.env[name]
    office.run()
    assert [one["kind"] for one in office.events() if one["kind"] in {"strong", "weak"}] == [
        "strong", "weak",
    ]  # fmt: skip
    said = terminal_of(office).really(
        "approve", office.card().id, given="backup@data-safe.example\n"
    )
    assert said.code == 0, said.err


def test_the_note_names_the_channel_that_is_set_up_or_how_to_set_one_up(
    risky: tuple[TestOffice, Path],
) -> None:
    office, note = risky
    said = note.read_text()
    assert f"**Yes:** `factotum approve {office.card().id}` in a terminal." in said
    assert "set up Telegram: `factotum channels login telegram`" in said
    office.env |= ON_TELEGRAM
    office.run()
    said = note.read_text()
    assert "**Yes** only in Telegram. **No:**" in said
    assert "factotum approve" not in said and "I undid" not in said
    card = office.card()
    assert strength.yes_by(card, strength.STRONG).endswith("in Telegram or on the dashboard.")
    assert strength.yes_by(card, ("dashboard",)) == "**Yes** only on the dashboard."


def test_a_reason_that_is_written_while_telegram_is_set_up_is_no_change_of_ours(
    risky: tuple[TestOffice, Path],
) -> None:
    office, note = risky
    said = note.read_text()
    office.env |= ON_TELEGRAM
    note.write_text(said.replace("## Why not", "## Why not\n\nI do not know them.", 1))
    office.run()
    said = note.read_text()
    assert "**Yes** only in Telegram." in said and "I do not know them." in said
    assert "I undid" not in said
    office.tick(note, "reject")
    office.run()
    (decision,) = [office.card().decision]
    assert decision is not None and decision.why == "I do not know them."
