"""A note that the ledger knows is claimed by its name alone, before anything is written."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.ledger import TaskRow
from factotum.model import Trust
from factotum.note import render
from orchestrator import Orchestrator, open_rooms
from tests.office import TestOffice, opened

ID, NAME = "t-abcdefgh2345mnpq", "known_mnpq.md"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Orchestrator]:
    office = TestOffice(tmp_path)
    with opened(office) as door:
        door.tick()
        yield door


def known(door: Orchestrator, **changes: object) -> None:
    row = {
        "id": ID, "name": NAME, "kind": "note", "title": "Known", "trust": Trust.OWNER,
        "source": "", "source_id": "", "origin": f"Needs_Action/{NAME}", "original": b"",
        "facts": {}, "created": 1.0, "missing": None,
    }  # fmt: skip
    door.rooms.ledger.add_task(TaskRow(**{**row, **changes}))  # type: ignore[arg-type]


def arrives(door: Orchestrator, name: str = NAME) -> Path:
    path = door.rooms.vault.root / "Needs_Action" / name
    path.write_bytes(render({"id": ID, "type": "note"}, "\nDo it.\n"))
    return path


def claimed(door: Orchestrator, room: int = 4) -> bool:
    return door.look.arrivals.claim([NAME], room) == 1


def test_it_is_claimed_without_a_word_to_the_ledger(door: Orchestrator) -> None:
    known(door)
    path = arrives(door)
    before = door.rooms.ledger.db.total_changes
    assert claimed(door)
    assert not path.exists() and (path.parents[1] / "In_Progress/pi" / NAME).exists()
    assert door.rooms.ledger.db.total_changes == before


def test_the_look_claims_a_task_that_never_ran_without_a_word_either(door: Orchestrator) -> None:
    known(door)
    path = arrives(door)
    found = door.tick()
    assert [id for id, _ in found.tasks] == [ID] and not path.exists()
    assert door.rooms.runs.latest(ID) is None


def test_what_was_claimed_at_once_runs_after_the_same_tick(door: Orchestrator) -> None:
    known(door)
    arrives(door)
    assert [id for id, _ in door.tick([NAME]).tasks] == [ID]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other.md"},
        {"origin": "Needs_Action/elsewhere.md"},
        {"original": b"what a person typed"},  # perhaps an editor's echo of it
    ],
)
def test_a_note_that_is_not_plainly_the_known_one_waits_for_the_look(
    door: Orchestrator, changes: dict[str, object]
) -> None:
    known(door, **changes)
    arrives(door)
    assert not claimed(door)


def test_a_task_that_ran_before_waits_for_the_look(door: Orchestrator) -> None:
    known(door)
    door.rooms.runs.current(ID, 2.0)
    arrives(door)
    assert not claimed(door)


def test_a_task_that_lies_elsewhere_too_waits_for_the_look(door: Orchestrator) -> None:
    known(door)
    (door.rooms.vault.root / "Failed" / NAME).write_bytes(render({"id": ID}, "\nOld.\n"))
    door.tick()
    arrives(door)
    assert not claimed(door)


def test_nothing_is_claimed_where_there_is_no_room(door: Orchestrator) -> None:
    known(door)
    arrives(door)
    assert not claimed(door, room=0)


def test_nothing_is_claimed_before_all_is_known_that_lies_there(tmp_path: Path) -> None:
    office = TestOffice(tmp_path)

    async def made() -> bool:
        rooms = open_rooms(office.settings(), office.root, office.clock())
        door = Orchestrator(rooms, out=io.StringIO())
        known(door)
        arrives(door)
        try:
            return claimed(door)
        finally:
            await door.run(once=True)
            rooms.close()

    assert asyncio.run(made()) is False


def test_a_link_is_never_claimed(door: Orchestrator, tmp_path: Path) -> None:
    known(door)
    (tmp_path / "secret.md").write_text("x")
    (door.rooms.vault.root / "Needs_Action" / NAME).symlink_to(tmp_path / "secret.md")
    assert not claimed(door)


def test_a_name_that_is_taken_in_our_folder_is_left_to_the_look(door: Orchestrator) -> None:
    known(door)
    there = door.rooms.vault.root / "In_Progress/pi" / NAME
    there.write_text("Another.")
    arrives(door)
    assert not claimed(door)
    assert there.read_text() == "Another."
