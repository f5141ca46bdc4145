"""Schedules over the days on which clocks are changed, with sleep and wrong clocks; and kills."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from factotum.ledger import Ledger
from tests.office import TestOffice
from tests.prove import figures
from tests.watchers.clockwork import BERLIN, NEW_YORK, Clockwork, at
from watchers.schedule_watcher import Schedules

pytestmark = [pytest.mark.prove, pytest.mark.slow]

REPOSITORY = Path(__file__).resolve().parents[2]

SPRING = {BERLIN: "2026-03-29", NEW_YORK: "2026-03-08"}
AUTUMN = {BERLIN: "2026-10-25", NEW_YORK: "2026-11-01"}

#: What each schedule is expected to run at on such a day when nothing else happens.
PLAIN = {
    "daily.md": 'cron: "0 9 * * *"',
    "night.md": 'cron: "30 2 * * *"',
    "early.md": 'cron: "30 1 * * *"',
    "hours.md": 'cron: "15 0-4 * * *"',
    "hourly.md": 'cron: "0 * * * *"',
    "every.md": "every: 6 h",
}
HOURS = [f"{hour:02}:00" for hour in range(24)]


def expected(spring: bool) -> dict[str, list[str]]:
    gap = "02" if spring else ""
    night = "03:00" if spring else "02:30"
    hours = ["00:15", "01:15", "03:00" if spring else "02:15", "03:15", "04:15"]
    every = ["07:00", "13:00", "19:00"] if spring else ["05:00", "11:00", "17:00", "23:00"]
    return {
        "daily": ["09:00"],
        "night": [night],
        "early": ["01:30"],
        "hours": hours,
        "hourly": [one for one in HOURS if one[:2] != gap],
        "every": ["00:00", *every],
    }


def seen(clock: Clockwork, day: str) -> dict[str, list[str]]:
    """When the runs of that day were due, by schedule, as the wall clock there showed it."""
    found: dict[str, list[str]] = {}
    for task in clock.tasks():
        if (fact := task.facts.get("schedule")) and str(fact["due"]).startswith(day):
            name = str(fact["note"]).rpartition("/")[2].removesuffix(".md")
            found.setdefault(name, []).append(str(fact["due"])[11:16])
    return found


def started(tmp_path: Path, zone: ZoneInfo, day: str, missed: str = "once") -> Clockwork:
    """The day before at 18:00, by a machine in that zone."""
    clock = Clockwork(TestOffice(tmp_path), zone)
    midnight = at(f"{day}T00:00", zone)
    clock.now = midnight - 6 * 3600
    for name, when in PLAIN.items():
        clock.note(name, f"{when}\nmissed: {missed}", age_s=7200)
    return clock


def by(clock: Clockwork, until: float, step_s: float = 300.0) -> None:
    """Goes on till then, and does at once whatever comes."""
    with clock.open() as source:
        walk(clock, source, until, step_s)


def walk(clock: Clockwork, source: Schedules, until: float, step_s: float = 300.0) -> None:
    """The same with a watcher that runs already."""
    while clock.now < until:
        pause = clock.look(source)
        clock.done()
        clock.now = min(until, clock.now + min(step_s, max(pause, 0.1)))
    clock.look(source)
    clock.done()


def show(title: str, wanted: dict[str, list[str]], found: dict[str, list[str]]) -> None:
    """The table for whoever reads along (`pytest -s`), and for a failure."""
    print(f"\n{title}")
    for name, dues in wanted.items():
        print(f"{name:<7} expected {len(dues):>2}: {' '.join(dues) or '-'}")
        print(f"{'':<7} seen     {len(found.get(name, [])):>2}: {' '.join(found.get(name, ['-']))}")


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
@pytest.mark.parametrize("spring", [True, False])
def test_a_day_on_which_the_clock_is_changed(tmp_path: Path, zone: ZoneInfo, spring: bool) -> None:
    day = (SPRING if spring else AUTUMN)[zone]
    clock = started(tmp_path, zone, day)
    by(clock, at(f"{day}T23:59", zone))
    wanted, found = expected(spring), seen(clock, day)
    if not spring:  # every hour in real time: the one that comes twice runs twice
        twice = 2 if zone is BERLIN else 1
        wanted["hourly"] = sorted([*HOURS, f"{twice:02}:00"])
    show(f"{day} {zone.key}", wanted, found)
    assert found == wanted
    assert clock.events("missed") == []
    figures.add("schedules", days=1, runs=sum(map(len, found.values())))


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
@pytest.mark.parametrize("spring", [True, False])
@pytest.mark.parametrize("policy", ["once", "skip", "each", "ask"])
def test_the_same_day_asleep_from_half_past_twelve_to_half_past_four(
    tmp_path: Path, zone: ZoneInfo, spring: bool, policy: str
) -> None:
    day = (SPRING if spring else AUTUMN)[zone]
    clock = started(tmp_path, zone, day, policy)
    by(clock, at(f"{day}T00:30", zone))
    clock.now = at(f"{day}T04:30", zone)
    by(clock, at(f"{day}T23:59", zone))
    whole = expected(spring)
    if not spring:
        whole["hourly"] = sorted([*HOURS, "02:00" if zone is BERLIN else "01:00"])
    asleep = {
        name: [one for one in dues if "00:30" < one < "04:30"] for name, dues in whole.items()
    }
    wanted = {}
    for name, dues in whole.items():
        kept = [one for one in dues if one not in asleep[name]]
        made = {"once": asleep[name][-1:], "each": asleep[name]}.get(policy, [])
        wanted[name] = sorted([*kept, *made])
    assert seen(clock, day) == {name: dues for name, dues in wanted.items() if dues}
    counts = {event["title"]: event["count"] for event in clock.events("missed")}
    assert counts == {name: len(dues) for name, dues in asleep.items() if dues}
    asked = [task.title for task in clock.tasks() if "missed_runs" in task.facts]
    assert len(asked) == (len(counts) if policy == "ask" else 0)
    figures.add("schedules", days=1, missed=sum(counts.values()))


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
@pytest.mark.parametrize("spring", [True, False])
@pytest.mark.parametrize("policy", ["once", "skip", "each"])
def test_the_same_day_with_a_sleep_and_a_clock_that_is_set(
    tmp_path: Path, zone: ZoneInfo, spring: bool, policy: str
) -> None:
    """Asleep while the clock is changed; then set five hours ahead for a while, and two back."""
    day = (SPRING if spring else AUTUMN)[zone]
    clock = started(tmp_path, zone, day, policy)

    def shown(moment: str) -> float:
        return at(f"{day}T{moment}", zone)

    with clock.open() as source:
        walk(clock, source, shown("00:30"))
        clock.now = shown("04:30")  # awake
        walk(clock, source, shown("10:20"))
        clock.now = shown("15:20")  # set wrongly
        walk(clock, source, shown("15:40"))
        clock.now = shown("10:40")  # right again: what came due too early is not due again
        walk(clock, source, shown("18:20"))
        clock.now = shown("16:20")
        walk(clock, source, shown("17:20"))
        clock.now = shown("19:20")  # two hours late: 19:00 was missed, 18:00 was not
        walk(clock, source, shown("23:59"))
    whole = expected(spring)
    if not spring:
        whole["hourly"] = sorted([*HOURS, "02:00" if zone is BERLIN else "01:00"])
    wanted, found = {}, seen(clock, day)
    for name, dues in whole.items():
        asleep = [due for due in dues if "00:30" < due < "04:30"]
        late = [due for due in dues if "18:20" < due < "19:20"]
        made_up = {"skip": 0, "once": 1}.get(policy, len(dues))
        lost = Counter(asleep[: max(0, len(asleep) - made_up)])
        lost += Counter(late[: max(0, len(late) - made_up)])
        wanted[name] = sorted((Counter(dues) - lost).elements())
    show(f"{day} {zone.key}, a sleep and a clock that is set, missed: {policy}", wanted, found)
    assert {name: sorted(dues) for name, dues in found.items()} == {
        name: dues for name, dues in wanted.items() if dues
    }
    figures.add("schedules", days=1, jumps=4, runs=sum(map(len, found.values())))


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_clock_does_no_run_is_made_twice(
    tmp_path: Path, zone: ZoneInfo, seed: int
) -> None:
    """Sleeps, restarts and jumps of the clock by chance, over both changes of the year."""
    chance = random.Random(f"{zone.key} {seed}")
    day = (SPRING if seed % 2 else AUTUMN)[zone]
    clock = started(tmp_path, zone, day, chance.choice(["once", "skip", "each"]))
    real, off_by = clock.now, 0.0
    end = at(f"{day}T23:59", zone) + 86400
    jumps = 0
    while real < end:
        with clock.open() as source:
            for _ in range(chance.randint(1, 12)):
                clock.now = real + off_by
                pause = clock.look(source)
                clock.done()
                step = chance.choice([min(max(pause, 1.0), 900.0), chance.uniform(1, 9000)])
                real += step
                if chance.random() < 0.15:
                    off_by, jumps = chance.choice([0.0, 0.0, -7200.0, 5400.0, 40000.0]), jumps + 1
        if real >= end - 7200:
            off_by = 0.0
    clock.now = real
    clock.start()
    dues = [(f["note"], f["due"]) for t in clock.tasks() if (f := t.facts.get("schedule"))]
    assert len(dues) == len(set(dues)) and len(dues) > 10
    figures.add("schedules", jumps=jumps, runs=len(dues))


def test_a_watcher_that_is_killed_twenty_times_makes_each_run_once(tmp_path: Path) -> None:
    """The real process, by the machine's clock: one note for each second, and kills by chance."""
    office = TestOffice(tmp_path)
    office.state.mkdir(mode=0o700)
    notes, start = 24, time.time() + 2.0
    for n in range(notes):
        due = datetime.fromtimestamp(start + n * 0.6, UTC)
        text = f"---\nat: {due:%Y-%m-%dT%H:%M:%SZ}\n---\n# Job {n}\n\nDo it.\n"
        (office.root / f"Office/Schedules/{n}.md").write_text(text)
    env = {
        "PATH": os.environ["PATH"],
        "FACTOTUM_VAULT": str(office.root),
        "FACTOTUM_STATE_DIR": str(office.state),
        "FACTOTUM_SETTLE_S": "0",
        "HOME": str(tmp_path),
    }
    command = [sys.executable, "-m", "watchers", "schedule"]
    chance, kills = random.Random(7), 0
    while kills < 20 or time.time() < start + notes * 0.6:
        with subprocess.Popen(
            command, cwd=REPOSITORY, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            time.sleep(chance.uniform(0.4, 1.6))
            process.send_signal(signal.SIGKILL)
        kills += 1
    once = subprocess.run(
        [*command, "--once"], cwd=REPOSITORY, env=env, capture_output=True, check=False
    )
    assert once.returncode == 0, once.stderr
    ledger = Ledger(office.state / "ledger.db")
    titles = [row["title"] for row in ledger.db.execute("SELECT title FROM task")]
    ledger.close()
    assert sorted(titles) == sorted(f"Job {n}" for n in range(notes))
    assert len(office.files("Needs_Action")) == notes
    figures.add("schedules", kills=kills, runs=notes)
