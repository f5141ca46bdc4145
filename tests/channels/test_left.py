"""What ended after a terminal was left is told at the next one, once."""

from __future__ import annotations

import time
from pathlib import Path

from factotum.gate.register import Register
from tests.channels.live import at_work, ledger_of
from tests.channels.rigs import AtTerminal
from tests.channels.test_every_channel import QUESTION, comes_to
from tests.office import TestOffice

TOLD = "📬 Done while you were away: “a question of letters”"


def office_of(folder: Path) -> TestOffice:
    office = TestOffice(folder, {"FACTOTUM_CHANNELS": "none", "FACTOTUM_WATCHERS": "none"})
    office.playbook(QUESTION, "20-question.md")
    return office


def leaves_a_question(office: TestOffice) -> None:
    with AtTerminal(office) as rig:
        rig.says("a question of letters")
        rig.reads("Which Ada?")


def is_answered(office: TestOffice) -> None:
    """The question that waits is answered elsewhere, and the work ends."""
    ledger = ledger_of(office)
    try:
        (card,) = Register(ledger).unsettled()
        digest = card.seal.digest
        Register(ledger).decide(card.id, digest, "answer", "cli", "marco", time.time(), "Rossi")
        (office.state / "wake").write_bytes(b"now")
        ended = "SELECT 1 FROM run WHERE ended IS NOT NULL"
        comes_to(lambda: ledger.db.execute(ended).fetchone() is not None)
    finally:
        ledger.close()


def terminals(office: TestOffice) -> list[str]:
    return [path.name for path in (office.state / "terminals").iterdir()]


def test_what_ended_after_a_terminal_was_left_is_told_at_the_next_one_once(tmp_path: Path) -> None:
    office = office_of(tmp_path)
    with at_work(office):
        leaves_a_question(office)
        is_answered(office)
        with AtTerminal(office) as rig:
            rig.reads(f"factotum> {TOLD}\n  ✅ Did what the playbook 20-question says.")
            rig.reads("All of it: factotum show ")
        assert terminals(office) == []
        with AtTerminal(office) as rig:
            rig.says("/help")
            rig.reads("I work on what you write here.")
            assert "📬" not in rig.out.getvalue()
    assert terminals(office) == []


def test_what_ends_while_the_next_terminal_is_open_is_told_there(tmp_path: Path) -> None:
    office = office_of(tmp_path)
    with at_work(office):
        leaves_a_question(office)
        with AtTerminal(office) as rig:
            is_answered(office)
            rig.reads(TOLD)


def test_what_is_told_where_it_was_given_is_told_nowhere_else(tmp_path: Path) -> None:
    office = office_of(tmp_path)
    with at_work(office), AtTerminal(office) as other:
        with AtTerminal(office) as rig:
            rig.says("a question of letters")
            rig.chooses("Rossi")
            rig.reads("Did what the playbook 20-question says.")
            comes_to(lambda: "✅" in rig.out.getvalue())
        other.says("/help")
        other.reads("I work on what you write here.")
        comes_to(lambda: terminals(office) == [other.chat])
        assert "📬" not in other.out.getvalue()
