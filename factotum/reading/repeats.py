"""How often an appointment comes again, in words, from its rule (RFC 5545, 3.3.10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

_EVERY = {
    "SECONDLY": "second",
    "MINUTELY": "minute",
    "HOURLY": "hour",
    "DAILY": "day",
    "WEEKLY": "week",
    "MONTHLY": "month",
    "YEARLY": "year",
}
_DAYS = {
    "MO": "Monday",
    "TU": "Tuesday",
    "WE": "Wednesday",
    "TH": "Thursday",
    "FR": "Friday",
    "SA": "Saturday",
    "SU": "Sunday",
}
_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_COUNTED = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
_SAID = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "COUNT", "UNTIL", "WKST"}


def repeats(rule: Mapping[str, Sequence[str]]) -> str:
    """“every 2 weeks on Monday and Friday, 10 times”; empty for no rule. What it has no words
    for it names, so that nobody takes half a rule for the whole."""
    unit = _EVERY.get(_first(rule, "FREQ"))
    if unit is None:
        return "by a rule that is not understood" if rule else ""
    interval = _first(rule, "INTERVAL") or "1"
    said = f"every {unit}" if interval == "1" else f"every {interval} {unit}s"
    if days := rule.get("BYDAY"):
        said += f" on {_listed([_day(day) for day in days])}"
    if dates := rule.get("BYMONTHDAY"):
        said += f" on day {_listed(dates)}"
    if months := rule.get("BYMONTH"):
        said += f" in {_listed([_month(month) for month in months])}"
    if count := _first(rule, "COUNT"):
        said += ", once" if count == "1" else f", {count} times"
    if until := _first(rule, "UNTIL"):
        said += f", until {_date(until)}"
    odd = sorted(set(rule) - _SAID)
    return f"{said} (and by {_listed(odd)})" if odd else said


def _first(rule: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(rule.get(name, ())), "")


def _day(code: str) -> str:
    """“Monday”, “the last Friday” for -1FR."""
    name = _DAYS.get(code[-2:].upper(), code)
    try:
        count = int(code[:-2])
    except ValueError:
        return name
    return f"the {_COUNTED.get(count, f'{count}.')} {name}"


def _month(number: str) -> str:
    return _MONTHS[int(number) - 1] if number in map(str, range(1, 13)) else number


def _date(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{at:%a} {at.day} {at:%b %Y}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
