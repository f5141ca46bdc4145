"""What the office costs while nothing happens: memory, CPU, wake-ups."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from bench.account import cpu_ms, pss_mib, wakeups
from bench.figure import Figure, Measured
from bench.figures.turn import with_model
from bench.helpers import child, model
from bench.office import Office

#: How long nothing happens, in seconds, and how many tasks were done before in one of the two.
IDLE_S, TASKS = 60.0, 20

#: The plain process of the memory figure: what any program of this kind has to import.
BARE = "import asyncio, sqlite3, sys, websockets; print('ready', flush=True); sys.stdin.read()"


def rest(folder: Path) -> Iterator[Measured]:
    """Ours: an office without a model that was just started, and one that has done tasks with a
    model over HTTP and a playbook's mail, both left alone for a minute. Plain: a process that
    has imported asyncio, sqlite3 and websockets."""
    fresh = Office(folder / "fresh")
    fresh.init()
    with (
        model() as port,
        child("-c", BARE) as (bare, _, said),
        fresh.open() as idle,
        with_model(folder / "worked", port).open() as worked,
    ):
        said.readline()
        names = [worked.give(f"key {n}", "Read [[House]].") for n in range(TASKS)]
        worked.rest(names)
        time.sleep(2)
        before = [(cpu_ms(one.pid), wakeups(one.pid)) for one in (idle, worked)]
        time.sleep(IDLE_S)
        after = [(cpu_ms(one.pid), wakeups(one.pid)) for one in (idle, worked)]
        ours, plain = pss_mib(idle.pid), pss_mib(bare.pid)
        yield Measured("memory of a fresh office", ours, 1.8, "MiB", plain, ours / plain)
        yield Measured("memory after work", pss_mib(worked.pid), 80.0 / 1.048576, "MiB")
        for name, was, now in zip(("fresh", "after work"), before, after, strict=True):
            minute = 60 / IDLE_S
            cpu, woke = (now[0] - was[0]) * minute, (now[1] - was[1]) * minute
            yield Measured(f"CPU of an idle minute, {name}", cpu, 3.0, "ms")
            yield Measured(f"wake-ups in an idle minute, {name}", woke, 35.0, "times")


FIGURES = (Figure("rest", rest),)
