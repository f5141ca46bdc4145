"""kill -9 at the end of a run: the note that it came from is told once, and nothing else of it
is changed."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path

import pytest

from tests.prove.life import Life
from tests.worker.test_echo import DAY, DONE, NOTE, SCHEDULE, TICKED, WORK, hand_in, line, schedule

pytestmark = [pytest.mark.prove]

POINTS = ("task.receipts", "task.projected", "log.sealed", "log.appended", "snapshot.written")


@pytest.mark.parametrize("points", [*itertools.permutations(POINTS[:3], 2), POINTS[3:]])
def test_killed_at_the_end_of_a_run_its_note_is_told_once(
    tmp_path: Path, points: tuple[str, ...]
) -> None:
    life = Life(tmp_path)
    life.playbook(DONE)
    (life.root / "Journal").mkdir()
    (life.root / NOTE).write_bytes(DAY)
    (life.root / SCHEDULE).write_bytes(WORK)
    hand_in(life, line())
    hand_in(life, schedule(), "two", "schedule")
    assert life.live(*points) >= 1
    life.live()
    said = (life.root / NOTE).read_bytes()
    assert said.count(TICKED) == said.count(b"[[") == 1
    assert len(said.split(b"\n")) == len(DAY.split(b"\n"))
    assert (life.root / SCHEDULE).read_text().count("- 20") == 1
    with sqlite3.connect(life.state / "ledger.db") as db:
        assert db.execute("SELECT count(*) FROM echo").fetchone() == (0,)
