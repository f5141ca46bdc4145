"""Which day a person means, and from when to when it is where they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
           "october", "november", "december")  # fmt: skip
#: How few letters of such a name will do, as nobody else is called so.
_LEAST = 3

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_POINTS = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})?")
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?(?: of)? ([a-z]+)\.?,? ?(\d{4})?")
_MONTH_DAY = re.compile(r"([a-z]+)\.? (\d{1,2})(?:st|nd|rd|th)?(?:, ?| |$)(\d{4})?")

FORMS = "today, yesterday, tuesday, 24 nov or 2026-11-24"

#: Nothing was written down before.
FIRST_YEAR = 2000

#: A zone is at most so far from UTC that a day begins within this, in hours, of the same day there.
_APART_H = 28


class DayError(ValueError):
    """No day, none that is clear, or one that has not come yet; the message says what is."""


def day_of(text: str, today: date) -> date:
    """The day that is meant, never one after `today`: of a weekday and of a date without its
    year the last one, of which today is one. Raises DayError."""
    said = " ".join(text.casefold().split()).removeprefix("on ").removeprefix("the ")
    if said in ("", "today"):
        return today
    if said == "yesterday":
        return today - timedelta(days=1)
    last = said.startswith("last ")
    weekday = _named(said.removeprefix("last "), _WEEKDAYS)
    if weekday is not None:
        back = (today.weekday() - weekday) % 7
        return today - timedelta(days=7 if last and not back else back)
    found = _dated(said, today)
    if found is None:
        raise DayError(f"“{_quoted(text)}” is no day that I can read. Write {FORMS}")
    if found > today:
        raise DayError(f"{found} has not come yet. Write {FORMS}")
    if found.year < FIRST_YEAR:
        raise DayError(f"nothing is on record from {found}. Write {FORMS}")
    return found


def bounds(day: date, zone: Callable[[float], datetime]) -> tuple[float, float]:
    """The first moment of the day and that of the next, in epoch seconds: 23 to 25 hours where
    the clocks are changed."""
    return _begin(day, zone), _begin(day + timedelta(days=1), zone)


def _begin(day: date, zone: Callable[[float], datetime]) -> float:
    """The first second that has this date, or a later one, in the zone."""
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())
    before, there = noon - _APART_H * 3600, noon + _APART_H * 3600
    while there - before > 1:
        middle = (before + there) // 2
        if zone(middle).date() < day:
            before = middle
        else:
            there = middle
    return float(there)


def _dated(said: str, today: date) -> date | None:
    """The date that is written, None for none. Raises DayError for one that does not exist."""
    if found := _ISO.fullmatch(said):
        year, month, day = found[1], int(found[2]), found[3]
    elif found := _POINTS.fullmatch(said):
        day, month, year = found[1], int(found[2]), found[3]
    elif found := _DAY_MONTH.fullmatch(said):
        day, month, year = found[1], _month(found[2]), found[3]
    elif found := _MONTH_DAY.fullmatch(said):
        day, month, year = found[2], _month(found[1]), found[3]
    else:
        return None
    if not month:
        return None
    try:
        if year:
            return date(int(year), month, int(day))
        return _last(month, int(day), today)
    except ValueError:
        raise DayError(f"there is no {_quoted(said)}. Write {FORMS}") from None


def _last(month: int, day: int, today: date) -> date:
    """The last day of that name up to today. Raises ValueError where there never was one."""
    date(2000, month, day)  # a year in which all days are there
    years = (today.year - back for back in range(9))
    dates = (date(year, month, day) for year in years if _there_is(year, month, day))
    return next(one for one in dates if one <= today)


def _there_is(year: int, month: int, day: int) -> bool:
    return (month, day) != (2, 29) or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))


def _month(text: str) -> int:
    """1 to 12, 0 for no month."""
    found = _named(text, _MONTHS)
    return 0 if found is None else found + 1


def _named(text: str, known: tuple[str, ...]) -> int | None:
    if len(text) < _LEAST:
        return None
    fits = [n for n, one in enumerate(known) if one.startswith(text)]
    return fits[0] if len(fits) == 1 else None


def _quoted(text: str) -> str:
    whole = " ".join(text.split())
    return whole if len(whole) <= 40 else f"{whole[:39]}…"
