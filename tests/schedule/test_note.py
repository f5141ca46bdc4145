"""A note of Office/Schedules, read: whoever wrote it, it is a schedule or it is said why not."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from factotum.schedule.note import Schedule, ScheduleError, read
from factotum.schedule.times import cron, every

BERLIN = ZoneInfo("Europe/Berlin")


def of(raw: bytes, name: str = "Water.md") -> Schedule:
    found = read(raw, name, BERLIN)
    assert found is not None
    return found


def test_what_a_note_does_not_say_is_as_a_person_would_expect() -> None:
    found = of(b"---\nevery: 20 min\n---\nThe fern too.\n")
    assert (found.when, found.zone, found.said) == (every(1200), BERLIN, "every: 20 min")
    assert (found.missed, found.mode, found.enabled) == ("once", "task", True)
    assert (found.delete_after_run, found.title, found.made) == (False, "Water", False)
    assert found.body == "The fern too."


def test_line_ends_and_marks_of_other_systems_make_no_difference() -> None:
    plain = b'---\ncron: "0 9 * * *"\n---\n# Water\n\nNow.\n'
    for raw in (plain.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + plain):
        assert of(raw) == of(plain)
    assert of(plain).when == cron("0 9 * * *", BERLIN)


@pytest.mark.parametrize("expr", ["*/15 7-22 * * *", "* * * * *", "@daily"])
def test_a_line_of_cron_without_quotes_is_told_how_to_be_written(expr: str) -> None:
    with pytest.raises(ScheduleError) as told:
        of(f"---\nenabled: true\ncron: {expr}  # often\n---\nx\n".encode())
    assert str(told.value) == f'line 3: put what cron says into quotes: cron: "{expr}"'


def test_the_list_of_runs_is_no_part_of_the_work_nor_of_what_changed() -> None:
    plain = b"---\nevery: 20 min\n---\n# Water\n\n```\n## Runs\nnone\n```\n\n## More\n\nThe fern.\n"
    listed = plain.replace(b"## More", b"## Runs\n\n- ok\n\n## More")
    assert of(listed).core == of(plain).core
    assert "none" in of(listed).body and "The fern." in of(listed).body
    assert of(plain.replace(b"20", b"30")).rule != of(plain).rule
    other = of(plain.replace(b"fern", b"rose"))
    assert other.core != of(plain).core and other.rule == of(plain).rule


def test_a_number_and_a_zone_without_quotes_are_taken() -> None:
    assert of(b"---\nevery: 3600\ntimezone: US/Eastern\n---\n").when == every(3600)
    assert of(b"---\nat: 2026-12-24T09:00\n---\n").once
    assert not of(b"---\nevery: day at 9\n---\n").once


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
@example(b"---\nat: [[Link]]\n---\n")
@example(b"---\nevery: 99999999999999999999\n---\n")
@example(b"---\nat: 9999-12-31 23:59\ntimezone: America/New_York\n---\n")
@example(b"---\nat: 0001-01-01 00:00\n---\n")
@example(b'---\ncron: "* * * * *"\ntimezone: "\\u0000"\n---\n')
@example(b"---\nevery: month on the 31st at 9\n---\n")
def test_any_bytes_are_a_schedule_or_refused(raw: bytes) -> None:
    for data in (raw, b"---\n" + raw + b"\n---\n", b"---\nevery: " + raw + b"\n---\n"):
        try:
            read(data, "x.md", BERLIN)
        except ScheduleError as wrong:
            assert str(wrong)
