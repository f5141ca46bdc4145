"""Once a day at the owner's hour, also on the two days a year that are no 24 hours long."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from watchers.digest_time import next_digest

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "at", "due"),
    [
        ("2026-11-30T06:59:59+01:00", "07:00", "2026-11-30T07:00:00+01:00"),
        ("2026-11-30T07:00:00+01:00", "07:00", "2026-12-01T07:00:00+01:00"),
        ("2026-11-30T23:00:00+01:00", "07:00", "2026-12-01T07:00:00+01:00"),
        ("2026-03-28T12:00:00+01:00", "07:00", "2026-03-29T07:00:00+02:00"),
        ("2026-10-24T12:00:00+02:00", "07:00", "2026-10-25T07:00:00+01:00"),
        ("2026-03-28T12:00:00+01:00", "02:30", "2026-03-29T03:30:00+02:00"),  # leapt over
        ("2026-10-24T12:00:00+02:00", "02:30", "2026-10-25T02:30:00+02:00"),  # the first
        ("2026-10-25T02:30:00+02:00", "02:30", "2026-10-26T02:30:00+01:00"),  # not again
    ],
)
def test_the_digest_is_due_when_the_clock_shows_its_hour(now: str, at: str, due: str) -> None:
    def zone(at: float) -> datetime:
        return datetime.fromtimestamp(at, BERLIN)

    moment = datetime.fromisoformat(now).timestamp()
    assert zone(next_digest(moment, zone, at)).isoformat() == due
