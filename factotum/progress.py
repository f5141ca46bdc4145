"""How far a task has got by its latest run. Where its note lies is said by `whereabouts.py`.

Between the end of a run and the move of its note a task neither goes on nor is over.
"""

from __future__ import annotations

import sqlite3

from factotum.ledger import Ledger

#: Joins to each task `t` its latest run as `r`.
LATEST = "LEFT JOIN run r ON r.task = t.id AND r.n = (SELECT max(n) FROM run WHERE task = t.id)"


def has_begun(ledger: Ledger, task: str) -> bool:
    """Whether it was ever run."""
    return _latest(ledger, task) is not None


def goes_on(ledger: Ledger, task: str) -> bool:
    """Whether it still takes in what belongs to it: it is to be run, or its run has not ended."""
    run = _latest(ledger, task)
    return run is None or run["ended"] is None


def is_over(ledger: Ledger, task: str) -> bool:
    """Whether it was run and nothing of it is left to do: its note lies where it ended."""
    run = _latest(ledger, task)
    return run is not None and bool(run["projected"])


def _latest(ledger: Ledger, task: str) -> sqlite3.Row | None:
    found: sqlite3.Row | None = ledger.db.execute(
        "SELECT ended, projected FROM run WHERE task = ? ORDER BY n DESC LIMIT 1", (task,)
    ).fetchone()
    return found
