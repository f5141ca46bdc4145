"""After a time off there is one note: how long, what was missed, what waits, what was sent."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from factotum.ears import listening
from factotum.ears.house import room_of
from factotum.ledger import Ledger
from factotum.views.outage import SETTLES_S
from orchestrator import Orchestrator, open_rooms
from tests.office import TestOffice, opened
from tests.watchers.test_schedule_missed import JOBS, NEXT, SUNDAY

HOUR = 3600.0

ASK = """
when: {kind: note}
do:
  - mail__send: {to: [bob@example.test], subject: Hi, body: "two lines"}
"""


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    env = {
        "FACTOTUM_WATCHERS": "none",
        "FACTOTUM_SMTP_HOST": "127.0.0.1",
        "FACTOTUM_SMTP_PORT": "9",
    }
    office = TestOffice(tmp_path, {**env, "FACTOTUM_SMTP_SECURITY": "none"})
    office.playbook(ASK)
    return office


@contextmanager
def open_for(office: TestOffice) -> Iterator[Orchestrator]:
    """An orchestrator that has been started to stay, before its first tick."""
    with opened(office) as door:
        door.asides.begin()
        door._after_the_break()
        yield door


def live(office: TestOffice, door: Orchestrator, seconds: float) -> None:
    """Ticks for so long, every half minute."""
    for _ in range(round(seconds / 30)):
        office.hands.go(30)
        door.tick()


def missed(
    office: TestOffice, title: str, count: int, policy: str, done: int | None = None
) -> None:
    """What the schedules leave in the ledger."""
    ledger = Ledger(office.state / "ledger.db")
    ledger.event("missed", office.hands.wall, schedule="Office/Schedules/x.md", title=title,
                 policy=policy, count=count, first="2026-11-18T03:00:00+00:00",
                 last="2026-11-18T05:00:00+00:00",
                 done=count if done is None else done)  # fmt: skip
    ledger.close()


def look_at_schedules(office: TestOffice) -> None:
    """One look of the watcher of schedules, as beside an office in a process of its own."""
    rooms = open_rooms(office.settings(), office.root, office.clock(), guest=True)

    def desk(deed: Callable[..., object], *args: object, **kwargs: object) -> object:
        return deed(*args, **kwargs)

    room = room_of(rooms.settings, rooms.vault, rooms.ledger, rooms.state, desk, rooms.clock)
    assert listening.once(room, ["schedule"]) == (["schedule"], {})
    rooms.close()


def test_a_night_off_is_told_in_one_note(office: TestOffice) -> None:
    office.type("Write to Bob.\n")
    office.run()
    assert office.card().status == "pending"
    with open_for(office) as door:
        live(office, door, 60)
    office.hands.go(7.5 * HOUR)
    with open_for(office) as door:
        door.tick()
        assert office.files("Briefings") == []
        missed(office, "Read the [[news]]", 3, "once")
        missed(office, "Sweep", 2, "once", done=0)
        live(office, door, SETTLES_S + 30)
        live(office, door, 900)
    text = office.one("Briefings").read_text()
    assert "Off from " in text
    assert ", 8 h." in text
    assert re.search(r" · \[\[x\]\]: 3 runs \((Tue 17|Wed 18) Nov", text)  # by where one is
    assert "; done once now\n" in text
    assert "; left out, since the one before is not finished\n" in text
    assert "[[news]]" not in text  # a title makes no link
    assert f"[[{office.one('Pending_Approval').stem}]]" in text
    assert text.endswith("## What was sent or changed outside meanwhile\n\nNothing.\n")
    with sqlite3.connect(office.state / "ledger.db") as db:
        told = db.execute("SELECT text FROM notice WHERE kind = 'outage'").fetchall()
    assert len(told) == 1
    assert office.one("Briefings").name in told[0][0]


def test_the_schedules_of_that_time_stand_in_it(office: TestOffice) -> None:
    office.hands.wall = time.time()  # notes have the times of the real clock
    for policy in ("once", "skip"):
        note = office.root / f"Office/Schedules/{policy} an hour.md"
        note.write_text(f"---\nevery: 1 h\nmissed: {policy}\n---\nWater the plants.\n")
    with open_for(office) as door:
        office.hands.go(5)
        look_at_schedules(office)
        live(office, door, 60)
    office.hands.go(4.2 * HOUR)
    with open_for(office) as door:
        door.tick()
        look_at_schedules(office)
        live(office, door, SETTLES_S + 30)
    text = office.one("Briefings").read_text()
    assert re.search(r"- once an hour · \[\[once an hour\]\]: 4 runs \(.+\); done once now\n", text)
    assert re.search(r"- skip an hour · \[\[skip an hour\]\]: 4 runs \(.+\); left out\n", text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("once", "done once now"),
        ("skip", "left out"),
        ("each", "all done now, the oldest first"),
        ("ask", "you are asked"),
    ],
)
def test_after_a_week_off_ten_schedules_stand_in_it(
    office: TestOffice, policy: str, said: str
) -> None:
    office.hands.wall = SUNDAY
    for title, (props, _) in JOBS.items():
        note = office.root / f"Office/Schedules/{title}.md"
        note.write_text(f"---\n{props}\nmissed: {policy}\ntimezone: Europe/Berlin\n---\nDo it.\n")
        os.utime(note, (SUNDAY - HOUR, SUNDAY - HOUR))
    with open_for(office) as door:
        look_at_schedules(office)
        live(office, door, 60)
    office.hands.wall = NEXT
    with open_for(office) as door:
        door.tick()
        look_at_schedules(office)
        live(office, door, SETTLES_S + 30)
    text = office.one("Briefings").read_text()
    print(f"\nmissed: {policy}\n\n{text}")
    lines = dict(re.findall(r"^- (\w+) · \[\[\1\]\]: (\d+) runs? \(", text, re.MULTILINE))
    on_time = {"tasks": 1}  # 12:30 is one of its moments
    assert lines == {title: str(n - on_time.get(title, 0)) for title, (_, n) in JOBS.items()}
    became = dict(re.findall(r"^- (\w+) · .+; (.+)$", text, re.MULTILINE))
    assert became["briefing"] == said
    if policy == "each":
        assert became["tasks"] == "50 of them done now, the oldest first"
        assert became["backup"] == "done now"


def test_a_machine_that_slept_is_told_of_too(office: TestOffice) -> None:
    with open_for(office) as door:
        live(office, door, 60)
        office.hands.wall += 9 * HOUR  # the other clock stands still while it sleeps
        door.tick()
        live(office, door, SETTLES_S + 30)
        assert ", 9 h." in office.one("Briefings").read_text()
        live(office, door, 900)
        assert len(office.files("Briefings")) == 1


def test_a_short_stop_is_not_worth_a_note(office: TestOffice) -> None:
    with open_for(office) as door:
        live(office, door, 60)
    office.hands.go(0.9 * HOUR)
    with open_for(office) as door:
        live(office, door, 300)
    assert office.files("Briefings") == []


@pytest.mark.parametrize("off_s", [HOUR * 2, HOUR * 24 * 400])
def test_who_wants_no_note_gets_none(office: TestOffice, off_s: float) -> None:
    office.env["FACTOTUM_OUTAGE_S"] = "0"
    with open_for(office) as door:
        live(office, door, 60)
    office.hands.go(off_s)
    with open_for(office) as door:
        live(office, door, 300)
    assert office.files("Briefings") == []


def test_one_pass_now_and_then_is_no_outage(office: TestOffice) -> None:
    for _ in range(2):
        office.run()
        office.hands.go(24 * HOUR)
    assert office.files("Briefings") == []


def test_a_start_that_is_killed_before_the_note_leaves_it_to_the_next(office: TestOffice) -> None:
    with open_for(office) as door:
        live(office, door, 60)
    office.hands.go(2 * HOUR)
    for _ in range(3):
        with open_for(office) as door:
            door.tick()
        office.hands.go(10)
    with open_for(office) as door:
        live(office, door, SETTLES_S + 30)
    assert ", 2 h." in office.one("Briefings").read_text()


def test_a_note_that_was_written_before_a_crash_is_not_written_again(office: TestOffice) -> None:
    with open_for(office) as door:
        live(office, door, 60)
    office.hands.go(2 * HOUR)
    with open_for(office) as door:
        door.tick()
        db = door.rooms.ledger.db
        db.execute("CREATE TRIGGER crash BEFORE INSERT ON event WHEN new.kind = 'outage'"
                   " BEGIN SELECT raise(ABORT, 'killed here'); END")  # fmt: skip
        office.hands.go(SETTLES_S + 30)
        with pytest.raises(sqlite3.IntegrityError):
            door.tick()
        db.execute("DROP TRIGGER crash")
    note = office.one("Briefings")
    note.write_text(f"{note.read_text()}\nRead.\n")
    with open_for(office) as door:
        live(office, door, 300)
    assert office.one("Briefings").read_text().endswith("Read.\n")
    assert sum(event["kind"] == "outage" for event in office.events()) == 1


def test_what_was_begun_in_that_time_is_not_kept_silent(office: TestOffice) -> None:
    office.type("Write to Bob.\n")
    with open_for(office) as door:
        live(office, door, 60)
    office.run()
    card = office.card()
    office.hands.go(2 * HOUR)
    with sqlite3.connect(office.state / "ledger.db") as db:  # another program, a clock set wrong
        db.execute("PRAGMA foreign_keys = OFF")
        at = office.hands.wall - HOUR
        db.execute("INSERT INTO attempt VALUES (?, 1, 1, 'key', ?, NULL)", (card.id, at))
    with open_for(office) as door:
        live(office, door, SETTLES_S + 30)
    sent = office.one("Briefings").read_text().partition("## What was sent")[2]
    assert f"[[{card.name.removesuffix('.md')}]]" in sent


def test_a_folder_that_cannot_be_written_stops_nothing_else(office: TestOffice) -> None:
    with open_for(office) as door:
        live(office, door, 60)
        office.hands.wall += 2 * HOUR
        door.tick()
        (office.root / "Briefings").rmdir()
        (office.root / "Briefings").symlink_to(office.folder / "nowhere" / "deep")
        live(office, door, SETTLES_S + 60)
        assert any(
            "cannot be written in" in problem.reason for problem in door.asides.outage.problems()
        )
        (office.root / "Briefings").unlink()
        live(office, door, 700)
        assert door.asides.outage.problems() == []
    assert len(office.files("Briefings")) == 1
