"""What is fsynced for one task, and that nothing more is; seen at the system calls."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from factotum.ledger import Ledger
from tests.prove.life import Life

NOTHING = """
when: {kind: note}
do:
  - finish: {summary: "Nothing was to be done."}
"""

FULL = 2
TASKS = 6
#: How often the Dashboard is written at most, in seconds.
DASHBOARD_S = 60


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.db")


def level(ledger: Ledger) -> int:
    return int(ledger.db.execute("PRAGMA synchronous").fetchone()[0])


def test_what_may_be_done_again_is_not_synced_and_what_follows_is(ledger: Ledger) -> None:
    with ledger.tx(durable=False):
        assert level(ledger) < FULL
    assert level(ledger) == FULL
    with ledger.tx():
        assert level(ledger) == FULL
    ledger.close()


def test_a_transaction_that_broke_leaves_the_next_one_durable(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="broken"), ledger.tx(durable=False):
        raise ValueError("broken")
    assert level(ledger) == FULL
    ledger.close()


def test_a_busy_ledger_leaves_the_next_one_durable(ledger: Ledger) -> None:
    ledger.db.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(ledger.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError), ledger.tx(durable=False):
        pass
    other.close()
    assert level(ledger) == FULL
    ledger.close()


def test_the_outermost_transaction_says_whether_it_is_durable(ledger: Ledger) -> None:
    with ledger.tx():
        with ledger.tx(durable=False):
            pass
        assert level(ledger) == FULL
    ledger.close()


@pytest.mark.slow
def test_a_typed_task_that_does_nothing_is_fsynced_six_times(tmp_path: Path) -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed: apt-get install strace")
    life = Life(tmp_path)
    life.playbook(NOTHING)
    assert not life.child()
    for n in range(TASKS):
        life.type(f"Nothing, number {n}.\ngo", f"Task {n}.md")
    began = time.monotonic()
    synced = _synced(life)
    lasted_s = time.monotonic() - began
    assert len(life.files("Done")) == TASKS
    assert synced["Done"] == synced["In_Progress"] == TASKS
    besides = 3  # at the start and the end of the process
    batches = 1 + int(lasted_s)  # of log lines, once a second: their links in the ledger go first
    assert synced["ledger"] <= 2 * TASKS + besides + batches  # that it is known, how it ended
    notes = {name: n for name, n in synced.items() if "~" in name}
    ours = {name: n for name, n in notes.items() if name.endswith(("~probe", "~Dashboard.md"))}
    assert sum(notes.values()) - sum(ours.values()) <= 2 * TASKS  # its id, its receipts
    # The probe of what the disk can do. The Dashboard, at the start and at the end: a power cut
    # must leave it whole, for a person may have written round our part of it.
    assert sum(ours.values()) <= 1 + 2 + int(lasted_s / DASHBOARD_S)


def _synced(life: Life) -> Counter[str]:
    """One pass, and how often what of it was fsynced."""
    trace = life.folder / "trace"
    command = ["strace", "-f", "-y", "-o", str(trace), "-e", "trace=fsync,fdatasync"]
    runner = [sys.executable, "-m", "tests.prove.one_pass"]
    done = subprocess.run(
        [*command, *runner],
        env={**os.environ, **life.env_of()},
        check=False,
        capture_output=True,
        text=True,
    )
    if "ptrace" in done.stderr:
        pytest.skip("this machine lets nobody trace: allow ptrace (SYS_PTRACE)")
    assert done.returncode == 0, done.stderr
    places = re.findall(r"sync\(\d+<([^>]*)>", trace.read_text())
    return Counter(_kind(place) for place in places)


def _kind(place: str) -> str:
    if "ledger.db" in place:
        return "ledger"
    parts = Path(place).parts
    return next((name for name in ("Done", "In_Progress") if name in parts), parts[-1])
