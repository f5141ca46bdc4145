"""Appointments and to-dos (`.ics`): what they say of themselves, no repeat worked out."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

ENTRIES_MOST = 100
PEOPLE_MOST = 50
WORD_MOST = 500
TEXT_MOST = 5_000


def read(data: bytes, most: int, until_s: float) -> dict[str, Any]:
    """`entries` (the first), `count` of all, and the `method` (REQUEST, CANCEL …)."""
    from icalendar import Calendar

    calendars = Calendar.from_ical(data, multiple=True)
    found = [
        entry for each in calendars for entry in each.walk() if entry.name in ("VEVENT", "VTODO")
    ]
    method = next((_text(each, "METHOD") for each in calendars if each.get("METHOD")), "")
    return {
        "entries": [_entry(entry) for entry in found[:ENTRIES_MOST]],
        "count": len(found),
        "method": method.upper(),
    }


def _entry(entry: Any) -> dict[str, Any]:
    return {
        "kind": entry.name,
        "title": _text(entry, "SUMMARY"),
        "start": _moment(entry, "DTSTART"),
        "end": _moment(entry, "DTEND") or _moment(entry, "DUE"),
        "lasts_s": _lasts_s(entry),
        "place": _text(entry, "LOCATION"),
        "organizer": next(iter(_people(entry, "ORGANIZER")), None),
        "people": _people(entry, "ATTENDEE"),
        "repeats": _repeats(entry),
        "status": _text(entry, "STATUS").upper(),
        "instead_of": _moment(entry, "RECURRENCE-ID"),
        "text": _text(entry, "DESCRIPTION", TEXT_MOST),
    }


def _text(entry: Any, name: str, most: int = WORD_MOST) -> str:
    value = entry.get(name)
    value = value[0] if isinstance(value, list) and value else value
    return str(value)[:most] if value is not None else ""


def _moment(entry: Any, name: str) -> dict[str, Any] | None:
    """`at` (ISO 8601), its `zone` by name, and whether it is a whole `day`."""
    found = entry.get(name)
    at = getattr(found, "dt", None)
    if isinstance(at, datetime):
        zone = str(found.params.get("TZID", "")) or ("UTC" if at.tzinfo else "")
        return {"at": at.isoformat(), "zone": zone[:WORD_MOST], "day": False}
    if isinstance(at, date):
        return {"at": at.isoformat(), "zone": "", "day": True}
    return None


def _lasts_s(entry: Any) -> float | None:
    lasts = getattr(entry.get("DURATION"), "dt", None)
    return lasts.total_seconds() if isinstance(lasts, timedelta) else None


def _people(entry: Any, name: str) -> list[dict[str, str]]:
    found = entry.get(name) or []
    found = found if isinstance(found, list) else [found]
    people = []
    for person in found[:PEOPLE_MOST]:
        params = getattr(person, "params", {})
        address = str(person)[:WORD_MOST]
        address = address[7:] if address.lower().startswith("mailto:") else address
        named = str(params.get("CN", ""))[:WORD_MOST]
        people.append({"address": address, "name": named, "says": str(params.get("PARTSTAT", ""))})
    return people


def _repeats(entry: Any) -> dict[str, list[str]]:
    """The rule as lists of words: {"FREQ": ["WEEKLY"], "BYDAY": ["MO"]}."""
    rule = entry.get("RRULE")
    rule = rule[0] if isinstance(rule, list) and rule else rule
    if not isinstance(rule, dict):
        return {}
    return {
        str(key).upper(): [
            part.isoformat() if isinstance(part, date) else str(part)[:50] for part in values[:50]
        ]
        for key, values in rule.items()
        if isinstance(values, list)
    }
