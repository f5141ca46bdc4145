"""What is said of listening: from beats alone, once, in the same words till it changes."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.ears import beats
from factotum.ears.beats import Beat
from factotum.ears.health import GONE_S, LASTS_S, LOGIN_SOON_S, OVERDUE_S, Health, wanted
from factotum.ledger import Ledger
from factotum.reading import read
from factotum.rooms import Clock
from factotum.settings import load
from factotum.views.notices import Notices
from factotum.views.views import snapshot_path
from factotum.watcher import Premises
from orchestrator import Orchestrator
from tests.office import Hands, TestOffice, opened

HOUR = 3600.0
START = 1_795_000_000.0  # Wed 18 Nov 2026, 11:06:40 UTC
MAIL = Beat(
    "mail ann@example.test", os.getpid(), START, 1740.0, answered=START, rests_till=START + 1740
)


class House:
    """The beats of one house, read by a clock that stands still till it is told to go on."""

    def __init__(self, state: Path) -> None:
        self.state, self.hands, self.dead, self.wanted = state, Hands(START), set[int](), True
        state.mkdir(exist_ok=True)
        clock = Clock(lambda: self.hands.wall, lambda: self.hands.mono)
        clock.zone = lambda at: datetime.fromtimestamp(at, UTC)  # type: ignore[method-assign]
        self.health = Health(state, clock, lambda _: self.wanted, lambda pid: pid not in self.dead)

    def write(self, beat: Beat) -> None:
        beats.write(self.state, beat)

    def said(self) -> list[str]:
        return [f"{ill.source} {ill.text}" for ill in self.health.ills()]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "state")


def test_what_goes_well_is_not_mentioned(house: House) -> None:
    assert house.said() == []
    house.write(MAIL)
    assert house.said() == []


def test_a_trouble_is_told_with_its_time_and_cause(house: House) -> None:
    house.write(replace(MAIL, since=START, trouble="the server is away."))
    (said,) = house.said()
    assert said == (
        "mail ann@example.test hears nothing since Wed 18 Nov 11:06: the server is away."
    )
    house.write(MAIL)
    assert house.said() == []


def test_words_stay_the_same_while_time_goes_on(house: House) -> None:
    house.write(replace(MAIL, since=START, trouble="the server is away."))
    before, stamp = house.said(), house.health.stamp()
    house.hands.go(LASTS_S / 2)
    assert (house.said(), house.health.stamp()) == (before, stamp)
    house.hands.go(LASTS_S)
    assert house.said() == before
    assert house.health.stamp() != stamp  # now it is worth a sign, so there is to be a look


def test_a_process_that_ended_is_told_when_it_does_not_come_back(house: House) -> None:
    house.write(MAIL)
    house.dead.add(MAIL.pid)
    assert house.said() == []
    house.hands.go(GONE_S + 1)
    (said,) = house.said()
    assert "its process has ended" in said
    assert "factotum watchers run mail" in said
    house.dead.clear()
    assert house.said() == []


def test_a_process_that_ended_is_not_missed_where_nobody_wants_it(house: House) -> None:
    house.write(MAIL)
    house.dead.add(MAIL.pid)
    house.wanted = False
    house.said()
    house.hands.go(GONE_S + 1)
    assert house.said() == []


def test_who_looked_just_once_is_not_missed_afterwards(house: House) -> None:
    house.write(replace(MAIL, rests_till=0.0))
    house.dead.add(MAIL.pid)
    house.said()
    house.hands.go(GONE_S + 1)
    assert house.said() == []


def test_one_that_does_not_look_again_hangs(house: House) -> None:
    house.write(MAIL)
    house.hands.go(MAIL.every_s + 1)
    assert house.said() == []  # it may be about to
    house.hands.go(max(OVERDUE_S, MAIL.every_s))
    (said,) = house.said()
    assert "hangs: it was to look again Wed 18 Nov" in said


def test_the_time_that_a_machine_sleeps_makes_nobody_hang(house: House) -> None:
    house.write(MAIL)
    house.said()
    house.hands.wall += 9 * HOUR  # the other clock stands still while it sleeps
    assert house.said() == []


def test_silence_is_told_where_something_comes_otherwise(house: House) -> None:
    beat = replace(MAIL, silent_s=6 * HOUR, heard=START, rests_till=START + 10 * HOUR)
    house.write(beat)
    house.hands.go(6 * HOUR)
    assert house.said() == []
    house.hands.go(1)
    (said,) = house.said()
    assert "has had no news since Wed 18 Nov 11:06; something comes within 6 h otherwise" in said


def test_silence_is_not_told_before_the_first_look_after_a_start(house: House) -> None:
    house.write(replace(MAIL, silent_s=HOUR, heard=START - 9 * HOUR, answered=START - 9 * HOUR))
    assert house.said() == []
    house.write(replace(MAIL, silent_s=HOUR, heard=START - 9 * HOUR, answered=START + 1))
    (said,) = house.said()
    assert "has had no news since Wed 18 Nov 02:06" in said


def test_one_that_takes_long_to_hand_in_does_not_hang(house: House) -> None:
    beat = MAIL
    for _ in range(5):
        house.write(beat)
        house.hands.go(OVERDUE_S - 100)
        assert house.said() == []
        beat = replace(beat, heard=house.hands.wall)


def test_a_login_that_ends_is_told_three_days_ahead(house: House) -> None:
    house.write(replace(MAIL, login_ends=START + LOGIN_SOON_S + 60))
    assert house.said() == []
    house.hands.go(61)
    (said,) = house.said()
    assert "its login ends Sat 21 Nov" in said


def test_what_is_wrong_with_one_thing_among_many_stands_there(house: House) -> None:
    house.write(replace(MAIL, remarks={"https://a.example.test/feed": "is no feed"}))
    (said,) = house.said()
    assert said.endswith("https://a.example.test/feed: is no feed")


def test_beats_are_read_again_only_when_one_was_written(house: House) -> None:
    house.write(MAIL)
    path = next((house.state / beats.FOLDER).glob("*.json"))
    old = os.stat(path.parent).st_mtime - 60
    os.utime(path.parent, (old, old))
    assert house.said() == []
    path.write_bytes(json.dumps({"source": "mail x", "pid": 1, "began": 1.0}).encode())
    assert [beat.source for beat in house.health._beats()] == [MAIL.source]
    house.write(replace(MAIL, trouble="away", since=START))
    assert len(house.said()) >= 1


def test_a_notice_is_made_though_the_clock_goes_on_meanwhile(house: House) -> None:
    house.write(replace(MAIL, silent_s=HOUR, rests_till=START + 10 * HOUR))
    house.hands.go(HOUR + 1)
    looked_at = house.hands.wall
    house.hands.go(0.001)
    ledger = Ledger(house.state / "ledger.db")
    told = Notices(ledger, lambda at: datetime.fromtimestamp(at, UTC))
    house.health.tell(told, looked_at)
    assert [row["kind"] for row in ledger.db.execute("SELECT kind FROM notice")] == ["listening"]
    ledger.close()


def test_a_real_process_that_ended_counts_as_gone(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / "state").mkdir()
    hands = Hands(START)
    health = Health(tmp_path / "state", Clock(lambda: hands.wall, lambda: hands.mono))
    beats.write(tmp_path / "state", replace(MAIL, pid=ended.pid))
    health.ills()
    hands.go(GONE_S + 1)
    assert len(health.ills()) == 1


@pytest.mark.parametrize(
    ("named", "watcher", "is_wanted"),
    [
        ("all", "schedule", True),
        ("none", "schedule", True),  # PM2 runs it
        ("mail, fs", "schedule", False),
        ("schedule", "schedule", True),
        ("all", "mail", False),  # no mailbox is set up
        ("all", "there_is_none_of_this_name", False),
    ],
)
def test_which_watchers_are_wanted(
    tmp_path: Path, named: str, watcher: str, is_wanted: bool
) -> None:
    settings = load({"FACTOTUM_WATCHERS": named})
    premises = Premises(settings, tmp_path, tmp_path, lambda at: datetime.fromtimestamp(at, UTC),
                        read)  # fmt: skip
    assert wanted(premises)(watcher) == is_wanted


# -- in the office


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return TestOffice(tmp_path, {"FACTOTUM_WATCHERS": "none"})


@pytest.fixture
def door(office: TestOffice) -> Iterator[Orchestrator]:
    with opened(office) as door:
        yield door


def notices(office: TestOffice) -> list[tuple[str, str, int]]:
    with sqlite3.connect(office.state / "ledger.db") as db:
        return db.execute("SELECT kind, text, urgent FROM notice ORDER BY seq").fetchall()


def look(office: TestOffice, door: Orchestrator, seconds: float = 30.0) -> bool:
    """One tick later; whether it looked at everything."""
    before = door.idle.whole_at
    office.hands.go(seconds)
    door.tick()
    return door.idle.whole_at > before


def test_a_login_that_is_refused_is_told_at_once_and_once(
    office: TestOffice, door: Orchestrator
) -> None:
    wrong = replace(MAIL, since=office.hands.wall, trouble="login refused. See docs", login=True)
    for _ in range(6):
        look(office, door)
    assert not look(office, door)  # an office that nobody needs is at rest
    beats.write(office.state, replace(wrong, rests_till=office.hands.wall + 5000))
    assert look(office, door)
    (notice,) = notices(office)
    assert notice[0::2] == ("login", 1)
    assert "login refused" in notice[1]
    shown = json.loads(snapshot_path(office.state).read_bytes())
    assert "login refused" in shown["health"]["problems"][0]["reason"]
    for _ in range(4):
        look(office, door, 100)
    assert "hears nothing since" in (office.root / "Dashboard.md").read_text()
    assert not look(office, door)
    beats.write(office.state, replace(MAIL, rests_till=office.hands.wall + 5000))
    assert look(office, door)
    for _ in range(4):
        look(office, door, 100)
    assert "hears nothing since" not in (office.root / "Dashboard.md").read_text()
    assert len(notices(office)) == 1


def test_a_server_that_is_away_is_told_when_that_lasts(
    office: TestOffice, door: Orchestrator
) -> None:
    beat = replace(MAIL, rests_till=office.hands.wall + 50_000, trouble="it is away")
    beats.write(office.state, replace(beat, since=office.hands.wall))
    for _ in range(6):
        look(office, door)
    assert notices(office) == []
    assert not look(office, door)
    assert look(office, door, LASTS_S)
    ((kind, text, urgent),) = notices(office)
    assert (kind, urgent) == ("listening", 0)
    assert text.startswith("mail ann@example.test hears nothing since")
