"""Calendars: which events there are in a span of time, with all that repeats worked out."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

#: How long one event may be worked at, in seconds, and how often it may occur in the span.
EVENT_S, OCCURS_MOST = 1.0, 200
TITLE_MOST, PLACE_MOST, TEXT_MOST, UID_MOST = 300, 300, 2000, 500
#: What a person means by a rule is never that.
RESTLESS = frozenset({"SECONDLY", "MINUTELY"})


class TooLong(Exception):
    """An event took too long to work out."""


def read(data: bytes, most: int, until_s: float) -> dict[str, Any]:
    """`events` (at most `most`), how many were `bad`, and the calendar's own `name`. `data` is
    JSON: the texts of the `objects`, the span `after` and `before` (epoch seconds), and the
    addresses of whoever looks, `me`."""
    asked = json.loads(data)
    after, before = (datetime.fromtimestamp(asked[name], UTC) for name in ("after", "before"))
    found: list[dict[str, Any]] = []
    bad, name = 0, ""
    for text in asked["objects"]:
        try:
            with _limited(until_s - time.monotonic()):
                series, called = _series(text)
        except Exception:  # noqa: BLE001 (whatever the parser raises, the others are read)
            bad += 1
            continue
        name = name or called
        for events in series:
            if len(found) >= most or time.monotonic() > until_s:
                bad += 1
                continue
            try:
                with _limited(EVENT_S):
                    found += _occurring(events, after, before, frozenset(asked["me"]))
            except Exception:  # noqa: BLE001 (one odd event hides no other)
                bad += 1
    return {"events": found[:most], "bad": bad, "name": name}


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def end(*_: object) -> None:
        raise TooLong

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, max(0.01, seconds))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _series(text: str) -> tuple[list[list[Any]], str]:
    """The events by their UID: one that repeats, and its exceptions, belong together."""
    from icalendar import Calendar

    series: dict[str, list[Any]] = {}
    name = ""
    for calendar in Calendar.from_ical(text, multiple=True):
        name = name or _text(calendar, "X-WR-CALNAME", TITLE_MOST)
        for event in calendar.walk("VEVENT"):
            series.setdefault(_text(event, "UID", UID_MOST) or str(len(series)), []).append(event)
    return list(series.values()), name


def _occurring(
    events: list[Any], after: datetime, before: datetime, me: frozenset[str]
) -> list[dict[str, Any]]:
    from icalendar import Calendar
    from recurring_ical_events import of  # type: ignore[import-untyped]

    repeats = any(event.get("RRULE") or event.get("RDATE") for event in events)
    if repeats and any(_frequency(event) in RESTLESS for event in events):
        raise TooLong
    if not repeats and not any(event.get("RECURRENCE-ID") for event in events):
        events = [max(events, key=_sequence)]
        if _over(events[0], after, before):
            return []
    calendar = Calendar()
    for event in events:
        calendar.add_component(event)
    found = of(calendar).between(after, before)[:OCCURS_MOST]
    several = repeats or len(events) > 1
    return [_event(each, several) for each in found if not _off(each, me)]


def _over(event: Any, after: datetime, before: datetime) -> bool:
    """Whether one that does not repeat lies surely outside, with a day to spare for zones."""
    start = getattr(event.get("DTSTART"), "dt", None)
    end = getattr(event.get("DTEND"), "dt", None) or start
    if not isinstance(start, date) or not isinstance(end, date) or event.get("DURATION"):
        return False
    day = timedelta(days=1)
    return _utc(start) > before + day or _utc(end) < after - day


def _utc(at: date | datetime) -> datetime:
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day, tzinfo=UTC)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _frequency(event: Any) -> str:
    rules = event.get("RRULE") or []
    rules = rules if isinstance(rules, list) else [rules]
    found = [str(one).upper() for rule in rules for one in rule.get("FREQ", [])]
    return next((one for one in found if one in RESTLESS), "")


def _sequence(event: Any) -> int:
    try:
        return int(event.get("SEQUENCE", 0))
    except (TypeError, ValueError):
        return 0


def _off(event: Any, me: frozenset[str]) -> bool:
    """Whether it is called off, or one of `me` has declined it."""
    if _text(event, "STATUS", 20).upper() == "CANCELLED":
        return True
    people = event.get("ATTENDEE") or []
    for person in people if isinstance(people, list) else [people]:
        address = str(person).lower().removeprefix("mailto:")
        says = str(getattr(person, "params", {}).get("PARTSTAT", "")).upper()
        if says == "DECLINED" and address in me:
            return True
    return False


def _event(event: Any, several: bool) -> dict[str, Any]:
    original = getattr(event.get("RECURRENCE-ID"), "dt", None) if several else None
    return {
        "uid": _text(event, "UID", UID_MOST),
        "of": original.isoformat() if original else "",
        "start": _moment(event.start),
        "end": _moment(event.end),
        "title": _text(event, "SUMMARY", TITLE_MOST),
        "place": _text(event, "LOCATION", PLACE_MOST),
        "text": _text(event, "DESCRIPTION", TEXT_MOST),
    }


def _moment(at: date | datetime) -> dict[str, Any]:
    """`at` in epoch seconds; of a time without a zone and of a whole day `shown` instead."""
    if not isinstance(at, datetime):
        return {"day": True, "shown": at.isoformat()}
    if at.tzinfo is None:
        return {"day": False, "shown": at.isoformat()}
    return {"day": False, "at": at.timestamp()}


def _text(component: Any, name: str, most: int) -> str:
    value = component.get(name)
    value = value[0] if isinstance(value, list) and value else value
    return str(value)[:most] if value is not None else ""
