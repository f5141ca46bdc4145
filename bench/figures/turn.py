"""One turn with one tool call in the warm process, beside a bare loop that does the same."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.account import cpu_ms, pss_mib
from bench.figure import Figure, Measured, of_pairs
from bench.helpers import Loop, model, plain
from bench.office import REST_S, Office, Open

TASK = "Read [[House]] and say where the key lies."
#: How many tasks of each kind are done, one by one and by turns, after so many to warm up.
TASKS, WARM = 60, 5
#: How old the old process is, in turns; after how many its memory is warm (the page caches of
#: its databases are full); how many are given to it at once; how many are then compared.
OLD, WARM_TURNS, AT_ONCE, COMPARED = 1000, 400, 25, 60
#: A file system in memory, where there is one, for what is about CPU and memory alone.
IN_MEMORY = Path("/dev/shm")


def with_model(folder: Path, port: int) -> Office:
    env = {"MODEL": "own/bench", "MODEL_BASE_URL": f"http://127.0.0.1:{port}/v1"}
    office = Office(folder, env)
    office.init()
    (office.root / "House.md").write_text("The key lies under the mat.\n")
    return office


def cost_ms(office: Open, talk: str = "", count: int = 1) -> float:
    """Milliseconds of CPU that the office takes for one task, of so many given one by one."""
    before = cpu_ms(office.pid)
    for n in range(count):
        office.rest([office.give(f"key {n}", TASK, talk)])
    return (cpu_ms(office.pid) - before) / count


def plain_ms(loop: Loop) -> float:
    time.sleep(REST_S)  # it comes out of the cold, as ours does
    return loop.do(1)[0]


def turns(folder: Path) -> Iterator[Measured]:
    """Ours: the task's note is dropped, claimed, the model asked, a note read, the model asked
    again, the note with its receipts in Done. Plain: a standard-library loop that renames the
    task, asks the same server twice over one connection, commits each reply to SQLite with
    fsync, writes and fsyncs the result and renames it into an fsynced folder."""
    with (
        model() as port,
        plain("turn", folder / "plain", str(port)) as loop,
        with_model(folder / "ours", port).open() as office,
    ):
        cost_ms(office, count=WARM)
        loop.do(WARM)
        taken = [(cost_ms(office), plain_ms(loop)) for _ in range(TASKS)]
        yield of_pairs("CPU of a turn with one tool call", 8.0, "ms", taken)


def aged(talk: str) -> Iterator[Measured]:
    """Ours: a process that has done a thousand turns. Plain: the same program just started,
    after one turn. One task in each by turns."""
    what = "in one conversation" if talk else "of separate tasks"
    place = str(IN_MEMORY) if os.access(IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="bench-", dir=place) as folder, model() as port:
        old, new = (with_model(Path(folder, name), port) for name in ("old", "new"))
        with old.open() as was:
            _grow_old(was, talk, WARM_TURNS)
            before = pss_mib(was.pid)
            _grow_old(was, talk, OLD - WARM_TURNS)
            gained = pss_mib(was.pid) - before
            with new.open() as fresh:
                cost_ms(fresh, talk)
                taken = [(cost_ms(was, talk), cost_ms(fresh, talk)) for _ in range(COMPARED)]
    ours, plain = (statistics.median(column) for column in zip(*taken, strict=True))
    name = f"CPU of turn {OLD:,} {what}, to turn 2"
    yield Measured(name, ours, 1.1, "ms", plain, ours / plain)
    yield Measured(f"memory gained by {OLD:,} turns {what}", gained, 2.0, "MiB")


def _grow_old(office: Open, talk: str, turns: int) -> None:
    for start in range(0, turns, AT_ONCE):
        office.rest([office.give(f"key {start + n}", TASK, talk) for n in range(AT_ONCE)])


def separate(_: Path) -> Iterator[Measured]:
    yield from aged("")


def conversation(_: Path) -> Iterator[Measured]:
    yield from aged("talk-1")


FIGURES = (
    Figure("turn", turns),
    Figure("aged", separate),
    Figure("conversation", conversation),
)
