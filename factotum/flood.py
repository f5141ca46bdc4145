"""How much one sender and one source may bring in an hour; what is more is told together.

Counted are the tasks that were made, so that a restart forgets nothing. What somebody known
wrote is never held up by strangers: a source's own limits are for strangers alone.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass

from factotum.drop import Bundle, Drop
from factotum.inert import one_line
from factotum.ledger import Ledger
from factotum.model import Trust
from factotum.settings import Settings

#: Over which time is counted, and after which what was too much is told, in seconds.
HOUR_S = 3600.0
MB = 1024 * 1024
#: How much of a sender's name stands in a title, in characters.
SENDER_CHARS = 80


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


@dataclass(frozen=True)
class _Came:
    at: float
    who: tuple[str, bool]
    size_bytes: int

    @property
    def strange(self) -> bool:
        return self.who[1]


class Flood:
    """Of one source. Use it on the thread that owns the ledger.

    Whoever only claims an address is counted apart from the one who proved that it is theirs:
    else a stranger could use up what a contact may send.
    """

    def __init__(self, ledger: Ledger, source: str, limits: Limits, now: float) -> None:
        self.source = source
        self.limits = limits
        self._came: deque[_Came] = deque()
        self._senders: Counter[tuple[str, bool]] = Counter()
        self._strangers = 0
        self._bytes = 0
        rows = ledger.db.execute(
            "SELECT created, trust, json_extract(facts, '$.sender') AS sender,"
            " coalesce((SELECT sum(json_extract(value, '$.size_bytes'))"
            " FROM json_each(facts, '$.attachments')), 0) AS size FROM task"
            " WHERE source = ? AND created > ? AND trust <> ? ORDER BY created",
            (source, now - HOUR_S, Trust.OWNER),
        )
        for row in rows:
            who = _who(row["sender"] or "", Trust(row["trust"]))
            self._count(_Came(row["created"], who, int(row["size"])))

    def check(self, drop: Drop, now: float) -> Bundle | None:
        """None when it may become a task, which is counted; else what it is told with."""
        while self._came and self._came[0].at <= now - HOUR_S:
            self._count(self._came.popleft(), -1)
        if drop.trust is Trust.OWNER:
            return None
        came = _Came(
            now, _who(drop.sender, drop.trust), sum(len(one.data) for one in drop.attachments)
        )
        if drop.sender and self._senders[came.who] >= self.limits.sender:
            said = _plain(drop.sender)
            key = f"more from {said}, {drop.trust}"
            return Bundle(key, f"{{n}} more from {said}", now + HOUR_S)
        too_many = self._strangers >= self.limits.source
        too_much = self._bytes + came.size_bytes > self.limits.source_bytes
        if came.strange and (too_many or too_much):
            return Bundle("more", f"{{n}} more by {_plain(self.source)}", now + HOUR_S)
        self._count(came)
        return None

    def _count(self, came: _Came, n: int = 1) -> None:
        if n > 0:
            self._came.append(came)
        self._senders[came.who] += n
        if not self._senders[came.who]:
            del self._senders[came.who]
        if came.strange:
            self._strangers += n
            self._bytes += n * came.size_bytes


def _who(sender: str, trust: Trust) -> tuple[str, bool]:
    return sender.casefold(), trust is Trust.STRANGER


def _plain(text: str) -> str:
    """A sender in a title that is filled in: no braces in it, and not without end."""
    return one_line(text, SENDER_CHARS).replace("{", "(").replace("}", ")")
