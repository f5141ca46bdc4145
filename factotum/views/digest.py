"""The day in one line, for the morning: what waits, what was done, what it cost.

From the ledger alone. Empty where there is nothing to tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from factotum.gate.apart import apart, titled
from factotum.gate.records import Card
from factotum.ledger import Ledger
from factotum.views.quiet import Zone
from factotum.views.saying import plain
from factotum.worker.heartbeat import is_quiet

#: How many of those that wait are named.
NAMED_MOST = 3
NAME_CHARS = 60


def text(ledger: Ledger, cards: Sequence[Card], since: float, now: float, zone: Zone) -> str:
    """What happened from `since` to `now` (epoch seconds), in words."""
    waiting = [card for card in cards if card.status in {"pending", "unknown", "expired"}]
    ended = _ended(ledger, since, now)
    usd = _spent_usd(ledger, since, now)
    parts = [_waits(waiting)] if waiting else []
    parts += [f"{ended[how]} {how}" for how in ("done", "failed") if ended[how]]
    parts += [f"{usd:.2f} USD for models"] if usd else []
    if not parts:
        return ""
    at = zone(since)
    return f"Since {at:%a} {at:%H:%M}: {'; '.join(parts)}"


def _waits(waiting: Sequence[Card]) -> str:
    details = apart(waiting)
    titles = [titled(plain(one.title), details[one.id], NAME_CHARS) for one in waiting]
    named = ", ".join(titles[:NAMED_MOST])
    more = len(waiting) - NAMED_MOST
    rest = f" and {more} more" if more > 0 else ""
    verb = "waits" if len(waiting) == 1 else "wait"
    return f"{len(waiting)} {verb} for you ({named}{rest})"


def _ended(ledger: Ledger, since: float, now: float) -> Counter[str]:
    """How many tasks ended in each way; a heartbeat that had nothing to say is none."""
    rows = ledger.db.execute(
        "SELECT result, reason FROM run WHERE ended > ? AND ended <= ?", (since, now)
    )
    return Counter(row["result"] for row in rows if not is_quiet(row["reason"] or ""))


def _spent_usd(ledger: Ledger, since: float, now: float) -> float:
    row = ledger.db.execute(
        "SELECT sum(cost) AS cost FROM spend WHERE at > ? AND at <= ?", (since, now)
    ).fetchone()
    return int(row["cost"] or 0) / 1_000_000
