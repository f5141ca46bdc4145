"""Making a proposal: once, also when a crash came between, and never twice in a quarter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.gate.rules import Policy
from factotum.model import FOLDERS, State
from factotum.reader import Reader
from factotum.worker.habits import AGAIN_S, Habits
from tests.gate.test_habits import T, asked, say
from tests.views.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    (house.root / "Company_Handbook.md").write_text("Be kind.\n")
    house.task("A")
    yield house
    house.ledger.close()


def look(house: House, at: float, after: int = 2) -> list[Path]:
    """A look after a start; what then lies in Needs_Action."""
    Habits(house.vault, house.ledger, Reader(), Policy, after).look(at)
    return sorted((house.root / FOLDERS[State.NEEDS_ACTION]).glob("*.md"))


def yeses(house: House, at: float, n: int = 2) -> None:
    (row,) = house.ledger.db.execute("SELECT id FROM task LIMIT 1")
    for one in range(n):
        card = asked(house.register, at + one, task=row["id"])
        say(house.register, card, at + one)


def test_a_proposal_is_a_note_with_the_lines_in_it(house: House) -> None:
    yeses(house, T, 1)
    assert look(house, T + 10) == []
    yeses(house, T + 1, 1)
    (note,) = look(house, T + 10)
    text = note.read_text()
    assert "You said yes 2 times in a row" in text and "    allow: mail__send\n" in text
    assert look(house, T + 20) == [note]


def test_a_note_that_a_crash_kept_from_being_written_is_written(house: House) -> None:
    yeses(house, T)
    (note,) = look(house, T + 10)
    note.unlink()
    assert look(house, T + 20) == [note]
    row = house.ledger.task_named(note.name)
    assert row is not None
    house.runs.current(row.id, T + 30)  # it was taken up, so it lies elsewhere now
    note.unlink()
    assert look(house, T + 40) == []


def test_it_is_made_again_after_a_quarter_for_new_yeses_alone(house: House) -> None:
    yeses(house, T)
    (note,) = look(house, T + 10)
    row = house.ledger.task_named(note.name)
    assert row is not None
    house.runs.current(row.id, T + 20)
    note.unlink()
    assert look(house, T + 10 + AGAIN_S) == []
    yeses(house, T + 100)
    assert look(house, T + 9 + AGAIN_S) == []
    assert len(look(house, T + 10 + AGAIN_S)) == 1


def test_nothing_is_read_while_nobody_decided_anything(house: House) -> None:
    yeses(house, T)
    made = Habits(house.vault, house.ledger, Reader(), Policy, 3)
    made.look(T + 10)
    made.after = 2
    made.look(T + 20)
    assert look(house, T + 20, after=3) == []
    yeses(house, T + 30, 1)
    made.look(T + 40)
    assert len(look(house, T + 40, after=9)) == 1
