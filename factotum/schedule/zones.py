"""Time zones: those with a name, this machine's own, and clocks that are put forward or back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

DAY_S = 24 * 3600.0


class ZoneError(ValueError):
    """There is no such zone."""


def named(name: str) -> tzinfo:
    """The zone of this IANA name, such as `Europe/Berlin`. Raises ZoneError."""
    from zoneinfo import ZoneInfo  # with the whole build of Python; most schedules name no zone

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ZoneError(
            f"{name!a} is no time zone. Write one as Europe/Berlin, America/New_York or UTC"
        ) from None


class HouseZone(tzinfo):
    """The zone in which `zone` shows the epoch seconds that it is given: this machine's."""

    def __init__(self, zone: Callable[[float], datetime]) -> None:
        self._zone = zone

    def _offset(self, at: float) -> timedelta:
        return self._zone(at).utcoffset() or timedelta(0)

    def utcoffset(self, when: datetime | None) -> timedelta:
        """As PEP 495 wants it: of a time that is not there or there twice, `fold` decides."""
        if when is None:
            return timedelta(0)
        wall = when.replace(tzinfo=UTC, fold=0).timestamp()
        before, after = self._offset(wall - DAY_S), self._offset(wall + DAY_S)
        fits = [one for one in (before, after) if self._offset(wall - one.total_seconds()) == one]
        if len(fits) == 1:
            return fits[0]
        return after if when.fold else before

    def fromutc(self, when: datetime) -> datetime:
        at = when.replace(tzinfo=UTC).timestamp()
        offset = self._offset(at)
        wall = when + offset
        first = wall.replace(fold=0)
        return wall.replace(fold=int(self.utcoffset(first) != offset))

    def dst(self, when: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, when: datetime | None) -> str:
        return "" if when is None else self._zone(when.timestamp()).tzname() or ""


def moment(wall: datetime, zone: tzinfo) -> float:
    """When a clock on the wall in `zone` shows `wall` (which carries no zone), in epoch seconds:
    the first time of two, and of a time that is left out the first moment after the gap."""
    there = wall.replace(tzinfo=zone, fold=0)
    at = there.timestamp()
    if datetime.fromtimestamp(at, UTC).astimezone(zone).replace(tzinfo=None) == wall:
        return at
    before, after = int(there.replace(fold=1).timestamp()), int(at)
    put = _offset(after, zone)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle, zone) == put:
            after = middle
        else:
            before = middle
    return float(after)


def _offset(at: float, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(at, UTC).astimezone(zone).utcoffset()
