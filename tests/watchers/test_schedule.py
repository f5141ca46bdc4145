"""The schedule watcher at a real vault and ledger: what runs when, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.model import Trust
from tests.office import TestOffice
from tests.watchers.clockwork import NEW_YORK, Clockwork, at

MONDAY = at("2026-11-30T08:00")


@pytest.fixture
def clock(tmp_path: Path) -> Clockwork:
    clock = Clockwork(TestOffice(tmp_path))
    clock.now = MONDAY
    return clock


# -- what runs


def test_a_note_becomes_a_task_at_its_time_with_all_that_it_says(clock: Clockwork) -> None:
    clock.note(
        "Backup.md",
        'cron: "0 9 * * *"\ntimezone: Europe/Berlin\nagent: sysadmin\nchannel: telegram\nto: "42"',
        "# Look after the backup\n\nSee it ran.\n\n## Runs\n\n- 29 Nov: ok\n\n## Hints\n\nLog.",
    )
    with clock.open() as source:
        assert clock.look(source) == 3600.0
        assert clock.tasks() == []
        clock.now += 3600
        clock.look(source)
    (task,) = clock.tasks()
    assert (task.title, task.kind, task.trust) == ("Look after the backup", "schedule", Trust.OWNER)
    assert task.facts["schedule"] == {
        "note": "Office/Schedules/Backup.md", "part": clock.states()[0].part,
        "due": "2026-11-30T09:00:00+01:00", "mode": "task", "delete_after_run": False,
        "policy": "once", "missed": 0, "channel": "telegram", "to": "42",
    }  # fmt: skip
    assert task.facts["properties"] == {"agent": "sysadmin", "channel": "telegram", "to": "42"}
    text = clock.office.one("Needs_Action").read_text()
    assert "See it ran." in text and "Log." in text and "29 Nov: ok" not in text


def test_a_restart_runs_nothing_twice_and_shifts_nothing(clock: Clockwork) -> None:
    clock.note("Every.md", "every: 20 min")
    clock.start()
    clock.now += 700
    clock.start()
    clock.now += 500
    clock.start()
    clock.start()
    assert clock.dues() == ["2026-11-30T08:20"]
    clock.done()
    clock.now += 1200
    clock.start()
    assert clock.dues() == ["2026-11-30T08:20", "2026-11-30T08:40"]


def test_what_is_due_once_runs_once(clock: Clockwork) -> None:
    clock.note("Call.md", "at: 2026-11-30 09:00")
    clock.note("Later.md", "at: tomorrow at 7")
    with clock.open() as source:
        clock.go_on(source, MONDAY + 3 * 86400)
        assert clock.look(source) > 3600
    clock.start()
    assert clock.dues() == ["2026-11-30T09:00", "2026-12-01T07:00"]
    assert clock.remarks() == {}


def test_tomorrow_is_what_it_was_when_it_was_written(clock: Clockwork) -> None:
    clock.note("Lately.md", "at: tomorrow at 9", age_s=20 * 3600)  # on Sunday, at noon
    clock.note("Long ago.md", "at: tomorrow at 9", age_s=5 * 86400)
    with clock.open() as source:
        clock.go_on(source, MONDAY + 3 * 86400)
        assert list(clock.remarks()) == ["Long ago.md"]
    assert clock.dues() == ["2026-11-30T09:00"]


def test_zones_are_those_of_the_note_or_of_the_machine(clock: Clockwork) -> None:
    clock.note("Here.md", 'cron: "0 9 * * *"')
    clock.note("There.md", 'cron: "0 9 * * *"\ntimezone: America/New_York')
    with clock.open() as source:
        clock.go_on(source, MONDAY + 8 * 3600)
    assert clock.dues() == ["2026-11-30T09:00", "2026-11-30T09:00"]
    assert clock.states()[1].last - clock.states()[0].last in (6 * 3600.0, -6 * 3600.0)
    assert at("2026-11-30T09:00", NEW_YORK) in {one.last for one in clock.states()}


def test_a_run_is_left_out_while_the_one_before_is_open(clock: Clockwork) -> None:
    clock.note("Every.md", "every: 20 min")
    with clock.open() as source:
        clock.go_on(source, MONDAY + 1200)
        clock.go_on(source, MONDAY + 2400)  # its note still lies in Needs_Action
        clock.done()
        clock.go_on(source, MONDAY + 3600)
    assert clock.dues() == ["2026-11-30T08:20", "2026-11-30T09:00"]
    (skipped,) = clock.events("skipped")
    assert skipped["schedule"] == "Office/Schedules/Every.md"
    assert skipped["due"].startswith("2026-11-30T08:40")


def test_a_task_that_waits_for_a_person_is_open_too(clock: Clockwork) -> None:
    clock.office.playbook("when: {kind: schedule}\ndo:\n  - ask_owner: {question: Really?}")
    clock.note("Every.md", "every: 20 min")
    with clock.open() as source:
        clock.go_on(source, MONDAY + 1200)
    clock.office.run()
    assert len(clock.office.cards()) == 1 and clock.office.files("Needs_Action") == []
    clock.now = MONDAY + 2400
    clock.start()
    assert clock.dues() == ["2026-11-30T08:20"]
    assert len(clock.events("skipped")) == 1


# -- what does not run


def test_what_is_switched_off_does_not_run_and_misses_nothing(clock: Clockwork) -> None:
    clock.note("Every.md", "every: 20 min\nenabled: false")
    with clock.open() as source:
        clock.go_on(source, MONDAY + 7200)
        clock.note("Every.md", "every: 20 min\nenabled: true", age_s=0)
        clock.go_on(source, MONDAY + 7200 + 1200)
    assert clock.dues() == ["2026-11-30T10:20"]
    assert clock.events("missed") == []


@pytest.mark.parametrize(
    ("props", "says"),
    [
        ("every: 20 min\nat: tomorrow 9", "line 3: `every` and `at` stand here"),
        ("every: soon", "line 2: `every`: 'soon' is not clear"),
        ('cron: "0 9 * *"', "line 2: `cron`"),
        ("every: 20 min\ntimezone: Berlin", "line 3: `timezone`: 'Berlin' is no time zone"),
        ("every: 20 min\nmissed: never", "line 3: `missed` is 'never'; it can be once, skip"),
        ("every: 20 min\nenabled: nope", "line 3: `enabled` must be true or false"),
        ("every: [1, 2]", "line 2: `every` must be text"),
        ("evry: 20 min", "line 2: `evry` is nothing that is known: did you mean `every`?"),
        ("missed: skip", "does not say when"),
        ("every:", "line 2: `every` is empty"),
        ("every: 20 min\nevery: 30 min", "stands twice"),
        ("at: 2026-11-01 09:00", "its time is over"),
        ("every: 20 min\nsource: https://evil.test", "holds words of others"),
    ],
)
def test_a_note_that_cannot_be_kept_is_told_and_stops_no_other(
    clock: Clockwork, props: str, says: str
) -> None:
    clock.note("Wrong.md", props)
    clock.note("Right.md", "every: 20 min")
    with clock.open() as source:
        clock.go_on(source, MONDAY + 1200)
        assert says in clock.remarks()["Wrong.md"]
        clock.note("Wrong.md", "every: 2 h")
        clock.go_on(source, MONDAY + 1300)
        assert clock.remarks() == {}
    assert clock.dues() == ["2026-11-30T08:20"]


def test_notes_about_schedules_and_private_ones_are_no_schedules(clock: Clockwork) -> None:
    clock.path("00-about.md").write_text("# About\n\n`every: 20 min`\n")
    clock.note("Mine.md", "factotum: never\nevery: 20 min")
    clock.path("link.md").symlink_to(clock.path("00-about.md"))
    clock.path("x.md.tmp").write_text("---\nevery: 20 min\n---\n")
    with clock.open() as source:
        clock.go_on(source, MONDAY + 7200)
        assert set(clock.remarks()) == {"link.md"}
    assert clock.tasks() == []


def test_the_copy_that_a_sync_client_leaves_does_not_run_too(clock: Clockwork) -> None:
    clock.note("Water.md", "every: 20 min")
    clock.note("Water.sync-conflict-20261130-080000-ABCDEFG.md", "every: 20 min")
    clock.note("Water 2.md", "every: 20 min")  # a person's own
    with clock.open() as source:
        clock.go_on(source, MONDAY + 1200)
        assert list(clock.remarks()) == ["Water.sync-conflict-20261130-080000-ABCDEFG.md"]
    assert len(clock.dues()) == 2


def test_a_note_that_is_still_being_typed_does_not_count(clock: Clockwork) -> None:
    clock.office.env["FACTOTUM_SETTLE_S"] = "120"
    clock.note("Typed.md", "every: 10", age_s=0)  # on its way to 10 h
    with clock.open() as source:
        assert clock.look(source) == 120.0
        clock.now += 60
        clock.note("Typed.md", "every: 10 h", age_s=0)
        clock.go_on(source, MONDAY + 3600)
        assert clock.tasks() == []
        clock.go_on(source, MONDAY + 60 + 36000)
    assert clock.dues() == ["2026-11-30T18:01"]


def test_what_comes_due_while_it_is_typed_runs_when_it_lies_still(clock: Clockwork) -> None:
    clock.office.env["FACTOTUM_SETTLE_S"] = "120"
    clock.now = at("2026-11-30T08:59")
    clock.note("Typed.md", "every: day at 9", age_s=0)
    with clock.open() as source:
        clock.go_on(source, at("2026-11-30T09:00:30"))
        assert clock.tasks() == []
        clock.go_on(source, at("2026-11-30T09:01"))
    assert clock.dues() == ["2026-11-30T09:00"]
    clock.now = at("2026-11-30T10:00")
    clock.note("Whole.md", "id: nano-1\nat: in 10 seconds", age_s=0)  # written by code
    with clock.open() as source:
        assert clock.look(source) == 10.0


def test_a_note_by_a_device_whose_clock_is_ahead_counts_all_the_same(clock: Clockwork) -> None:
    clock.office.env["FACTOTUM_SETTLE_S"] = "120"
    clock.note("Ahead.md", "every: 20 min", age_s=-7200)
    with clock.open() as source:
        assert clock.look(source) == 120.0
        clock.go_on(source, MONDAY + 120 + 1200)
    assert clock.dues() == ["2026-11-30T08:22"]


def test_a_list_of_runs_that_is_written_into_a_note_holds_nothing_up(clock: Clockwork) -> None:
    clock.office.env["FACTOTUM_SETTLE_S"] = "120"
    path = clock.note("Often.md", "every: 1 min", age_s=7200)
    with clock.open() as source:
        clock.go_on(source, MONDAY + 60)
        clock.done()
        path.write_text(path.read_text() + "\n## Runs\n\n- 30 Nov 08:01: ok\n")
        clock.touch("Often.md")
        clock.go_on(source, MONDAY + 120)
    assert clock.dues() == ["2026-11-30T08:01", "2026-11-30T08:02"]
    assert "ok" not in clock.office.one("Needs_Action").read_text()


# -- which note is which


@pytest.mark.parametrize("off", [True, False])
@pytest.mark.parametrize("props", ["every: 20 min", "every: 20 min\nid: water"])
def test_a_renamed_note_goes_on_as_it_was(clock: Clockwork, off: bool, props: str) -> None:
    path = clock.note("Water.md", props)
    with clock.open() as source:
        clock.go_on(source, MONDAY + 1200)
        if not off:
            path.rename(clock.path("Plants.md"))
            clock.look(source)
    if off:
        path.rename(clock.path("Plants.md"))
        if "id" in props:
            clock.path("Plants.md").write_text(f"---\n{props}\n---\nMore words.\n")
    clock.start()
    clock.done()
    clock.now = MONDAY + 2399
    clock.start()
    assert clock.dues() == ["2026-11-30T08:20"]
    clock.now = MONDAY + 2400
    clock.start()
    assert clock.dues() == ["2026-11-30T08:20", "2026-11-30T08:40"]
    assert clock.tasks()[1].facts["schedule"]["note"] == "Office/Schedules/Plants.md"
    assert len(clock.states()) == 1


def test_a_copied_note_is_a_schedule_of_its_own_that_begins_now(clock: Clockwork) -> None:
    path = clock.note("Water.md", "at: 2026-11-30 08:10\nid: water")
    with clock.open() as source:
        clock.go_on(source, MONDAY + 1000)
        clock.path("Copy.md").write_bytes(path.read_bytes())
        clock.touch("Copy.md")
        clock.look(source)
        assert "its time is over" in clock.remarks()["Copy.md"]
    assert clock.dues() == ["2026-11-30T08:10"]


def test_another_time_begins_anew_and_other_words_do_not(clock: Clockwork) -> None:
    clock.note("Water.md", "every: 20 min")
    with clock.open() as source:
        clock.look(source)
        clock.now += 600
        clock.note("Water.md", "every: 20 min", "Other words.", age_s=0)
        clock.go_on(source, MONDAY + 1200)
        assert "Other words." in clock.office.one("Needs_Action").read_text()
        clock.done()
        clock.note("Water.md", "every: 1 h", age_s=0)
        clock.go_on(source, MONDAY + 3600 + 1200)
    assert clock.dues() == ["2026-11-30T08:20", "2026-11-30T09:20"]


def test_a_note_that_was_gone_for_long_begins_anew_and_one_for_a_moment_does_not(
    clock: Clockwork,
) -> None:
    path = clock.note("Water.md", "every: 20 min")
    raw = path.read_bytes()
    with clock.open() as source:
        clock.look(source)
        for away_s, seen in ((60, 1), (7200, 1)):
            path.unlink()
            clock.look(source)
            clock.now += away_s
            path.write_bytes(raw)
            clock.touch(path.name, 400 + away_s)
            clock.go_on(source, clock.now + 1200 - away_s % 1200)
            assert len(clock.dues()) == seen or away_s == 7200
        assert clock.events("missed") == []
        path.unlink()
        clock.look(source)
        clock.now += 31 * 86400
        clock.note("Other.md", "every: 20 min")
        clock.look(source)
    assert [one.note for one in clock.states()] == ["Office/Schedules/Other.md"]


def test_without_the_folder_nothing_runs_and_nothing_is_forgotten(clock: Clockwork) -> None:
    clock.note("Water.md", "every: 20 min")
    folder = clock.office.root / "Office/Schedules"
    with clock.open() as source:
        clock.look(source)
        folder.rename(folder.with_name("Away"))
        clock.now += 100
        assert clock.look(source) == 60.0
        folder.with_name("Away").rename(folder)
        clock.go_on(source, MONDAY + 1200)
    assert clock.dues() == ["2026-11-30T08:20"]
