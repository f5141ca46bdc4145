"""Sizes and times in the words of a person."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = ((1024**3, "GB"), (1024**2, "MB"), (1024, "KB"))
#: How many seconds a word for a unit of time means.
UNITS_S = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 24 * 3600),
    **dict.fromkeys(("w", "week", "weeks"), 7 * 24 * 3600),
}


def size(size_bytes: int) -> str:
    """“84 KB”, “2.1 MB”."""
    for unit, name in _UNITS:
        if size_bytes >= unit * 0.9995:  # 1023.9 KB is 1.0 MB to a person
            digits = 0 if name == "KB" else 1
            return f"{size_bytes / unit:.{digits}f} {name}"
    return "1 byte" if size_bytes == 1 else f"{size_bytes} bytes"


def local(at: float) -> datetime:
    """The moment `at` (epoch seconds) in this machine's own zone."""
    return datetime.fromtimestamp(at, UTC).astimezone()


def when(at: datetime, now: datetime) -> str:
    """“today 15:04”, “Sat 28 Nov 15:04”, with the year when it is another one; in the zone
    of `now`. Both must carry a zone."""
    clock = f"{at.astimezone(now.tzinfo):%H:%M}"
    return f"{day(at, now)} {clock}"


def day(at: datetime, now: datetime) -> str:
    """“today”, “Sat 28 Nov”, with the year when it is another one; in the zone of `now`."""
    at = at.astimezone(now.tzinfo)
    if at.date() == now.date():
        return "today"
    name = f"{at:%a} {at.day} {at:%b}"
    return name if at.year == now.year else f"{name} {at.year}"


def dated(at: datetime) -> str:
    """“Sat 28 Nov 2026 15:04”: for what is read on other days, too."""
    return f"{at:%a} {at.day} {at:%b %Y %H:%M}"


def span(seconds: float) -> str:
    """“59 s”, “90 min”, “6 h”, “3 days”: in the largest unit of which there are two."""
    for unit_s, name in ((86_400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * unit_s:
            return f"{seconds / unit_s:.0f} {name}"
    return f"{seconds:.0f} s"
