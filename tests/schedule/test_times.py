"""When things are due: the calendar, both changes of the clock, and words."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.schedule import english
from factotum.schedule.times import (
    At,
    Cron,
    Every,
    In,
    Later,
    TimeError,
    When,
    count_due,
    cron,
    every,
    last_due,
    next_due,
)
from factotum.schedule.zones import HouseZone, ZoneError, moment, named

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=BERLIN).timestamp()


def at(text: str, zone: tzinfo = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


def moments(when: When, start: float, end: float, anchor: float = 0.0) -> list[float]:
    return list(itertools.takewhile(lambda one: one <= end, when.walk(start, anchor)))


def dues(when: When, start: float, end: float, anchor: float = 0.0) -> list[str]:
    zone = when.zone if isinstance(when, Cron | Later) else BERLIN
    return [
        f"{datetime.fromtimestamp(one, UTC).astimezone(zone):%d %H:%M%z}"
        for one in moments(when, start, end, anchor)
    ]


# -- the two days on which the clock is changed, in both years and both zones


@pytest.mark.parametrize(
    ("zone", "day", "expr", "seen"),
    [
        (BERLIN, "2026-03-29", "30 2 * * *", ["29 03:00+0200"]),  # left out: once, right after
        (BERLIN, "2027-03-28", "30 2 * * *", ["28 03:00+0200"]),
        (BERLIN, "2026-03-29", "0,30 2 * * *", ["29 03:00+0200"]),  # both at once are one
        (BERLIN, "2026-03-29", "30 2,3 * * *", ["29 03:00+0200", "29 03:30+0200"]),
        (BERLIN, "2026-03-29", "0 3 * * *", ["29 03:00+0200"]),
        (BERLIN, "2026-03-29", "59 1 * * *", ["29 01:59+0100"]),
        (BERLIN, "2026-10-25", "30 2 * * *", ["25 02:30+0200"]),  # twice: the first time
        (BERLIN, "2027-10-31", "30 2 * * *", ["31 02:30+0200"]),
        (BERLIN, "2026-10-25", "*/30 2 * * *", ["25 02:00+0200", "25 02:30+0200"]),
        (BERLIN, "2026-10-25", "0 3 * * *", ["25 03:00+0100"]),
        (NEW_YORK, "2026-03-08", "30 2 * * *", ["08 03:00-0400"]),
        (NEW_YORK, "2027-03-14", "30 2 * * *", ["14 03:00-0400"]),
        (NEW_YORK, "2026-11-01", "30 1 * * *", ["01 01:30-0400"]),
        (NEW_YORK, "2027-11-07", "30 1 * * *", ["07 01:30-0400"]),
        # every hour goes on in real time
        (BERLIN, "2026-03-29", "30 * * * 0#5", [f"29 {h:02}:30" for h in range(24) if h != 2]),
        (NEW_YORK, "2026-11-01", "0 * * * *", [f"01 {h:02}:00" for h in sorted([*range(24), 1])]),
    ],
)
def test_a_change_of_the_clock_takes_no_run_and_doubles_none(
    zone: ZoneInfo, day: str, expr: str, seen: list[str]
) -> None:
    end = at(f"{day}T23:59:59", zone)
    found = dues(cron(expr, zone), at(f"{day}T00:00", zone) - 1, end)
    assert [one[: len(seen[0])] for one in found] == seen


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
@pytest.mark.parametrize("expr", ["30 2 * * *", "*/15 1-3 * * *", "7 * * * *", "15,45 1 * * 0"])
def test_whenever_it_is_asked_the_next_moment_is_the_same(zone: ZoneInfo, expr: str) -> None:
    when = cron(expr, zone)
    for day in ("2026-03-07", "2026-03-28", "2026-10-24", "2026-10-31"):
        start = at(f"{day}T12:00", zone)
        whole = moments(when, start, start + 2 * 86400)
        assert whole == sorted(set(whole))
        for t in range(int(start), int(start) + 2 * 86400, 607):
            after = [one for one in whole if one > t]
            if after:
                assert next_due(when, t, 0) == after[0]


@pytest.mark.parametrize(
    ("expr", "start", "seen"),
    [
        ("0 9 * * 1-5", "2026-11-27T10:00", "30 09:00+0100"),
        ("0 9 * * mon-fri", "2026-11-27T10:00", "30 09:00+0100"),
        ("0 9 * * 7", "2026-11-28T10:00", "29 09:00+0100"),
        ("0 9 * * 0", "2026-11-28T10:00", "29 09:00+0100"),
        ("0 9 * * SAT-SUN", "2026-11-28T10:00", "29 09:00+0100"),
        ("0 9 1 * *", "2026-11-28T10:00", "01 09:00+0100"),
        ("0 9 13 * 5", "2026-11-03T10:00", "06 09:00+0100"),  # day or weekday, as in cron
        ("0 9 31 * *", "2026-11-03T10:00", "31 09:00+0100"),
        ("0 9 29 2 *", "2026-11-03T10:00", "29 09:00+0100"),  # of 2028
        ("*/15 7-22 * * *", "2026-11-28T22:44", "28 22:45+0100"),
        ("*/15 7-22 * * *", "2026-11-28T22:45", "29 07:00+0100"),
        ("0 9-17/2 * * 1-5", "2026-11-30T15:00", "30 17:00+0100"),
        ("10-50/20 8 * jan,Dec *", "2026-11-30T15:00", "01 08:10+0100"),
        ("@daily", "2026-11-30T15:00", "01 00:00+0100"),
    ],
)
def test_the_calendar_is_read_as_cron_reads_it(expr: str, start: str, seen: str) -> None:
    found = next_due(cron(expr, BERLIN), at(start), 0)
    assert found is not None
    assert f"{datetime.fromtimestamp(found, UTC).astimezone(BERLIN):%d %H:%M%z}" == seen


@pytest.mark.parametrize(
    "expr",
    ["", "* * * *", "0 0 9 * * 1", "60 * * * *", "* 24 * * *", "0 9 30 2 *", "x * * * *", "@reboot",
     "0 9 * * 8", "*/0 * * * *", "1-0 * * * *", "1" * 200 + " * * * *"],
)  # fmt: skip
def test_what_is_no_calendar_line_is_refused_with_an_example(expr: str) -> None:
    with pytest.raises(TimeError, match='0 9 \\* \\* 1-5"'):
        cron(expr, BERLIN)


# -- every so often


def test_a_restart_does_not_shift_what_comes_every_so_often() -> None:
    when = every(1200)
    assert [next_due(when, t, 1000.7) for t in (0.0, 1000.0, 2199.0, 2200.0, 2500.0)] == [
        2200.0, 2200.0, 2200.0, 3400.0, 3400.0
    ]  # fmt: skip


@pytest.mark.parametrize("seconds", [0, 9, -5, 10**10])
def test_too_short_or_too_long_an_interval_is_refused(seconds: int) -> None:
    with pytest.raises(TimeError, match="20 min"):
        every(seconds)


MANY: list[When] = [
    every(600), every(86400), cron("30 2 * * *", BERLIN), cron("* * 1 * *", NEW_YORK),
    cron("*/30 * * * *", NEW_YORK), At(NOW + 500), Later(1, 9, 0, BERLIN), In(3600),
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(MANY), st.integers(0, 40 * 86400), st.integers(0, 3 * 86400))
def test_the_last_moment_and_the_count_agree_with_walking(
    when: When, start: int, span: int
) -> None:
    t, now = NOW + start, NOW + start + span
    walked = moments(when, t, now, NOW)
    assert last_due(when, t, now, NOW) == (walked[-1] if walked else None)
    assert count_due(when, t, now, NOW, 10**6) == len(walked)
    assert next_due(when, t, NOW) == next(when.walk(t, NOW), None)


def test_the_last_moment_is_found_however_long_ago_it_was() -> None:
    assert last_due(cron("0 9 29 2 *", BERLIN), 0, at("2027-12-01T00:00"), 0) == at(
        "2024-02-29T09:00"
    )
    assert last_due(cron("* * * * *", BERLIN), 0, NOW + 30, 0) == NOW
    assert count_due(cron("* * * * *", BERLIN), 0, NOW, 0, 100) == 100


# -- zones


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([BERLIN, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kolkata")]),
    st.integers(0, 729 * 86400).map(lambda s: datetime(2026, 1, 1) + timedelta(seconds=s)),  # noqa: DTZ001
    st.sampled_from([0, 1]),
)
def test_the_machines_own_zone_is_like_the_one_with_a_name(
    zone: ZoneInfo, wall: datetime, fold: int
) -> None:
    house = HouseZone(lambda one: datetime.fromtimestamp(one, UTC).astimezone(zone))
    there = wall.replace(fold=fold)
    assert there.replace(tzinfo=house).utcoffset() == there.replace(tzinfo=zone).utcoffset()
    back = wall.replace(tzinfo=UTC)
    mine, its = back.astimezone(house), back.astimezone(zone)
    assert (mine.replace(tzinfo=None), mine.fold) == (its.replace(tzinfo=None), its.fold)
    assert moment(wall, house) == moment(wall, zone)


def test_a_zone_without_a_name_of_its_own_changes_its_clock_too() -> None:
    house = HouseZone(lambda one: datetime.fromtimestamp(one, UTC).astimezone(BERLIN))
    for expr in ("30 2 * * *", "0,30 2 * * *", "*/30 * * * *"):
        for day in ("2026-03-29", "2026-10-25"):
            start = at(f"{day}T00:00") - 1
            assert list(itertools.islice(cron(expr, house).walk(start, 0), 9)) == list(
                itertools.islice(cron(expr, BERLIN).walk(start, 0), 9)
            )


def test_names_of_zones() -> None:
    assert named("US/Eastern").utcoffset(datetime(2026, 7, 1)) == timedelta(hours=-4)  # noqa: DTZ001
    for wrong in ("Berlin", "", "../etc/passwd", "/etc/localtime", "Europe/Berlin\0", "CEST!"):
        with pytest.raises(ZoneError):
            named(wrong)


# -- words


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("every 20 minutes", Every(1200)),
        ("20 min", None),
        ("every 2 h", Every(7200)),
        ("every 1 h 30 min", Every(5400)),
        ("every hour", Every(3600)),
        ("every 90", Every(90)),
        ("every day at 9", Cron("0 9 * * *", BERLIN)),
        ("Every  weekday at 9:30", Cron("30 9 * * 1-5", BERLIN)),
        ("every weekday 9", Cron("0 9 * * 1-5", BERLIN)),
        ("every monday at 6 pm", Cron("0 18 * * 1", BERLIN)),
        ("every mon, wed and fri at 07:15", Cron("15 7 * * 1,3,5", BERLIN)),
        ("every weekend at noon", Cron("0 12 * * 0,6", BERLIN)),
        ("every month on the 1st at 9", Cron("0 9 1 * *", BERLIN)),
        ("daily at 8", Cron("0 8 * * *", BERLIN)),
        ("weekdays at 8", Cron("0 8 * * 1-5", BERLIN)),
        ("sundays at 12am", Cron("0 0 * * 0", BERLIN)),
        ("tomorrow 9", Later(1, 9, 0, BERLIN)),
        ("Tomorrow at 9:30", Later(1, 9, 30, BERLIN)),
        ("today at 18:00", Later(0, 18, 0, BERLIN)),
        ("in 20 minutes", In(1200)),
        ("0 9 * * 1-5", Cron("0 9 * * 1-5", BERLIN)),
        ("2026-12-24 09:00", At(at("2026-12-24T09:00"))),
        ("2026-12-24T9:00", At(at("2026-12-24T09:00"))),
        ("2026-12-24T09:00:30Z", At(at("2026-12-24T09:00:30", UTC))),
        ("2026-12-24T09:00-05:00", At(at("2026-12-24T09:00", NEW_YORK))),
        ("2026-03-29 02:30", At(at("2026-03-29T03:00"))),
        ("2026-10-25 02:30", At(at("2026-10-25T02:30", fold=0))),
        ("every day", None),  # at which hour?
        ("every week", None),
        ("every morning", None),
        ("every other day at 9", None),
        ("every 2 days at 9", None),
        ("every day at 25", None),
        ("every day at 13 pm", None),
        ("every month on the 32nd at 9", None),
        ("every 5", None),
        ("every 0 min", None),
        ("every ¹", None),
        ("every ²0 min", None),
        ("tomorrow", None),
        ("9:00", None),
        ("2026-12-24", None),
        ("2026-02-30 09:00", None),
        ("24.12.2026 09:00", None),
        ("soon", None),
        ("", None),
        ("every", None),
    ],
)  # fmt: skip
def test_words_are_read_where_they_can_mean_one_thing(text: str, when: When | None) -> None:
    if when is None:
        with pytest.raises(TimeError):
            english.when(text, BERLIN)
    else:
        assert english.when(text, BERLIN) == when


def test_tomorrow_is_the_day_after_it_was_written() -> None:
    written = at("2026-03-28T23:30")
    assert next_due(Later(1, 2, 30, BERLIN), written, written) == at("2026-03-29T03:00")
    assert next_due(Later(1, 2, 30, BERLIN), written + 10 * 86400, written) is None
    assert next_due(Later(0, 9, 0, BERLIN), written, written) is None
    assert next_due(In(600), written, written) == written + 600


@given(st.text(max_size=40))
def test_no_text_does_worse_than_be_refused(text: str) -> None:
    for read in (english.when, english.when_every, english.when_at, cron):
        try:
            read(text, BERLIN)
        except TimeError:
            pass
