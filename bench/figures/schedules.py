"""What ten thousand schedules cost: memory, the start, and the time between two moments."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import ROOT
from bench.account import cpu_ms, pss_mib, wakeups
from bench.figure import Figure, Measured
from bench.office import Office, until
from factotum.ears import beats

MANY = 10_000
#: How long nothing is due, in seconds.
IDLE_S = 60.0


def schedules(folder: Path) -> Iterator[Measured]:
    """Ours: a process of the schedule watcher with ten thousand notes, half of them by the
    calendar, of which none is due in the next minute; plain: the same with none."""
    none, many = Office(folder / "none"), Office(folder / "many")
    none.init()
    many.init()
    notes(many.root / "Office/Schedules", MANY)
    with listening(none) as (bare, _), listening(many) as (pid, start_s):
        with_none, with_all = pss_mib(bare), pss_mib(pid)
        before = cpu_ms(pid), wakeups(pid)
        time.sleep(IDLE_S)
        after = cpu_ms(pid), wakeups(pid)
    with listening(many) as (_, again_s):
        pass
    yield Measured("memory for 10,000 schedules", with_all - with_none, 20.0, "MiB")
    yield Measured("first start with 10,000 schedules", start_s, 15.0, "s")
    yield Measured("later start with 10,000 schedules", again_s, 15.0, "s")
    yield Measured("CPU of a minute in which none is due", after[0] - before[0], 3.0, "ms")
    yield Measured("wake-ups in it", after[1] - before[1], 1.0, "times")


def notes(folder: Path, count: int) -> None:
    for n in range(count):
        when = f'cron: "{n % 60} {n // 60 % 24} 1 1 *"' if n % 2 else f"every: {n % 300 + 60} days"
        text = f"---\n{when}\nmissed: skip\n---\n# Job {n}\n\nLook after thing {n}, and say so.\n"
        (folder / f"job-{n}.md").write_text(text)


@contextmanager
def listening(office: Office) -> Iterator[tuple[int, float]]:
    """The watcher in a process of its own: its pid, and how long it took till all were read."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "watchers", "schedule"]
    with subprocess.Popen(
        command, cwd=ROOT, env=office.environ(), stdout=subprocess.DEVNULL
    ) as process:
        try:
            until(lambda: _rests(office, process.pid), "the schedules to be read", 0.02)
            took_s = time.monotonic() - begun
            time.sleep(2.0)
            yield process.pid, took_s
        finally:
            process.terminate()
            process.wait(30)


def _rests(office: Office, pid: int) -> bool:
    return any(one.pid == pid and one.rests_till for one in beats.read(office.state))


FIGURES = (Figure("schedules", schedules),)
