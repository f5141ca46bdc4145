"""What may not have reached the owner: messages whose send was lost, or that were not taken.

Read from the outbox alone. What has been decided since, or is old, is in nobody's way any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from factotum.ledger import Ledger
from factotum.outbox import FAILED, LOST
from factotum.said_kinds import PASSING, listed
from factotum.scan import Problem
from factotum.views.saying import day

#: How long it is said of a message, in seconds.
LASTS_S = 7 * 86_400.0

_DOUBTS = (
    "SELECT channel, state, count(*) AS count, max(coalesce(told, at)) AS last, why FROM said"
    " WHERE state IN ('lost', 'failed') AND coalesce(told, at) > ?"
    f" AND kind NOT IN ({listed(PASSING)})"
    " AND NOT EXISTS (SELECT 1 FROM card c WHERE said.key = 'card ' || c.id AND c.settled = 1)"
    " GROUP BY channel, state ORDER BY channel, state"
)


@dataclass(frozen=True)
class Doubt:
    """So many messages of a channel that are `lost` or `failed`, the last of them at `last`
    (epoch seconds), and `why` that one is."""

    channel: str
    state: str
    count: int
    last: float
    why: str


def doubts(ledger: Ledger, now: float) -> list[Doubt]:
    rows = ledger.db.execute(_DOUBTS, (now - LASTS_S,)).fetchall()
    return [Doubt(**dict(row)) for row in rows]


def told(doubt: Doubt, now: float, zone: Callable[[float], datetime]) -> str:
    """As a person reads it."""
    n = "1 message" if doubt.count == 1 else f"{doubt.count} messages"
    at = day(zone(doubt.last), zone(now).year)
    if doubt.state == LOST:
        return (
            f"{n} may not have reached you, the last {at}: the answer was lost while it was sent. "
            f"Nothing is sent twice; what waits is shown by /tasks and on the Dashboard"
        )
    assert doubt.state == FAILED
    why = f": {doubt.why}" if doubt.why else ""
    return f"{n} did not reach you, the last {at}{why}. What waits is on the Dashboard"


def problems(ledger: Ledger, now: float, zone: Callable[[float], datetime]) -> list[Problem]:
    """The same for the Dashboard and /status."""
    return [Problem(Path(one.channel), told(one, now, zone)) for one in doubts(ledger, now)]
