"""Files that turn into something else between a look and a read, and properties that explode."""

from __future__ import annotations

import os
import resource
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from factotum.note import NoteError, parse
from tests.office import TestOffice
from tests.prove.life import JOT
from tests.test_note import BOMBS
from tests.test_note import note as with_properties

pytestmark = [pytest.mark.prove]

SECRET = "the-key-of-the-owner-4711"

#: How much more memory than it has a process may take to refuse a note, in bytes.
BOMB_MOST_BYTES = 50 * 1024 * 1024


def a_link(secret: Path, path: Path) -> None:
    path.symlink_to(secret)


def a_link_to_the_folder(secret: Path, path: Path) -> None:
    path.symlink_to(secret.parent)


def a_pipe(secret: Path, path: Path) -> None:
    os.mkfifo(path)


class Swapper(threading.Thread):
    """Puts a note and something else at one path by turns, as fast as it can."""

    def __init__(self, path: Path, secret: Path, makes: Callable[[Path, Path], None]) -> None:
        super().__init__(daemon=True)
        self.path, self.secret, self.makes = path, secret, makes
        self.ended = threading.Event()
        self.swaps = 0

    def run(self) -> None:
        scratch = self.path.with_name(".swap")
        while not self.ended.is_set():
            for make in (self.makes, lambda _, path: path.write_text("Buy milk.\n")):
                scratch.unlink(missing_ok=True)
                make(self.secret, scratch)
                scratch.replace(self.path)
                self.swaps += 1


@pytest.mark.slow
@pytest.mark.parametrize("makes", [a_link, a_link_to_the_folder, a_pipe])
@pytest.mark.parametrize("folder", ["Needs_Action", "Inbox", "Approved"])
def test_what_is_swapped_between_a_look_and_a_read_is_not_followed(
    tmp_path: Path, folder: str, makes: Callable[[Path, Path], None]
) -> None:
    office = TestOffice(tmp_path)
    office.playbook(JOT.replace("kind: note", "kind: [note, file]"))
    secret = tmp_path / "home/secret.md"
    secret.parent.mkdir()
    secret.write_text(f"{SECRET}\n")
    swapper = Swapper(office.root / folder / "Milk.md", secret, makes)
    swapper.start()
    office.type("Water the plants.\n", "Plants.md")
    for _ in range(4):
        office.run()
    swapper.ended.set()
    swapper.join()
    assert swapper.swaps > 20
    assert any("plants" in path.read_text() for path in office.files("Drafts"))
    for path in [*office.root.rglob("*"), *office.state.rglob("*")]:
        if path.is_file() and not path.is_symlink():
            assert SECRET.encode() not in path.read_bytes(), f"it was read into {path}"
    with sqlite3.connect(office.state / "ledger.db") as db:
        assert SECRET not in "\n".join(db.iterdump())
    assert secret.read_text() == f"{SECRET}\n"


def test_no_note_takes_more_than_fifty_megabytes_to_refuse() -> None:
    """In a process that gets no more than that."""
    if not (pid := os.fork()):
        try:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            most = pages * resource.getpagesize() + BOMB_MOST_BYTES
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            for bomb in BOMBS.values():
                try:
                    parse(with_properties(bomb, "still here\n"))
                except NoteError:
                    continue
                os._exit(2)
            os._exit(0)
        except MemoryError:
            os._exit(3)
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
