"""Which day is meant, and when it begins where the clocks are changed."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from factotum.channels.commands.days import DayError, bounds, day_of

MONDAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("", "2026-11-30"),
        ("today", "2026-11-30"),
        ("Yesterday", "2026-11-29"),
        ("monday", "2026-11-30"),  # today counts
        ("last monday", "2026-11-23"),
        ("Tuesday", "2026-11-24"),
        ("last tuesday", "2026-11-24"),
        ("tue", "2026-11-24"),
        ("on  sunday", "2026-11-29"),
        ("2026-11-24", "2026-11-24"),
        ("24 nov", "2026-11-24"),
        ("24 November", "2026-11-24"),
        ("Nov 24", "2026-11-24"),
        ("the 24th of november", "2026-11-24"),
        ("November 24, 2025", "2025-11-24"),
        ("24.11.", "2026-11-24"),
        ("24.11.2025", "2025-11-24"),
        ("24 dec", "2025-12-24"),  # the last one that there was
        ("29 feb", "2024-02-29"),
    ],
)
def test_a_day_is_read_and_never_one_to_come(text: str, day: str) -> None:
    assert day_of(text, MONDAY).isoformat() == day


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("foo", "no day that I can read"),
        ("t", "no day that I can read"),  # Tuesday or Thursday
        ("11/24", "no day that I can read"),  # or the 24th?
        ("24 foo", "no day that I can read"),
        ("31 nov", "there is no 31 nov"),
        ("2026-13-01", "there is no"),
        ("2026-12-01", "has not come yet"),
        ("0001-01-01", "nothing is on record"),
        ("x" * 500, "no day that I can read"),
        ("9" * 500, "no day that I can read"),
    ],
)
def test_what_is_no_day_is_told_with_what_is_one(text: str, why: str) -> None:
    with pytest.raises(DayError, match=why) as wrong:
        day_of(text, MONDAY)
    assert "2026-11-24" in str(wrong.value) and len(str(wrong.value)) < 200


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-11-24", 24),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Europe/Berlin", "2026-03-29", 23),
        ("Pacific/Kiritimati", "2026-11-24", 24),
        ("Pacific/Niue", "2026-11-24", 24),
        ("Africa/Cairo", "2026-04-24", 23),  # it begins at one o'clock
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Pacific/Apia", "2011-12-30", 0),  # there was no such day
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(zone: str, day: str, hours: float) -> None:
    there = ZoneInfo(zone)
    wanted = date.fromisoformat(day)
    since, till = bounds(wanted, lambda at: datetime.fromtimestamp(at, there))
    assert (till - since) / 3600 == hours
    if hours:
        assert datetime.fromtimestamp(since, there).date() == wanted
        assert datetime.fromtimestamp(since - 1, there).date() < wanted
        assert datetime.fromtimestamp(till - 1, there).date() == wanted
