"""Times in words, where only one thing can be meant: “every weekday at 9”, “tomorrow 9”.

What could be meant in two ways is refused, with the forms that are not.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from factotum.schedule.times import At, Cron, Every, In, Later, TimeError, When, cron, every
from factotum.schedule.zones import moment
from factotum.words import UNITS_S

FORMS = (
    "`every: 20 min`, `every: 2 h`, `every: day at 9`, `every: weekday at 9`, "
    "`every: monday at 18:30`, `every: month on the 1st at 9`, `at: 2026-12-24 09:00`, "
    '`at: tomorrow 9`, `at: in 20 minutes`, `cron: "0 9 * * 1-5"`'
)

_SPAN = re.compile(r"(\d{1,9})\s*([a-z]+)(?:\s*(?:,|and)?\s*)")
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_SHORT = {**{day[:3]: n for n, day in enumerate(_DAYS)}, "tues": 2, "thur": 4, "thurs": 4}
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?(?:\s*o'?clock)?")
_MONTHLY = re.compile(r"month on (?:the )?(\d{1,2})(?:st|nd|rd|th)? at (.+)")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[t ]\d{1,2}:\d{2}.*")


def when_every(text: str, zone: tzinfo) -> Every | Cron:
    """What `every: …` says. Raises TimeError."""
    said = " ".join(text.split()).lower().removeprefix("every ")
    if said.isdecimal():
        return every(int(said[:12]))
    if said in {"minute", "hour"}:
        return every(UNITS_S[said])
    if seconds := span_s(said):
        return every(seconds)
    if monthly := _MONTHLY.fullmatch(said):
        minute, hour = _clock(monthly[2], text)
        return cron(f"{minute} {hour} {int(monthly[1])} * *", zone)
    days, sep, at = said.partition(" at ")
    dow = _days(days if sep else said.rpartition(" ")[0])
    if dow is None:
        raise _unclear(text)
    minute, hour = _clock(at if sep else said.rpartition(" ")[2], text)
    return cron(f"{minute} {hour} * * {dow}", zone)


def when_at(text: str, zone: tzinfo) -> At | Later | In:
    """What `at: …` says; what carries no zone is meant in `zone`. Raises TimeError."""
    said = " ".join(text.split()).lower()
    if _ISO.fullmatch(said):
        return At(_iso(said, text, zone))
    if said.startswith("in ") and (seconds := span_s(said[3:])):
        return In(every(seconds).seconds)
    day, _, at = said.partition(" ")
    if day in {"today", "tomorrow"} and at:
        minute, hour = _clock(at.removeprefix("at "), text)
        return Later(int(day == "tomorrow"), hour, minute, zone)
    raise _unclear(text)


def when(text: str, zone: tzinfo) -> When:
    """What a whole phrase says: “every 20 minutes”, “daily at 9”, “tomorrow at 9”, five fields of
    cron. Raises TimeError."""
    said = " ".join(text.split()).lower()
    if said.startswith("every "):
        return when_every(text, zone)
    if found := re.fullmatch(
        r"(daily|weekdays|(?:mon|tues|wednes|thurs|fri|satur|sun)days) .+", said
    ):
        return when_every(said.replace("daily", "day", 1) if found[1] == "daily" else said, zone)
    if len(said.split()) == 5 and not said[0].isalpha():
        return cron(text, zone)
    return when_at(text, zone)


def span_s(text: str) -> int | None:
    """The seconds of `20 min`, `1 h 30 min`; None for what is no such span."""
    total, at = 0, 0
    said = text.strip()
    while at < len(said):
        found = _SPAN.match(said, at)
        if found is None or found[2] not in UNITS_S:
            return None
        total += int(found[1]) * UNITS_S[found[2]]
        at = found.end()
    return total or None


def _iso(said: str, text: str, zone: tzinfo) -> float:
    day, sep, clock = said.replace(" ", "t", 1).partition("t")
    hour, colon, rest = clock.strip().partition(":")
    try:
        at = datetime.fromisoformat(f"{day}{sep}{hour:0>2}{colon}{rest.replace(' ', '')}".upper())
        at = at.replace(microsecond=0)
        return at.timestamp() if at.tzinfo else moment(at, zone)
    except (ValueError, OverflowError):
        raise TimeError(
            f"{text[:60]!a} is no moment: write it as 2026-12-24 09:00, or with its zone as "
            f"2026-12-24T09:00+01:00"
        ) from None


def _days(said: str) -> str | None:
    """The day of the week as cron has it."""
    plural = said.removesuffix("s")
    if plural in {"day", "weekday", "workday", "working day", "weekend"}:
        return {"day": "*", "weekend": "0,6"}.get(plural, "1-5")
    found = []
    for name in re.split(r",\s*(?:and\s+)?|\s+and\s+|\s+", said):
        one = name.removesuffix("s") if name.removesuffix("s") in _DAYS else name
        if one in _DAYS:
            found.append(_DAYS.index(one))
        elif one in _SHORT:
            found.append(_SHORT[one])
        else:
            return None
    return ",".join(str(n) for n in sorted(set(found))) or None


def _clock(said: str, whole: str) -> tuple[int, int]:
    """Minute and hour."""
    said = {"noon": "12:00", "midnight": "0:00"}.get(said.strip(), said.strip())
    found = _CLOCK.fullmatch(said)
    if found is None:
        raise _unclear(whole)
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            raise _unclear(whole)
        hour = hour % 12 + (12 if found[3] == "pm" else 0)
    if hour > 23 or minute > 59:
        raise _unclear(whole)
    return minute, hour


def _unclear(text: str) -> TimeError:
    return TimeError(f"{text[:60]!a} is not clear. These are: {FORMS}")


def shown(at: float, zone: tzinfo) -> datetime:
    """That moment in that zone."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone)
