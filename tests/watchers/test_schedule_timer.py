"""One alarm clock: it rings at its moment, and not before."""

from __future__ import annotations

import select
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from factotum.ears import beats
from factotum.ears.beats import Beat
from factotum.ears.house import room_of
from factotum.ears.post import Room
from factotum.ears.runner import Runner
from factotum.ledger import Ledger
from factotum.rooms import Clock, open_rooms
from factotum.worker.desk import Desk
from tests.office import TestOffice
from tests.patience import PATIENCE_S, until
from watchers.schedule.timer import NAP_S, Timer

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux has such a timer alone")


@linux
def test_it_rings_at_its_moment_and_not_before() -> None:
    timer, now = Timer(), time.time()
    timer.set(now + 0.2, now)
    assert timer.fds and select.select(timer.fds, [], [], PATIENCE_S)[0] == list(timer.fds)
    assert time.time() >= now + 0.2
    assert not timer.drain()  # it rang since it was time
    assert select.select(timer.fds, [], [], 0.0)[0] == []
    timer.set(None, now)
    assert select.select(timer.fds, [], [], 0.05)[0] == []
    timer.set(now - 5, now)  # long over: at once
    assert select.select(timer.fds, [], [], PATIENCE_S)[0] == list(timer.fds)
    timer.close()
    assert timer.fds == () and timer.most_s(1000.0) == NAP_S


@dataclass
class Running:
    office: TestOffice
    room: Room

    def tasks(self) -> int:
        ledger = Ledger(self.office.state / "ledger.db")
        (n,) = ledger.db.execute("SELECT count(*) FROM task").fetchone()
        ledger.close()
        return int(n)

    def write(self, name: str, text: str) -> Path:
        path = self.office.root / "Office/Schedules" / name
        path.write_text(text)
        return path


@contextmanager
def running(office: TestOffice) -> Iterator[Running]:
    """The watcher in threads of its own, by the machine's clock."""
    office.state.mkdir(mode=0o700, exist_ok=True)
    rooms = open_rooms(office.settings(), office.root, guest=True)
    desk = Desk()
    room = room_of(rooms.settings, rooms.vault, rooms.ledger, rooms.state, desk.wait, Clock())
    runner = Runner(room, ["schedule"])
    runner.take()
    runner.start()
    try:
        yield Running(office, room)
    finally:
        runner.stop(PATIENCE_S)
        desk.close()
        rooms.close()


def test_a_note_that_is_written_while_it_runs_is_heard_and_runs_at_its_second(
    tmp_path: Path,
) -> None:
    with running(TestOffice(tmp_path)) as it:
        it.write("Soon.md", "---\nid: soon\nat: in 1 second\n---\nDo it.\n")
        until(lambda: any(b.remarks for b in _beats(it)))  # ten seconds is the least
        it.write("Soon.md", f"---\nat: {_local(1.3)}\n---\nDo it.\n")
        until(lambda: it.tasks() == 1)
        assert not any(beat.remarks for beat in _beats(it))


def _beats(it: Running) -> list[Beat]:
    return list(beats.read(it.office.state))


def _local(after_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() + after_s))


@pytest.mark.slow
@linux
def test_between_two_moments_it_does_not_wake(tmp_path: Path) -> None:
    office = TestOffice(tmp_path)
    for n in range(50):
        path = office.root / f"Office/Schedules/{n}.md"
        path.write_text(f"---\nevery: {n + 1} h\n---\nDo it.\n")
    with running(office) as it:
        until(lambda: any(beat.rests_till for beat in _beats(it)))
        (thread,) = (t for t in threading.enumerate() if "schedule" in t.name)
        status = Path(f"/proc/self/task/{thread.native_id}/status")
        assert any(_rests(status, 3.0) for _ in range(5)), "what it has to begin with takes a while"


def _rests(status: Path, seconds: float) -> bool:
    before = _switches(status)
    time.sleep(seconds)
    return _switches(status) == before


def _switches(status: Path) -> int:
    (line,) = (x for x in status.read_text().splitlines() if x.startswith("voluntary_ctxt"))
    return int(line.split()[1])
