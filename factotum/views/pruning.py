"""Takes old days out of the audit log, if the owner said for how long it is kept.

An event says so first, with the place in the chain of the last line that goes: it is a line
of the log itself, so nobody can say later that something was only pruned. Lines of another
machine stay; so do the readable logs, and all of the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from factotum import disk, log
from factotum.ledger import Event, Ledger
from factotum.vault import Vault
from factotum.views import links, record
from factotum.views.journal import FOLDER, PRUNED

#: No audit log is kept for less, in days.
DAYS_LEAST = 90

#: The largest day of a log that is read whole, in bytes.
LOG_MOST_BYTES = 1 << 30

_DAY_LOG = re.compile(r"(\d{4}-\d\d-\d\d)\.jsonl")

logger = log.get("factotum.views")


class Pruning:
    def __init__(
        self, vault: Vault, ledger: Ledger, days: int, zone: Callable[[float], datetime]
    ) -> None:
        """`days` is how long a line is kept, 0 for ever."""
        self.vault = vault
        self.ledger = ledger
        self.days = days
        self.zone = zone
        self.folder = vault.root / FOLDER
        self._looked: date | None = None

    def look(self, now: float) -> None:
        """Prunes once a day; what cannot be read or removed now is tried tomorrow."""
        today = self.zone(now).date()
        if not self.days or self._looked == today:
            return
        self._looked = today
        try:
            self._prune(today - timedelta(days=max(self.days, DAYS_LEAST)), now)
        except OSError as failed:
            logger.warning("logs not pruned", extra={"reason": str(failed)})

    def _prune(self, before: date, now: float) -> None:
        kept_of: dict[Path, bytes] = {}
        last, count = 0, 0
        mark = record.mark(self.ledger)
        for path in self._older(before):
            ours, others = _parted(disk.read_regular(path, LOG_MOST_BYTES), mark)
            if ours:
                kept_of[path] = others
                count += len(ours)
                last = max([last, *(seq for seq in ours if seq)])
        if not kept_of:
            return
        self._announce(before, last, count, now)
        for path, others in kept_of.items():
            if others:
                self.vault.replace_own(path, others)
            else:
                self.vault.remove_own(path)

    def _older(self, before: date) -> Iterator[Path]:
        for path in sorted(self.folder.glob("*.jsonl")):
            found = _DAY_LOG.fullmatch(path.name)
            if found and found[1] < before.isoformat():
                yield path

    def _announce(self, before: date, last: int, count: int, now: float) -> None:
        row = self.ledger.db.execute(
            "SELECT * FROM chain WHERE seq <= ? ORDER BY n DESC LIMIT 1", (last,)
        ).fetchone()
        place: dict[str, Any] = {}
        if row:
            link = links.link_of(row)
            place = {"line": link.n, "code": link.mac.hex(), "up_to": link.digest.hex()}
        self.ledger.event(PRUNED, now, before=before.isoformat(), lines=count, last=last, **place)


def _parted(whole: bytes, mark: str) -> tuple[list[int], bytes]:
    """(the numbers of our events, what is not ours) of a log."""
    ours, others = [], []
    for text in whole.splitlines(keepends=True):
        line = record.read(text)
        if line is not None and line.get("ledger") == mark:
            ours.append(seq if isinstance(seq := line.get("seq"), int) else 0)
        else:
            others.append(text)
    return ours, b"".join(others)


def pruned(ledger: Ledger, day_of: Callable[[float], date]) -> tuple[date, list[str]]:
    """(before which day lines may be missing, what is wrong with what was pruned)."""
    before, wrong = date.min, []
    rows = ledger.db.execute("SELECT seq FROM event WHERE kind = ? ORDER BY seq", (PRUNED,))
    for row in rows.fetchall():
        for event in ledger.events(row["seq"] - 1, limit=1):
            cut = _cut(event)
            if cut is None or day_of(event.at) - cut < timedelta(days=DAYS_LEAST - 1):
                wrong.append(f"event {event.seq} says that days were pruned that must be kept")
                continue
            before = max(before, cut)
            line = event.data.get("line")
            link = links.link_at(ledger, line) if isinstance(line, int) else None
            said = (event.data.get("code"), event.data.get("up_to"))
            if line is not None and (link is None or said != (link.mac.hex(), link.digest.hex())):
                wrong.append(f"event {event.seq} pruned up to another line {line} than the chain's")
    return before, wrong


def _cut(event: Event) -> date | None:
    try:
        return date.fromisoformat(str(event.data.get("before")))
    except ValueError:
        return None
