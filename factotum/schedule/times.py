"""When something is due: once, every so often, or by the calendar. Moments are epoch seconds.

`walk(t, anchor)` gives all moments after `t`, the earliest first; it depends on nothing else, so
that a restart, a missed hour or a clock that was set changes no moment. `anchor` is when the
schedule began: only what counts from there looks at it.

A calendar line (`cron`) that names hours goes by the clock on the wall: what falls into the hour
that is left out in spring runs once, at the first moment after it, and what falls into the hour
that comes twice in autumn runs the first time alone. One for every hour (`*`) goes on in real
time, as cron does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from cronsim import CronSim, CronSimError

from factotum.schedule.zones import DAY_S, moment

#: The shortest and the longest time between two runs, in seconds.
EVERY_LEAST_S, EVERY_MOST_S = 10, 366 * 24 * 3600
EXPR_CHARS = 100

#: How far back the last moment is looked for, in seconds: nine years hold each 29 February.
_BACK_S = (2 * 3600.0, 2 * DAY_S, 40 * DAY_S, 400 * DAY_S, 9 * 366 * DAY_S)

_ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_UP_TO_SUNDAY = re.compile(r"(?i)-sun\b")


class TimeError(ValueError):
    """This says no time; the message says what is wrong and what could be written."""


@dataclass(frozen=True, slots=True)
class At:
    """Once, at this moment."""

    at: float

    def walk(self, t: float, anchor: float) -> Iterator[float]:
        if self.at > t:
            yield self.at


@dataclass(frozen=True, slots=True)
class Later:
    """Once, at this hour so many days after the day on which it was written."""

    days: int
    hour: int
    minute: int
    zone: tzinfo

    def walk(self, t: float, anchor: float) -> Iterator[float]:
        day = datetime.fromtimestamp(anchor, UTC).astimezone(self.zone).date()
        wall = datetime.combine(day + timedelta(days=self.days), time(self.hour, self.minute))
        at = moment(wall, self.zone)
        if at > t:
            yield at


@dataclass(frozen=True, slots=True)
class In:
    """Once, so many seconds after it was written."""

    seconds: int

    def walk(self, t: float, anchor: float) -> Iterator[float]:
        at = math.floor(anchor) + self.seconds
        if at > t:
            yield float(at)


@dataclass(frozen=True, slots=True)
class Every:
    """Every so many seconds from the anchor on."""

    seconds: int

    def walk(self, t: float, anchor: float) -> Iterator[float]:
        start = math.floor(anchor)
        n = max(1, math.floor((t - start) / self.seconds) + 1)
        while True:
            yield float(start + n * self.seconds)
            n += 1


@dataclass(frozen=True, slots=True)
class Cron:
    """By the calendar of `zone`: minute, hour, day of the month, month, day of the week."""

    expr: str
    zone: tzinfo

    def walk(self, t: float, anchor: float) -> Iterator[float]:
        here = datetime.fromtimestamp(math.floor(t), UTC).astimezone(self.zone)
        last = t
        if self.expr.split()[1] == "*":
            moments = (one.timestamp() for one in CronSim(self.expr, here))
        else:
            walls = CronSim(self.expr, here.replace(tzinfo=None))
            moments = (moment(wall, self.zone) for wall in walls)
        for at in moments:
            if at > last:  # of two in a gap there is one
                yield at
                last = at


When = At | Later | In | Every | Cron
ONCE = (At, Later, In)


def cron(expr: str, zone: tzinfo) -> Cron:
    """Raises TimeError."""
    given = " ".join(expr.split())
    line = _UP_TO_SUNDAY.sub("-7", _ALIASES.get(given.lower(), given))
    if len(line) > EXPR_CHARS or len(line.split()) != 5:
        raise TimeError(
            f"{given[:EXPR_CHARS]!a} are not the five fields of cron: minute, hour, day of the "
            f'month, month, day of the week, as "0 9 * * 1-5"'
        )
    try:
        CronSim(line, datetime(2026, 1, 1))  # noqa: DTZ001 (a wall clock's)
    except CronSimError as wrong:
        part = str(wrong).removeprefix("Bad ")
        raise TimeError(
            f"the {part} of {given!a} is wrong. The five are minute (0-59), hour (0-23), day of "
            f'the month (1-31), month (1-12), day of the week (0-7), as in "0 9 * * 1-5"'
        ) from None
    return Cron(line, zone)


def every(seconds: int) -> Every:
    """Raises TimeError."""
    if not EVERY_LEAST_S <= seconds <= EVERY_MOST_S:
        raise TimeError(
            f"every {seconds} s is not between {EVERY_LEAST_S} s and 366 days: write `20 min`, "
            f"`2 h`, or a number of seconds"
        )
    return Every(seconds)


def next_due(when: When, t: float, anchor: float) -> float | None:
    """The first moment after `t`, or None when there is none any more."""
    return next(when.walk(t, anchor), None)


def last_due(when: When, t: float, now: float, anchor: float) -> float | None:
    """The last moment after `t` that is not after `now`, or None."""
    if isinstance(when, Every):
        n = math.floor((now - math.floor(anchor)) / when.seconds)
        at = float(math.floor(anchor) + n * when.seconds)
        return at if n >= 1 and at > t else None
    for back_s in _BACK_S:
        found = None
        for at in when.walk(max(t, now - back_s), anchor):
            if at > now:
                break
            found = at
        if found is not None or now - back_s <= t:
            return found
    return None


def count_due(when: When, t: float, now: float, anchor: float, most: int) -> int:
    """How many moments there are after `t` and not after `now`; beyond `most` just that."""
    if isinstance(when, Every):
        start = math.floor(anchor)
        before = max(0, math.floor((t - start) / when.seconds))
        return min(most, max(0, math.floor((now - start) / when.seconds) - before))
    n = 0
    for at in when.walk(t, anchor):
        if at > now or n >= most:
            break
        n += 1
    return n
