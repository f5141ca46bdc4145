"""Recordings that are dropped into the Inbox: heard before their task is made, and paid for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.disk import read_regular
from factotum.intake import LISTENED, Intake, Taken
from factotum.intake_hearing import TOLD_S, Hears, Listens
from factotum.ledger import Ledger
from factotum.model import Trust
from factotum.reader import Reader
from factotum.reading import read
from factotum.vault import ALL_FOLDERS, Vault
from factotum.worker.budget import Budget
from factotum.worker.caps import Caps
from tests.office import TestOffice
from tests.reading.samples import flac, mp3, wav
from tests.servers.transcriber import Transcriber, status

SAID = "Call Anna about the roof."
MEMO = mp3(61, "A memo")
KEEPS = 'when: {kind: file, words: ["anna"]}\ndo:\n  - finish: {summary: "It is about Anna."}\n'


@pytest.fixture
def heard() -> Iterator[Transcriber]:
    with Transcriber() as server:
        server.knows(MEMO, SAID)
        yield server


def office_of(folder: Path, server: Transcriber, **named: str) -> TestOffice:
    env = {"TRANSCRIBE_URL": server.base_url, "TRANSCRIBE_PRICE": "0.006", **named}
    return TestOffice(folder, env={f"FACTOTUM_{name}": value for name, value in env.items()})


def note_of(office: TestOffice) -> str:
    (note,) = [
        text for path in office.root.rglob("*.md") if "## What came" in (text := path.read_text())
    ]
    return note


def budget_of(office: TestOffice) -> Budget:
    ledger = Ledger(office.state / "ledger.db")
    return Budget(ledger, Caps(), lambda at: datetime.fromtimestamp(at, UTC))


def test_what_is_said_stands_in_the_task_and_is_nobodys_order(
    tmp_path: Path, heard: Transcriber
) -> None:
    office = office_of(tmp_path, heard)
    office.playbook(KEEPS)
    office.drop("memo.mp3", MEMO)
    office.run()
    note = note_of(office)
    assert f"What is said in it, as it was heard:\n\n{SAID}\n```" in note
    assert "It is about Anna." in note  # also for a playbook
    assert "not written down" not in note
    (asked,) = heard.asked
    assert (asked.file_name, asked.data) == ("voice.mp3", MEMO)
    budget = budget_of(office)
    (row,) = budget.ledger.db.execute("SELECT root, outside, cost FROM spend").fetchall()
    task = budget.ledger.task(row["root"])
    assert task is not None and (task.title, task.trust) == ("A memo", Trust.STRANGER)
    assert "cost 0.00 USD, and 0.0061 USD to hear it." in note
    assert (row["outside"], row["cost"]) == (1, pytest.approx(6_150, abs=150))
    budget.ledger.close()


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ({"TRANSCRIBE_FILE_MINUTES": "1"}, "it was not heard: transcription"),
        ({"BUDGET_DAY_USD": "0.01"}, "it was not heard: no money is left for it"),  # 30 % of it
    ],
)
def test_one_that_is_not_heard_is_a_task_that_says_why(
    tmp_path: Path, heard: Transcriber, named: dict[str, str], why: str
) -> None:
    office = office_of(tmp_path, heard, **named)
    office.drop("memo.mp3", MEMO)
    office.run()
    assert why in note_of(office)
    assert heard.asked == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("memo.mp3", {"TRANSCRIBE_FILE_MINUTES": "0"}),
        ("memo.mp3", {"TRANSCRIBE_URL": "none"}),
        ("memo.mp4", {}),  # its name says that it is a film
    ],
)
def test_what_nobody_is_to_listen_to_is_kept_as_ever(
    tmp_path: Path, heard: Transcriber, name: str, named: dict[str, str]
) -> None:
    office = office_of(tmp_path, heard, **named)
    office.drop(name, MEMO)
    office.run()
    note = note_of(office)
    assert "What is said in it was not written down." in note and "not heard" not in note
    assert heard.asked == []


@pytest.mark.slow
def test_while_everything_is_stopped_nothing_is_listened_to(
    tmp_path: Path, heard: Transcriber
) -> None:
    office = office_of(tmp_path, heard)
    (office.root / "STOP.md").write_text("")
    office.drop("memo.mp3", MEMO)
    office.run()
    assert "it was not heard: STOP" in note_of(office)
    assert heard.asked == []


@pytest.mark.slow
def test_a_server_that_fails_leaves_a_task_that_says_so(tmp_path: Path, heard: Transcriber) -> None:
    heard.next(status(500))
    office = office_of(tmp_path, heard)
    office.drop("memo.mp3", MEMO)
    office.run()
    assert "it was not heard: transcription" in note_of(office)


# -- at the desk


class Desk:
    """An intake on real folders, and an ear that hears when it is told to."""

    def __init__(self, folder: Path) -> None:
        self.root, self.state = folder / "vault", folder / "state"
        for name in (*ALL_FOLDERS, ".factotum"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        self.state.mkdir(exist_ok=True)
        self.ledger = Ledger(self.state / "ledger.db")
        self.asked: list[str] = []
        self.go = threading.Event()
        self.broken: Exception | None = None
        self.mono = 1000.0
        self.intake = self.begin()

    def begin(self) -> Intake:
        def hears(name: str, seconds: float, task: str) -> Listens:
            self.asked.append(name)

            def listens(data: bytes) -> tuple[str, str]:
                self.go.wait(10)
                if self.broken:
                    raise self.broken
                return f"{name} says {len(data)} bytes.", ""

            return listens

        zone = lambda at: datetime.fromtimestamp(at, UTC)  # noqa: E731
        vault = Vault(self.root, "pi", lambda: self.mono)
        made: Hears = hears
        return Intake(vault, self.ledger, Reader(read_regular), read, self.state, 0.0, zone, made)

    def look(self) -> Taken:
        return self.intake.look(1_795_000_000.0, self.mono)

    def until(self, made: int) -> None:
        ends = time.monotonic() + 20
        while made > 0:
            made -= self.look().made
            assert time.monotonic() < ends
            time.sleep(0.005)

    def drop(self, name: str, data: bytes) -> None:
        (self.root / "Inbox" / name).write_bytes(data)

    def notes(self) -> list[str]:
        return [path.read_text() for path in (self.root / "Needs_Action").iterdir()]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.go.set()
    desk.intake.close()
    desk.ledger.close()


def test_they_are_heard_one_after_the_other_and_keep_no_other_file_waiting(desk: Desk) -> None:
    for n, data in enumerate((wav(1), wav(2), flac(1))):
        desk.drop(f"{n}.wav", data)
    desk.drop("letter.txt", b"Hello.")
    desk.until(1)
    (letter,) = desk.notes()
    assert "Hello." in letter
    for _ in range(50):
        desk.look()
        time.sleep(0.005)
    assert desk.asked == ["0.wav"]
    desk.go.set()
    desk.until(3)
    assert sorted(desk.asked) == ["0.wav", "1.wav", "2.wav"]
    assert sum("bytes." in note for note in desk.notes()) == 3


def test_the_same_recording_twice_is_heard_once(desk: Desk) -> None:
    desk.drop("a.wav", wav(1))
    desk.drop("b.wav", wav(1))
    desk.go.set()
    desk.until(1)
    for _ in range(50):
        desk.look()
        time.sleep(0.005)
    assert desk.asked == ["a.wav"] and len(desk.notes()) == 1


def test_one_that_is_listened_to_for_long_is_told_of_and_looked_for_seldom(desk: Desk) -> None:
    desk.drop("a.wav", wav(1))
    while not desk.asked:
        assert desk.look().problems == []
        time.sleep(0.005)
    desk.mono += TOLD_S
    taken = desk.look()
    assert [(one.path.name, one.reason) for one in taken.problems] == [("a.wav", LISTENED)]
    assert taken.wake_at == [desk.mono + 5.0]
    desk.go.set()
    desk.until(1)
    assert desk.look().problems == []


def test_one_that_was_heard_when_it_was_killed_is_heard_at_the_next_start(desk: Desk) -> None:
    desk.drop("a.wav", wav(1))
    while not desk.asked:
        desk.look()
        time.sleep(0.005)
    desk.intake.close()  # and the thread ends with the program
    desk.go.set()
    desk.intake = desk.begin()
    desk.until(1)
    assert desk.asked == ["a.wav", "a.wav"] and len(desk.notes()) == 1


def test_one_whose_task_cannot_be_written_yet_is_paid_for_once(desk: Desk) -> None:
    tasks = desk.root / "Needs_Action"
    tasks.rmdir()
    tasks.write_text("in the way")
    desk.go.set()
    desk.drop("a.wav", wav(1))
    refused = 0
    ends = time.monotonic() + 20
    while refused < 3:
        refused += any("could not be taken in" in one.reason for one in desk.look().problems)
        assert time.monotonic() < ends
        time.sleep(0.005)
    desk.mono += TOLD_S
    assert LISTENED not in [one.reason for one in desk.look().problems]  # that is over
    tasks.unlink()
    tasks.mkdir()
    desk.until(1)
    assert desk.asked == ["a.wav"] and len(desk.notes()) == 1


def test_whatever_breaks_there_it_is_a_task(desk: Desk) -> None:
    desk.broken = ZeroDivisionError("odd")
    desk.go.set()
    desk.drop("a.wav", wav(1))
    desk.until(1)
    assert "it was not heard: listening to it broke (ZeroDivisionError)" in desk.notes()[0]
