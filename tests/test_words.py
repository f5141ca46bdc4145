"""Sizes and times as a person says them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from factotum.words import size, span, when

ROME = timezone(timedelta(hours=1))
NOW = datetime(2026, 11, 27, 16, 0, tzinfo=ROME)


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1 KB"),
        (86_016, "84 KB"),
        (1024 * 1024 - 1, "1.0 MB"),  # not "1024 KB"
        (2_202_010, "2.1 MB"),
        (3 * 1024**3, "3.0 GB"),
    ],
)
def test_a_size(size_bytes: int, words: str) -> None:
    assert size(size_bytes) == words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 11, 27, 15, 4, tzinfo=ROME), "today 15:04"),
        (datetime(2026, 11, 28, 0, 5, tzinfo=ROME), "Sat 28 Nov 00:05"),
        (datetime(2026, 11, 26, 23, 30, tzinfo=UTC), "today 00:30"),  # in the zone of now
        (datetime(2027, 1, 2, 9, 0, tzinfo=ROME), "Sat 2 Jan 2027 09:00"),
    ],
)
def test_a_time(at: datetime, words: str) -> None:
    assert when(at, NOW) == words


@pytest.mark.parametrize(
    ("seconds", "said"), [(59, "59 s"), (7200, "2 h"), (90 * 60, "90 min"), (3 * 86400, "3 days")]
)
def test_spans_are_told_in_the_largest_unit(seconds: float, said: str) -> None:
    assert span(seconds) == said
