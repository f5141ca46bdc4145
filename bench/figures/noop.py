"""A task that a playbook finishes without doing anything: what durability alone costs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure, Measured, of_pairs
from bench.helpers import plain
from bench.office import Office, Open, until

#: Tasks that are given at once, and how often.
BURST, BURSTS = 40, 7

PLAYBOOK = """```yaml playbook
when: {kind: note}
do:
  - finish: {summary: "Nothing was to be done."}
```
"""


def with_playbook(folder: Path, **env: str) -> Office:
    office = Office(folder, env)
    office.init()
    for shipped in (office.root / "Office/Playbooks").glob("*.md"):
        shipped.unlink()
    (office.root / "Office/Playbooks/10-noop.md").write_text(PLAYBOOK)
    return office


def burst(office: Open, count: int = BURST) -> float:
    """Milliseconds for one task, when so many are found at once."""
    done = office.done()
    ready = [
        office.write(*office.register(f"nothing {n}"), "There is nothing to do.")
        for n in range(count)
    ]
    os.kill(office.pid, signal.SIGSTOP)
    for path in ready:
        office.put(path)
    begun = time.perf_counter()
    os.kill(office.pid, signal.SIGCONT)
    until(lambda: office.done() >= done + count, f"{count} tasks in Done")
    took_s = time.perf_counter() - begun
    time.sleep(0.3)
    return 1000 * took_s / count


def noop(folder: Path) -> Iterator[Measured]:
    """Ours: registered notes are claimed, a playbook ends each, each lies in Done with its
    receipts. Plain: a loop that renames a task, writes a result into Done and fsyncs it, fsyncs
    Done, and commits one row to SQLite."""
    with (
        plain("noop", folder / "plain") as loop,
        with_playbook(folder / "ours").open() as office,
    ):
        burst(office, 5)
        loop.do(5)
        taken = [(burst(office), loop.do(BURST)[1]) for _ in range(BURSTS)]
    yield of_pairs("time of a task that does nothing, durably", 1.6, "ms", taken)


FIGURES = (Figure("noop", noop),)
