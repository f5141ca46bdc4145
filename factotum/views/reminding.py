"""When a person is reminded of a request that waits, before its time is over. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from factotum.gate.records import Card
from factotum.gate.rules import Quiet
from factotum.views.quiet import Zone, began_at, in_quiet, next_at

#: So far ahead a reminder need not be known exactly; and how long before the quiet time one
#: is given that cannot wait for its end. In seconds.
ROUGH_S, BEFORE_S = 26 * 3600.0, 60.0


@dataclass(frozen=True)
class Pace:
    """`apart_s` between two signs; a reminder when `share` of a request's time is left, and
    one `last_s` before its end. In seconds."""

    apart_s: float = 3600.0
    share: float = 0.25
    last_s: float = 24 * 3600.0


def reminders(card: Card, pace: Pace, quiet: Quiet | None, zone: Zone, now: float) -> list[float]:
    """When to remind of a card, the earlier first: never in quiet hours that it will not
    outlive, but before them. What is more than a day ahead is told roughly."""
    deadline, ttl_s = card.seal.deadline, card.seal.ttl_s
    if deadline is None:
        return []
    left_s = {pace.share * ttl_s, min(pace.last_s, ttl_s)} - {0.0, ttl_s}
    moments = sorted(deadline - left for left in left_s)
    if quiet is None or not moments or moments[0] > now + ROUGH_S:
        return moments
    return [_before_quiet(at, deadline, quiet, zone) for at in moments]


def _before_quiet(at: float, deadline: float, quiet: Quiet, zone: Zone) -> float:
    if in_quiet(zone(at), quiet) and next_at(at, zone, quiet.end) >= deadline:
        return began_at(at, zone, quiet) - BEFORE_S
    return at
