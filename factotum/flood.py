"""How much one sender and one source may bring in an hour; what is more is told together.

Counted are the tasks that were made, so that a restart forgets nothing. What somebody known
wrote is never held up by strangers: a source's own limits are for strangers alone.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from factotum.drop import Bundle, Drop
from factotum.ledger import Ledger
from factotum.model import Trust
from factotum.settings import Settings

#: Over which time is counted, and after which what was too much is told, in seconds.
HOUR_S = 3600.0
MB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """In an hour: tasks by one sender, tasks by strangers, bytes of files by strangers."""

    sender: int
    source: int
    source_bytes: int


def limits_of(settings: Settings) -> Limits:
    return Limits(
        settings.count("TASKS_PER_SENDER"),
        settings.count("TASKS_PER_SOURCE"),
        settings.count("MB_PER_SOURCE") * MB,
    )


class Flood:
    """Of one source. Use it on the thread that owns the ledger."""

    def __init__(self, ledger: Ledger, source: str, limits: Limits, now: float) -> None:
        self.source = source
        self.limits = limits
        self._came: deque[tuple[float, str, bool, int]] = deque()
        rows = ledger.db.execute(
            "SELECT created, trust, json_extract(facts, '$.sender') AS sender,"
            " coalesce((SELECT sum(json_extract(value, '$.size_bytes'))"
            " FROM json_each(facts, '$.attachments')), 0) AS size FROM task"
            " WHERE source = ? AND created > ? ORDER BY created",
            (source, now - HOUR_S),
        )
        for row in rows:
            strange = row["trust"] == Trust.STRANGER
            self._came.append((row["created"], row["sender"] or "", strange, int(row["size"])))

    def check(self, drop: Drop, now: float) -> Bundle | None:
        """None when it may become a task, which is counted; else what it is told with."""
        while self._came and self._came[0][0] <= now - HOUR_S:
            self._came.popleft()
        if drop.trust is Trust.OWNER:
            return None
        strange = drop.trust is Trust.STRANGER
        size = sum(len(one.data) for one in drop.attachments)
        by_sender = sum(1 for _, who, _, _ in self._came if who == drop.sender)
        strangers = [one for one in self._came if one[2]]
        if drop.sender and by_sender >= self.limits.sender:
            title = f"{{n}} more from {_plain(drop.sender)}"
            return Bundle(f"more from {drop.sender}"[:300], title, now + HOUR_S)
        too_much = sum(one[3] for one in strangers) + size > self.limits.source_bytes
        if strange and (len(strangers) >= self.limits.source or too_much):
            return Bundle("more", f"{{n}} more by {self.source}", now + HOUR_S)
        self._came.append((now, drop.sender, strange, size))
        return None


def _plain(sender: str) -> str:
    """A sender in a title that is filled in: no braces in it."""
    return sender.replace("{", "(").replace("}", ")")
