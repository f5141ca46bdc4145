"""What becomes of runs that were missed, at a real vault and ledger."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from factotum.schedule import book
from tests.office import TestOffice
from tests.watchers.clockwork import Clockwork, at

SUNDAY, NEXT = at("2026-11-29T12:00"), at("2026-12-06T12:30")

#: Ten jobs, and how many runs of each a week holds.
JOBS = {
    "briefing": ('cron: "0 7 * * *"', 7),
    "goodnight": ('cron: "0 22 * * *"', 7),
    "summary": ('cron: "0 5 * * 0"', 1),
    "evolve": ('cron: "0 3 * * 0"', 1),
    "backup": ('cron: "0 4 * * 0"', 1),
    "tasks": ('cron: "*/15 7-22 * * *"', 7 * 64 + 2),
    "news": ('cron: "30 6 * * *"', 7),
    "water": ("every: 2 days", 3),
    "dentist": ("at: 2026-12-01 09:00", 1),
    "weekdays": ("every: weekday at 18:30", 5),
}


@pytest.fixture
def clock(tmp_path: Path) -> Clockwork:
    clock = Clockwork(TestOffice(tmp_path))
    clock.now = SUNDAY
    return clock


def a_week_off(clock: Clockwork, policy: str) -> dict[str, dict[str, object]]:
    for name, (props, _) in JOBS.items():
        clock.note(f"{name}.md", f"{props}\nmissed: {policy}", age_s=3600)
    clock.start()
    clock.now = NEXT
    clock.start()
    clock.start()
    return {event["title"]: event for event in clock.events("missed")}


@pytest.mark.parametrize("policy", ["once", "skip", "each", "ask"])
def test_ten_jobs_after_a_week_off(clock: Clockwork, policy: str) -> None:
    missed = a_week_off(clock, policy)
    counts = {name: event["count"] for name, event in missed.items()}
    on_time = {"tasks": 1}  # 12:30 is one of its moments
    assert counts == {name: n - on_time.get(name, 0) for name, (_, n) in JOBS.items()}
    assert {event["policy"] for event in missed.values()} == {policy}
    per_job = {name: len([t for t in clock.tasks() if t.title == name]) for name in JOBS}
    asked = [t.title for t in clock.tasks() if "missed" in t.title]
    match policy:
        case "once":
            assert per_job == dict.fromkeys(JOBS, 1)
            assert {event["done"] for event in missed.values()} == {1}
            (task,) = (t for t in clock.tasks() if t.title == "briefing")
            assert task.facts["schedule"]["missed"] == 7
            assert task.facts["schedule"]["due"] == "2026-12-06T07:00:00+01:00"
        case "skip":
            assert per_job == {name: on_time.get(name, 0) for name in JOBS}
            assert {event["done"] for event in missed.values()} == {0}
        case "each":
            assert per_job == {n: 51 if n == "tasks" else count for n, (_, count) in JOBS.items()}
            assert missed["tasks"]["done"] == 50
            assert any(
                "399 more runs were missed" in path.read_text()
                for path in clock.office.files("Needs_Action")
            )
        case _:
            assert per_job == {name: on_time.get(name, 0) for name in JOBS}
            assert len(asked) == 10 and "7 runs were missed: briefing" in asked
            assert "1 run was missed: dentist" in asked
    assert missed["briefing"]["first"] == "2026-11-30T07:00:00+01:00"
    assert missed["briefing"]["last"] == "2026-12-06T07:00:00+01:00"
    assert missed["briefing"]["schedule"] == "Office/Schedules/briefing.md"


def test_what_was_missed_is_made_up_for_in_the_order_of_its_times(clock: Clockwork) -> None:
    a_week_off(clock, "once")
    titles = [task.title for task in clock.tasks()]
    sunday = [one for one in titles if one in ("backup", "evolve", "summary")]
    assert sunday == ["evolve", "backup", "summary"]  # the backup holds what was cleaned up


def test_a_run_that_stands_for_others_says_so(clock: Clockwork) -> None:
    a_week_off(clock, "once")
    (note,) = (p for p in clock.office.files("Needs_Action") if p.name.startswith("goodnight"))
    assert "(This run, due Sat 05 Dec 22:00, stands for 7 that were missed.)" in note.read_text()


class _Killed(Exception):
    pass


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["once", "skip", "each", "ask"])
@pytest.mark.parametrize("at_write", range(1, 9))
def test_a_kill_anywhere_decides_nothing_anew(clock: Clockwork, policy: str, at_write: int) -> None:
    clock.note("Water.md", f"every: day at 9\nmissed: {policy}", age_s=3600)
    clock.start()
    clock.now = NEXT
    with clock.open() as source:
        assert clock.post is not None
        room = clock.post._room
        desk, count = room.desk, 0

        def dies(deed, *args, **more):  # type: ignore[no-untyped-def]
            nonlocal count
            count += 1
            if count == at_write:
                raise _Killed
            return desk(deed, *args, **more)

        room.desk = dies
        try:
            clock.look(source)
        except _Killed:
            pass
    clock.now += 600
    clock.start()
    clock.now += 86400 * 0.5
    clock.start()
    wanted = {"once": 1, "skip": 0, "each": 7, "ask": 0}[policy]
    assert len(clock.dues()) == wanted
    (missed,) = clock.events("missed")
    assert missed["count"] == 7
    assert len(clock.tasks()) == (1 if policy == "ask" else wanted)


# -- clocks


def test_a_clock_that_is_put_forward_and_back_runs_nothing_twice(clock: Clockwork) -> None:
    clock.note("Water.md", "every: day at 9")
    with clock.open() as source:
        clock.go_on(source, at("2026-11-30T09:00"))
        clock.done()
        clock.now = at("2026-12-20T12:00")  # set wrongly
        clock.look(source)
        assert clock.dues() == ["2026-11-30T09:00", "2026-12-20T09:00"]
        clock.done()
        clock.now = at("2026-11-30T15:00")
        clock.look(source)
        clock.go_on(source, at("2026-12-02T12:00"))
        clock.done()
    assert clock.dues()[2:] == ["2026-12-01T09:00"]
    clock.now = at("2026-12-19T12:00")
    clock.start()
    clock.done()
    with clock.open() as source:
        clock.go_on(source, at("2026-12-21T12:00"))
    dues = clock.dues()
    assert len(dues) == len(set(dues))
    assert dues[-1] == "2026-12-21T09:00"


def test_a_clock_that_goes_back_for_a_while_makes_no_missed_runs(clock: Clockwork) -> None:
    clock.note("Often.md", "every: 20 min")
    with clock.open() as source:
        for n in range(1, 7):
            clock.go_on(source, SUNDAY + n * 1200)
            clock.done()
        clock.now = SUNDAY + 3000  # an hour and a bit back
        clock.look(source)
        clock.go_on(source, SUNDAY + 4000)
        clock.now = SUNDAY + 7 * 1200  # right again
        clock.look(source)
    assert len(clock.dues()) == 7 == len(set(clock.dues()))
    assert clock.events("missed") == [] and clock.events("skipped") == []


def test_a_machine_that_wakes_in_the_past_makes_no_flood_when_its_clock_is_set(
    clock: Clockwork,
) -> None:
    clock.note("Water.md", "every: day at 9")
    clock.note("Often.md", "every: 20 min")
    with clock.open() as source:
        clock.go_on(source, at("2026-11-30T09:10"))
    clock.done()
    before = len(clock.tasks())
    clock.now = 30.0  # no clock that goes on while it is off
    with clock.open() as source:
        clock.look(source)
        clock.now = 90.0
        clock.look(source)
        assert len(clock.tasks()) == before
        clock.now = at("2026-11-30T09:16")
        clock.look(source)
    assert len(clock.tasks()) == before
    assert clock.events("missed") == []


def test_after_an_hour_asleep_the_missed_run_is_made_and_told(clock: Clockwork) -> None:
    clock.note("Often.md", "every: 20 min")
    with clock.open() as source:
        clock.go_on(source, SUNDAY + 1200)
        clock.done()
        clock.now = SUNDAY + 4 * 1200 + 600
        clock.look(source)
        clock.done()
        clock.go_on(source, SUNDAY + 5 * 1200)
    assert clock.dues() == ["2026-11-29T12:20", "2026-11-29T13:20", "2026-11-29T13:40"]
    (missed,) = clock.events("missed")
    assert (missed["count"], missed["done"]) == (3, 1)


def test_a_line_of_the_book_that_says_nothing_is_as_none() -> None:
    for line in ("", "{", "[]", "1", '{"owed":{"x":1}}', '{"todo":["x"]}'):
        assert book.state_of("p", line) is None or line == "{}"
    state = book.State("p", "n", "r", "c", "", 1.0, 2.0, todo=(3.0,), task="t")
    assert book.state_of("p", book.written(state)) == state


def test_a_disk_that_fails_loses_no_run(clock: Clockwork) -> None:
    clock.note("Often.md", "every: 20 min")
    clock.start()
    clock.now += 1200
    with clock.open() as source:
        assert clock.post is not None
        room = clock.post._room
        desk = room.desk

        def full(deed, *args, **more):  # type: ignore[no-untyped-def]
            if getattr(deed, "__name__", "") == "take":
                raise sqlite3.OperationalError("disk I/O error")
            return desk(deed, *args, **more)

        room.desk = full
        with pytest.raises(sqlite3.OperationalError):
            clock.look(source)
        source.close()
        room.desk = desk
        clock.look(source)
    assert clock.dues() == ["2026-11-29T12:20"]
