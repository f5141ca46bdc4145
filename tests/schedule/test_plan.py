"""What is due now, and what becomes of missed runs: nothing twice, nothing lost under `each`."""

from __future__ import annotations

import itertools
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.schedule.plan import EACH_MOST, LATE_S, Missed, Plan, made_up, plan
from factotum.schedule.times import At, Every, When, cron

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN).timestamp()
NINE = cron("0 9 * * *", BERLIN)
DAY = 86400.0


def nine(day: int) -> float:
    return datetime(2026, 10, day, 9, 0, tzinfo=BERLIN).timestamp()


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("policy", "runs", "done", "ask"),
    [
        ("once", (nine(28),), 1, False),
        ("skip", (), 0, False),
        ("each", (nine(25), nine(26), nine(27), nine(28)), 4, False),
        ("ask", (), 0, True),
    ],
)
def test_after_four_missed_days(policy: str, runs: tuple[float, ...], done: int, ask: bool) -> None:
    missed = Missed(policy, 4, nine(25), nine(28), done)
    now = at("2026-10-28T20:00")
    assert plan(NINE, START, START, policy, now) == Plan(runs, nine(28), missed, ask)


@pytest.mark.parametrize(
    ("policy", "runs", "count"),
    [
        ("once", (nine(28),), 3),
        ("skip", (nine(28),), 3),
        ("each", (nine(25), nine(26), nine(27), nine(28)), 3),
        ("ask", (nine(28),), 3),
    ],
)
def test_the_run_that_is_on_time_is_made_whatever_becomes_of_the_missed_ones(
    policy: str, runs: tuple[float, ...], count: int
) -> None:
    found = plan(NINE, START, START, policy, nine(28) + 60)
    assert found is not None and found.missed is not None
    assert (found.runs, found.missed.count, found.missed.last) == (runs, count, nine(27))


@pytest.mark.parametrize("policy", ["once", "skip", "each", "ask"])
def test_a_run_that_is_a_little_late_is_not_missed(policy: str) -> None:
    assert plan(NINE, START, START, policy, nine(25) - 1) is None
    for late_s in (0.0, 1.0, LATE_S):
        assert plan(NINE, START, START, policy, nine(25) + late_s) == Plan((nine(25),), nine(25))
    found = plan(NINE, START, START, policy, nine(25) + LATE_S + 1)
    assert found is not None and found.missed is not None and found.missed.count == 1


def test_several_that_came_due_in_a_short_sleep_are_one_run_unless_each_was_asked_for() -> None:
    often = Every(60)
    now = START + 250
    assert plan(often, START, START, "once", now) == Plan((START + 240,), START + 240)
    assert plan(often, START, START, "skip", now) == Plan((START + 240,), START + 240)
    each = plan(often, START, START, "each", now)
    assert each is not None and each.runs == tuple(START + n * 60 for n in range(1, 5))


def test_of_very_many_missed_runs_the_oldest_are_made_up_for() -> None:
    found = plan(Every(60), START, START, "each", START + 10 * DAY + 400)
    assert found is not None and found.missed is not None
    assert found.missed == Missed("each", 14_405, START + 60, found.missed.last, EACH_MOST)
    assert found.runs[0] == START + 60
    assert len(found.runs) == EACH_MOST + 1  # and the one that is on time
    assert found.last == found.runs[-1]


def test_what_the_owner_wants_of_missed_runs() -> None:
    span = (NINE, START, nine(25), nine(27))
    assert made_up(*span, "once") == (nine(27),)
    assert made_up(*span, "each") == (nine(25), nine(26), nine(27))
    assert made_up(*span, "no") == ()


WHENS: list[When] = [
    NINE, Every(1200), Every(86400), cron("30 2 * * *", BERLIN), cron("*/15 1-3 * * *", BERLIN),
    cron("0 * * * *", BERLIN), At(START + 5000),
]  # fmt: skip
STEPS = st.lists(
    st.one_of(st.integers(1, 400), st.integers(1, 4000), st.integers(1, 40_000)), max_size=30
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WHENS), st.sampled_from(["once", "skip", "each", "ask"]), STEPS)
def test_whenever_it_is_looked_nothing_is_twice_and_all_is_accounted_for(
    when: When, policy: str, steps: list[int]
) -> None:
    now, last = START, START
    runs: list[float] = []
    for step in steps:
        now += step
        before = list(itertools.takewhile(lambda one, n=now: one <= n, when.walk(last, START)))  # type: ignore[misc]
        found = plan(when, START, last, policy, now)
        assert (found is None) == (not before)
        if found is None:
            continue
        assert found.last == before[-1]
        assert set(found.runs) <= set(before)
        if found.missed:
            on_time = int(now - before[-1] <= LATE_S)
            assert found.missed.count == len(before) - on_time
            assert found.missed.first == before[0]
        if policy == "each":
            left_out = before[EACH_MOST : len(before) - 1] if len(before) > EACH_MOST else []
            assert [one for one in before if one not in found.runs] in (
                left_out,
                before[EACH_MOST:],
            )
        elif policy == "once":
            assert found.runs == (before[-1],)
        last = found.last
        runs += found.runs
    assert runs == sorted(set(runs))
