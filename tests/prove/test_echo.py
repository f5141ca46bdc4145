"""kill -9 where a line becomes a task and where its note is told of the end: each happens once,
and nothing else of the note is changed."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.office import TestOffice
from tests.prove.life import Life
from tests.watchers.listening import handbook, listening
from tests.worker.test_echo import DAY, DONE, NOTE, SCHEDULE, TICKED, WORK, hand_in, line, schedule
from watchers.notes.source import Notes

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


def look(env: Mapping[str, str], point: str = "") -> None:
    """What a child does: one look of the watcher of notes."""
    os.environ["FACTOTUM_FAILPOINT"] = point
    with listening(TestOffice(Path(env["FACTOTUM_VAULT"]).parent), Notes) as heard:
        heard.look()


@pytest.mark.parametrize(
    "points", [*itertools.permutations(("watch.kept", "watch.registered", "watch.dropped"), 2)]
)
@pytest.mark.parametrize("last", ["watch.seen", ""])
def test_killed_while_it_hands_lines_in_each_is_one_task(
    tmp_path: Path, points: tuple[str, ...], last: str
) -> None:
    life, watcher = Life(tmp_path), Life(tmp_path, one_pass=look)
    life.playbook(DONE)
    (life.root / "Journal").mkdir()
    handbook(life, "notes", "Journal")
    watcher.live()
    (life.root / NOTE).write_bytes(DAY)
    other = life.root / "Journal/2026-12-01.md"
    other.write_text("- [ ] @fac call Ada\n- [ ] @fac call Bo\n")
    for point in filter(None, (*points, last)):
        assert watcher.child(point)
        other.write_text("above\n" + other.read_text())  # a person goes on writing
    watcher.live()
    life.live()
    watcher.live()
    assert len(life.tasks()) == 3
    assert (life.root / NOTE).read_bytes().count(TICKED) == 1
    assert other.read_text().count("- [x] @fac call Ada [[") == 1
    assert other.read_text().count("- [x] @fac call Bo [[") == 1
