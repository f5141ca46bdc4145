"""When what was collected is told: once a day at the owner's hour, whatever the clocks do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from factotum.settings import Settings

#: That moment in the machine's zone, from epoch seconds.
Zone = Callable[[float], datetime]


def digest_at(settings: Settings) -> str:
    """The owner's hour, as "07:00"."""
    return settings.text("DIGEST_AT")


def next_digest(now: float, zone: Zone, at: str) -> float:
    """The first moment after `now` at which the clock shows `at` ("07:00"), in epoch seconds."""
    today = zone(now).date()
    due = at_clock(today, at, zone)
    return due if due > now else at_clock(today + timedelta(days=1), at, zone)


def at_clock(day: date, at: str, zone: Zone) -> float:
    """When the clock shows `at` on that day, in epoch seconds: the first of two such moments,
    and where the clock leaps over it, as much later as it leaps."""
    hour, minute = map(int, at.split(":"))
    return epoch_of(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC), zone)


def epoch_of(shown: datetime, zone: Zone) -> float:
    """When a clock in that zone shows what `shown` says (its own zone is not looked at)."""
    as_utc = shown.replace(tzinfo=UTC).timestamp()
    offsets = [zone(as_utc + days * 86400.0).utcoffset() for days in (-1, 1)]
    before, after = (0.0 if one is None else one.total_seconds() for one in offsets)
    first = as_utc - before  # right unless the clock was changed before it
    return first if _shows(first, as_utc, zone) else _later(as_utc, before, after, zone)


def _later(as_utc: float, before: float, after: float, zone: Zone) -> float:
    second = as_utc - after
    return second if _shows(second, as_utc, zone) else as_utc - before


def _shows(at: float, as_utc: float, zone: Zone) -> bool:
    return zone(at).replace(tzinfo=UTC).timestamp() == as_utc
