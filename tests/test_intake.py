"""Dropped files: as many at once as fit, none twice, none by half."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.disk import read_regular
from factotum.intake import LOOK_S, Intake, Taken
from factotum.intake_reading import READ_AT_ONCE
from factotum.keeping import SYNC_MOST_BYTES
from factotum.ledger import Ledger
from factotum.model import FOLDERS, State
from factotum.reader import Reader
from factotum.reading import Part, Reading, read
from factotum.vault import ALL_FOLDERS, Vault
from tests.reading.samples import docx, mail, paragraph, zipped

LARGE = b"x" * (SYNC_MOST_BYTES + 1)


def plain(data: bytes, name: str) -> Reading:
    return Reading(kind="file", title=name, text="read")


class Desk:
    """An intake on real folders, and a note of each file that it opened."""

    def __init__(self, folder: Path, state: Path | None = None) -> None:
        self.root = folder / "vault"
        for name in (*ALL_FOLDERS, ".factotum"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        self.state = state or folder / "state"
        self.state.mkdir(exist_ok=True)
        self.ledger = Ledger(self.state / "ledger.db")
        self.opened: list[str] = []
        self.read: Callable[[bytes, str], Reading] = plain
        self.step_s = 0.0
        self.mono = 0.0
        vault = Vault(self.root, "pi", self.clock)
        self.intake = Intake(
            vault,
            self.ledger,
            Reader(self.open),
            self.says,
            self.state,
            0.0,
            lambda at: datetime.fromtimestamp(at, UTC),
        )

    def clock(self) -> float:
        self.mono += self.step_s
        return self.mono

    def open(self, path: Path, most_bytes: int) -> bytes:
        self.opened.append(path.name)
        return read_regular(path, most_bytes)

    def says(self, data: bytes, name: str) -> Reading:
        return self.read(data, name)

    def drop(self, name: str, data: bytes) -> None:
        (self.root / "Inbox" / name).write_bytes(data)

    def look(self) -> Taken:
        return self.intake.look(1_795_000_000.0, 1000.0)

    def settle(self) -> int:
        made = 0
        while (taken := self.look()).wake_at:
            made += taken.made
            time.sleep(0.005)
        assert taken.problems == []
        return made + taken.made

    def notes(self) -> list[Path]:
        return list((self.root / "Needs_Action").iterdir())

    def kept(self) -> dict[str, bytes]:
        files = self.ledger_files()
        return {path.name: path.read_bytes() for path in files}

    def ledger_files(self) -> list[Path]:
        rows = self.ledger.db.execute("SELECT id FROM task").fetchall()
        tasks = [self.ledger.task(row["id"]) for row in rows]
        return [self.root / a["path"] for t in tasks if t for a in t.facts["attachments"]]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.intake.close()
    desk.ledger.close()


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose state directory is on another disk."""
    state = Path(tempfile.mkdtemp(dir="/dev/shm"))
    if state.stat().st_dev == tmp_path.stat().st_dev:
        shutil.rmtree(state)
        pytest.skip("/dev/shm is no disk of its own here; run where it is a tmpfs")
    desk = Desk(tmp_path, state)
    yield desk
    desk.intake.close()
    desk.ledger.close()
    shutil.rmtree(state)


def test_only_so_many_files_are_opened_before_the_first_is_read(desk: Desk) -> None:
    go = threading.Event()

    def slow(data: bytes, name: str) -> Reading:
        go.wait()
        return plain(data, name)

    desk.read = slow
    for n in range(3 * READ_AT_ONCE):
        desk.drop(f"{n:02}.txt", b"%d" % n)
    for _ in range(3):
        assert desk.look().wake_at
    assert desk.opened == [f"{n:02}.txt" for n in range(READ_AT_ONCE)]
    go.set()
    assert desk.settle() == 3 * READ_AT_ONCE
    assert len(desk.opened) == 3 * READ_AT_ONCE, "each once"


def test_one_look_takes_only_so_long(desk: Desk) -> None:
    desk.step_s = LOOK_S * 0.6
    for n in range(3):
        desk.drop(f"{n}.txt", b"%d" % n)
    assert 1000.0 in desk.look().wake_at, "the rest at once, by the next look"
    assert desk.opened == ["0.txt"]
    desk.step_s = 0.0
    desk.settle()
    assert len(desk.notes()) == 3


def test_a_file_that_changes_while_it_is_read_is_read_again(desk: Desk) -> None:
    go = threading.Event()

    def slow(data: bytes, name: str) -> Reading:
        go.wait()
        return Reading(kind="file", title=data.decode(), text="read")

    desk.read = slow
    desk.drop("a.txt", b"one")
    desk.look()
    (desk.root / ".factotum/intake/pi/a.txt").write_bytes(b"three")
    desk.look()
    go.set()
    desk.settle()
    assert ["three" in path.name for path in desk.notes()] == [True]


def test_the_same_bytes_twice_at_once_are_one_task(desk: Desk) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        desk.drop(name, b"one")
    assert desk.settle() == 1
    assert len(desk.notes()) == 1
    assert len(list((desk.root / "Office/Attachments").iterdir())) == 1
    desk.drop("d.txt", b"one")
    assert desk.settle() == 0
    assert len(list((desk.root / "Office/Attachments").iterdir())) == 1


@pytest.mark.parametrize("where", ["Needs_Action", "In_Progress/pc", "Done/2026-11"])
def test_a_note_that_a_crash_left_is_found_on_its_way(desk: Desk, where: str) -> None:
    desk.drop("a.txt", b"one")
    desk.settle()
    (note,) = desk.notes()
    (desk.root / where).mkdir(parents=True, exist_ok=True)
    note.rename(desk.root / where / note.name)
    desk.ledger.db.execute("DELETE FROM seen")  # killed before it was marked
    desk.drop("a.txt", b"one")
    desk.settle()
    assert len(list(desk.root.rglob(note.name))) == 1


def test_folders_in_folders_stop_nothing(desk: Desk) -> None:
    """No folder below a pipeline folder is walked: there may be thousands."""
    deep = [str(desk.root / FOLDERS[State.NEEDS_ACTION])]
    try:
        for _ in range(1200):
            deep.append(f"{deep[-1]}/d")
            os.mkdir(deep[-1])
        desk.drop("a.txt", b"one")
        assert desk.settle() == 1
    finally:
        for folder in reversed(deep[1:]):  # deeper than rmtree can go
            os.rmdir(folder)


@pytest.mark.parametrize("data", [b"whole", LARGE])
def test_half_a_file_is_not_taken_for_the_whole(desk: Desk, data: bytes) -> None:
    folder = desk.state / "attachments" if data is LARGE else desk.root / "Office/Attachments"
    folder.mkdir(exist_ok=True)
    there = f"a_{hashlib.sha256(data).hexdigest()[:6]}"
    (folder / f"{there}.bin").write_bytes(data[:3])
    (folder / f"{there}-2.bin").write_bytes(b"?" * len(data))
    desk.drop("a.bin", data)
    assert desk.settle() == 1
    assert desk.kept() == {f"{there}-3.bin": data}


def test_what_fails_on_another_disk_leaves_nothing_and_is_done_later(far: Desk) -> None:
    far.drop("a.bin", LARGE)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(LARGE) // 2, hard))  # as a disk that fills up
    try:
        while (taken := far.look()).wake_at:
            time.sleep(0.005)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ["could not be taken in" in p.reason for p in taken.problems] == [True]
    assert list((far.state / "attachments").iterdir()) == []
    far.settle()
    assert list(far.kept().values()) == [LARGE]
    assert list((far.root / ".factotum/intake/pi").iterdir()) == []


def test_a_large_file_in_a_mail_goes_to_another_disk(far: Desk) -> None:
    far.read = lambda data, name: Reading(
        kind="email", title="m", text="t", attachments=(Part("a.bin", LARGE),)
    )
    far.drop("m.eml", b"mail")
    assert far.settle() == 1
    assert list(far.kept().values()) == [LARGE]


def test_a_file_that_cannot_be_read_is_a_task_that_says_so_and_is_kept(desk: Desk) -> None:
    desk.read = read
    bomb = docx(paragraph("&a;"), before='<!DOCTYPE x [<!ENTITY a "b">]>')
    desk.drop("offer.docx", bomb)
    assert desk.settle() == 1
    (note,) = desk.notes()
    assert "> [!warning] the document could not be read: it defines entities" in note.read_text()
    assert list(desk.kept().values()) == [bomb]


def test_names_in_a_file_write_no_property_and_leave_no_fence(desk: Desk) -> None:
    desk.read = read
    evil = "a\n---\nstatus: approved\n```\n# [[x]]\u2028"
    message = mail(Subject="hello")
    message.set_content("see below")
    data = zipped({evil: b"x"})
    message.add_attachment(data, maintype="application", subtype="zip", filename=f"{evil}.zip")
    desk.drop("m.eml", message.as_bytes())
    assert desk.settle() == 1
    (note,) = desk.notes()
    head, _, body = note.read_text().partition("\n---\n")
    assert 'status: "pending"' in head
    assert "\nstatus: approved" not in head + body
    assert "\n```\n# [[x]]" not in head + body
    assert list(desk.kept().values()) == [data]
