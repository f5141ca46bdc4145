"""When a person is left alone: whether a moment lies in the quiet time, and when that ends.

Pure, over the local clock: `zone` gives the local time of a moment in epoch seconds, so a day
of 23 or 25 hours is one day, and a time that a night leaves out has come when the clock has
passed it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

from factotum.gate.rules import Quiet

Zone = Callable[[float], datetime]


def in_quiet(here: datetime, quiet: Quiet | None) -> bool:
    """Whether this local time lies in the quiet time; never where that has no length."""
    if quiet is None or quiet.start == quiet.end:
        return False
    now = here.time().replace(tzinfo=None)
    if quiet.start < quiet.end:
        return quiet.start <= now < quiet.end
    return now >= quiet.start or now < quiet.end


def till(zone: Zone, quiet: Quiet | None, now: float) -> float:
    """When the quiet time ends that it is now, in epoch seconds; 0.0 where it is none."""
    return next_at(now, zone, quiet.end) if quiet and in_quiet(zone(now), quiet) else 0.0


def next_at(now: float, zone: Zone, wanted: time) -> float:
    """The next moment, in epoch seconds, at which the local clock shows `wanted`. Of a time
    that a night leaves out it is at most an hour off; of one that comes twice, the first."""
    here = zone(now).replace(tzinfo=None)
    then = datetime.combine(here.date(), wanted)
    if then <= here:
        then += timedelta(days=1)
    rough = now + (then - here).total_seconds()
    off_s = (zone(rough).replace(tzinfo=None) - then).total_seconds()
    return rough - off_s if rough - off_s > now else rough


def began_at(at: float, zone: Zone, quiet: Quiet) -> float:
    """When the quiet time began in which the moment `at` lies, in epoch seconds."""
    here = zone(at).replace(tzinfo=None)
    start = datetime.combine(here.date(), quiet.start)
    if start > here:
        start -= timedelta(days=1)
    rough = at - (here - start).total_seconds()
    return rough - (zone(rough).replace(tzinfo=None) - start).total_seconds()
