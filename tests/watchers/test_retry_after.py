"""A server says how long it wants to be left alone; whatever else it says means nothing."""

from __future__ import annotations

import pytest

from watchers.retry_after import wait_s

#: Sat, 21 Nov 2026 11:00:00 GMT.
NOW = 1_795_258_800.0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("86400", 3600.0),  # we ask again sooner
        ("Sat, 21 Nov 2026 11:10:00 GMT", 600.0),
        ("Sat, 21 Nov 2026 11:10:00", 600.0),  # without its zone
        ("Sat, 21 Nov 2026 10:00:00 GMT", 0.0),  # already past
        ("Sat, 21 Nov 9999999999 11:00:00 GMT", 0.0),
        ("²", 0.0),  # a digit, and no number
        ("-5", 0.0),
        ("soon", 0.0),
        ("", 0.0),
    ],
)
def test_it_is_read_as_seconds_or_as_a_date(said: str, seconds: float) -> None:
    assert wait_s({"retry-after": said}, NOW, 3600.0) == seconds
