"""From a file that appears to what comes of it: one that is known, and very many."""

from __future__ import annotations

import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.figure import Figure, Measured
from bench.figures.noop import with_playbook
from bench.helpers import child
from bench.office import Open, until

#: How many single files; each comes when the one before is done and all is at rest, also the
#: disk, on which a rename waits for what was fsynced a moment ago.
FILES, CALM_S = 40, 0.1
#: How many files come while the process is stopped.
MANY = 20_000


def gone_ms(path: Path, put: Callable[[], object]) -> float:
    """How long a file that `put` drops at `path` stays there."""
    begun = time.perf_counter()
    put()
    while os.path.lexists(path):
        if time.perf_counter() - begun > 30:
            raise TimeoutError(f"{path.name} was not claimed")
    return 1000 * (time.perf_counter() - begun)


def start(folder: Path) -> Iterator[Measured]:
    """Ours: a note with a registered id is moved into Needs_Action of an idle office, till the
    claim has renamed it. Plain: a program that blocks in inotify and renames what comes."""
    (folder / "plain/todo").mkdir(parents=True)
    taken = []
    with (
        child("bench/plain.py", "claim", str(folder / "plain")) as (_, _, said),
        with_playbook(folder / "ours").open() as office,
    ):
        said.readline()
        for n in range(FILES):
            path = office.write(*office.register(f"known {n}"), "There is nothing to do.")
            target = office.office.root / "Needs_Action" / path.name.removeprefix("driver~")
            time.sleep(CALM_S)
            ours = gone_ms(target, lambda path=path: office.put(path))  # type: ignore[misc]
            office.rest([target.name])
            other = folder / "plain" / f"{n}.md"
            other.write_text("x")
            time.sleep(CALM_S)
            there = folder / "plain/todo" / other.name
            rename = lambda other=other, there=there: other.rename(there)  # noqa: E731
            taken.append((ours, gone_ms(there, rename)))
    ours, plain = (statistics.median(column) for column in zip(*taken, strict=True))
    yield Measured("a known file appears, till it is started", ours, 5.0, "ms", plain, ours / plain)


def many(folder: Path) -> Iterator[Measured]:
    """Ours alone: files that were put into the Inbox, or notes that were put into Needs_Action,
    while the process was stopped; seconds from its going on till the snapshot counts them."""
    slow = {"SETTLE_S": "600", "STABLE_S": "600"}
    with with_playbook(folder / "ours", **slow).open() as office:
        for state, name in (("Inbox", "inbox"), ("Needs_Action", "needs_action")):
            took_s = _stopped(office, state, name)
            yield Measured(f"{MANY:,} files in {state}, till they are counted", took_s, 2.0, "s")


def _stopped(office: Open, folder: str, count: str) -> float:
    os.kill(office.pid, signal.SIGSTOP)
    for n in range(MANY):
        (office.office.root / folder / f"file-{n:05}.md").write_bytes(b"Something to do.\n")
    begun = time.perf_counter()
    os.kill(office.pid, signal.SIGCONT)
    until(lambda: office.snapshot().get("counts", {}).get(count) == MANY, "the count", 0.01)
    return time.perf_counter() - begun


FIGURES = (Figure("start", start), Figure("many", many))
