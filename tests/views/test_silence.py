"""That sync stopped is told where something usually comes, and nowhere else."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.ledger import Ledger
from factotum.vault import ALL_FOLDERS
from factotum.views.silence import EVERY_S, PAUSES_LEAST, Silence
from tests.office import TestOffice, opened

HOUR, DAY = 3600.0, 24 * 3600.0


class House:
    """A vault with a folder of the person's own, and a clock that a test moves."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "vault"
        for name in (*ALL_FOLDERS, "Diary", ".factotum"):
            (self.root / name).mkdir(parents=True)
        self.ledger = Ledger(folder / "ledger.db")
        self.now = os.stat(self.root).st_mtime + HOUR  # what was made for the test is past
        self.mono = 0.0
        self.silence = self.begun()
        self.go(0)

    def begun(self) -> Silence:
        return Silence(self.root, self.ledger, lambda at: datetime.fromtimestamp(at, UTC))

    def go(self, seconds: float) -> None:
        self.now += seconds
        self.mono += max(seconds, EVERY_S)
        self.silence.look(self.now, self.mono)

    def synced(self) -> None:
        """A phone's note comes into the folder."""
        os.utime(self.root / "Diary", (self.now, self.now))

    def usually(self, every_s: float, times: int = PAUSES_LEAST + 2) -> None:
        for _ in range(times):
            self.synced()
            self.go(every_s)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.ledger.close()


def test_a_vault_to_which_nothing_comes_is_not_missed(house: House) -> None:
    house.go(365 * DAY)
    assert house.silence.since() is None


def test_a_silence_four_times_as_long_as_usual_is_told(house: House) -> None:
    house.usually(10 * HOUR)
    last = house.now - 10 * HOUR
    house.go(29 * HOUR)
    assert house.silence.since() is None
    house.go(2 * HOUR)
    assert house.silence.since() == last
    (problem,) = house.silence.problems()
    assert "usually something comes within 10 h" in problem.reason
    assert f"{datetime.fromtimestamp(last, UTC):%H:%M}" in problem.reason
    house.synced()
    house.go(HOUR)
    assert house.silence.problems() == []


def test_a_day_is_no_silence_however_busy_it_is_otherwise(house: House) -> None:
    house.usually(HOUR, 60)
    house.go(22 * HOUR)
    assert house.silence.since() is None
    house.go(2 * HOUR)
    assert house.silence.since() is not None


def test_many_changes_in_one_visit_are_one(house: House) -> None:
    house.usually(60, 200)
    house.go(3 * DAY)
    assert house.silence.since() is None  # nothing is usual yet


def test_one_that_is_off_misses_nothing_meanwhile(house: House) -> None:
    house.usually(10 * HOUR)
    house.silence.away(house.now, house.now + 5 * DAY)
    house.go(5 * DAY)
    assert house.silence.since() is None
    house.go(41 * HOUR)
    assert house.silence.since() is not None


def test_what_is_usual_is_remembered_over_a_restart(house: House) -> None:
    house.usually(10 * HOUR)
    house.silence = house.begun()
    house.go(41 * HOUR)
    assert house.silence.since() is not None


def test_our_own_folders_and_a_clock_that_is_ahead_say_nothing(house: House) -> None:
    house.usually(10 * HOUR)
    house.go(41 * HOUR)
    for name in ALL_FOLDERS:
        os.utime(house.root / name, (house.now, house.now))
    os.utime(house.root / "Diary", (house.now + DAY, house.now + DAY))
    house.go(EVERY_S)
    assert house.silence.since() is not None


@pytest.mark.parametrize(
    ("kind", "data", "counts"),
    [
        ("decided", {"channel": "move"}, True),
        ("decided", {"channel": "tick"}, True),
        ("decided", {"channel": "cli"}, False),  # that came by no sync
        ("decided", {"channel": "rule"}, False),
        ("task", {"source": ""}, True),
        ("task", {"source": "inbox"}, True),
        ("task", {"source": "mail ann@example.test"}, False),
        ("added", {}, True),
        ("ended", {}, False),
    ],
)
def test_what_a_person_did_in_the_vault_counts(
    house: House, kind: str, data: dict[str, str], *, counts: bool
) -> None:
    house.usually(10 * HOUR)
    house.go(41 * HOUR)
    house.ledger.event(kind, house.now, **data)
    house.go(EVERY_S)
    assert (house.silence.since() is None) == counts


def test_nothing_is_written_while_nothing_comes(house: House) -> None:
    house.usually(10 * HOUR)
    house.go(HOUR)
    before = house.ledger.db.total_changes
    for _ in range(100):
        house.go(HOUR)
    assert house.ledger.db.total_changes == before


def test_a_note_at_the_top_counts_by_when_it_came_not_by_its_own_time(tmp_path: Path) -> None:
    house = House(tmp_path)
    note = house.root / "Diary.md"
    note.write_text("From the phone.\n")
    os.utime(note, (1, 1))
    house.now = os.stat(note).st_ctime + 1
    house.go(0)
    assert house.silence._known().last == pytest.approx(os.stat(note).st_ctime)
    (house.root / "Dashboard.md").write_text("Ours.\n")
    came = house.silence._known().last
    house.now = os.stat(house.root / "Dashboard.md").st_ctime + 1
    house.go(0)
    assert house.silence._known().last == came
    house.ledger.close()


def test_the_office_tells_it_once_and_takes_it_back(tmp_path: Path) -> None:
    office = TestOffice(tmp_path, {"FACTOTUM_WATCHERS": "none"})
    diary = office.root / "Diary"
    diary.mkdir()
    office.hands.wall = os.stat(office.root).st_mtime + HOUR

    with opened(office) as door:

        def live(seconds: float) -> None:
            for _ in range(round(seconds / 1200)):
                office.hands.go(1200)
                door.tick()

        def notices() -> int:
            with sqlite3.connect(office.state / "ledger.db") as db:
                asked = "SELECT count(*) FROM notice WHERE kind = 'sync'"
                return int(db.execute(asked).fetchone()[0])

        for _ in range(PAUSES_LEAST + 2):
            os.utime(diary, (office.hands.wall, office.hands.wall))
            live(8 * HOUR)
        assert notices() == 0
        live(30 * HOUR)
        assert notices() == 1
        assert "nothing came from another device" in (office.root / "Dashboard.md").read_text()
        live(5 * HOUR)
        os.utime(diary, (office.hands.wall, office.hands.wall))
        live(2 * HOUR)
        assert notices() == 1
        assert "another device" not in (office.root / "Dashboard.md").read_text()
