"""The audit log: what a line's place in the chain costs, and how long all lines take to check."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.figure import Figure, Measured
from factotum.keybox import Keybox
from factotum.ledger import Ledger
from factotum.vault import ALL_FOLDERS, Vault
from factotum.views import audit
from factotum.views.journal import Journal
from factotum.views.links import Links

LINES = 100_000
#: How many lines stand in the log of one day.
A_DAY = 1000


def utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def told(ledger: Ledger, count: int) -> None:
    """So many events, as a busy office has them in months."""
    with ledger.tx():
        for n in range(count):
            ledger.event(
                "label",
                1_795_000_000.0 + n * 86_400 / A_DAY,
                task=f"t-{n % 9000:04}",
                trust="known",
                was="owner",
                name=f"invoice-{n}_ada_mail_7f3k.md",
                reason="a page of rossi.example was read",
            )


def _cpu_s(deed: Callable[[], object]) -> float:
    before = time.process_time()
    deed()
    return time.process_time() - before


def chained(folder: Path) -> Iterator[Measured]:
    """CPU alone: the disk is the ledger's affair, and waits for nobody's line."""
    for name in (*ALL_FOLDERS, ".factotum"):
        (folder / "vault" / name).mkdir(parents=True, exist_ok=True)
    ledger, box = Ledger(folder / "ledger.db"), Keybox(folder)
    journal = Journal(
        Vault(folder / "vault", "bench", time.monotonic), ledger, utc, Links(ledger, box)
    )
    told(ledger, LINES)
    seal_s = _cpu_s(journal.seal)
    yield Measured("CPU of a line's place in the audit chain", seal_s / LINES * 1e6, 150, "µs")
    journal.write()
    logs = folder / "vault" / "Logs"
    check_s = _cpu_s(lambda: audit.verify(logs, ledger, box=box.open()))
    yield Measured(f"CPU to check {LINES:,} lines of the audit log", check_s, 15, "s")
    tail_s = _cpu_s(lambda: audit.tail(logs, ledger, box.open()))
    yield Measured("CPU of the look at its end, at every start", tail_s * 1000, 200, "ms")
    ledger.close()


FIGURES = (Figure("audit", chained),)
