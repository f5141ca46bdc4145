"""A read that never answers is left behind; the others go on."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.disk import NotRegular, read_regular
from factotum.reader import STUCK_MOST, Reader, Stuck

WAIT_S = 0.1


class Share:
    """A file system that does not answer for some files till it is told to."""

    def __init__(self) -> None:
        self.back = threading.Event()
        self.asked: list[str] = []

    def read(self, path: Path, most_bytes: int) -> bytes:
        self.asked.append(path.name)
        if path.name.startswith("far"):
            self.back.wait(30)
        return read_regular(path, most_bytes)


@pytest.fixture
def share() -> Iterator[Share]:
    share = Share()
    yield share
    share.back.set()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("near", *(f"far-{n}" for n in range(STUCK_MOST + 1))):
        (tmp_path / name).write_text(name)
    return tmp_path


def test_it_reads_and_raises_as_the_disk_does(tmp_path: Path) -> None:
    reader = Reader()
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("file")
    assert reader.read(tmp_path / "file", 3) == b"1234"
    with pytest.raises(NotRegular):
        reader.read(tmp_path / "link", 3)
    with pytest.raises(FileNotFoundError):
        reader.read(tmp_path / "none", 3)
    assert reader.read(tmp_path / "file", 9) == b"12345"


def test_what_hangs_is_left_behind_and_asked_once(share: Share, folder: Path) -> None:
    reader = Reader(share.read, WAIT_S)
    with pytest.raises(Stuck, match="does not answer"):
        reader.read(folder / "far-0", 99)
    assert reader.read(folder / "near", 99) == b"near"
    started = time.monotonic()
    with pytest.raises(Stuck):
        reader.read(folder / "far-0", 99)
    assert time.monotonic() - started < WAIT_S / 2, "it is known to hang"
    assert share.asked == ["far-0", "near"]


def test_what_comes_back_is_read_again(share: Share, folder: Path) -> None:
    reader = Reader(share.read, WAIT_S)
    with pytest.raises(Stuck):
        reader.read(folder / "far-0", 99)
    share.back.set()
    time.sleep(WAIT_S / 2)
    assert reader.read(folder / "far-0", 99) == b"far-0"


def test_many_that_hang_take_little_more_time_than_one(share: Share, folder: Path) -> None:
    reader = Reader(share.read, WAIT_S)
    started = time.monotonic()
    for n in range(20):
        with pytest.raises(Stuck):
            reader.read(folder / f"far-{n}", 99)
        assert reader.read(folder / "near", 99) == b"near"
    assert time.monotonic() - started < 10 * WAIT_S


def test_beyond_a_number_nothing_is_asked_any_more(share: Share, folder: Path) -> None:
    reader = Reader(share.read, 0.0)
    before = threading.active_count()
    for n in range(STUCK_MOST):
        with pytest.raises(Stuck):
            reader.read(folder / f"far-{n}", 99)
    with pytest.raises(Stuck):
        reader.read(folder / "near", 99)
    assert threading.active_count() - before <= STUCK_MOST
    share.back.set()
    time.sleep(0.2)
    assert Reader(share.read, WAIT_S).read(folder / "near", 99) == b"near"


def test_what_lies_on_a_disk_of_this_machine_is_read_without_a_thread(folder: Path) -> None:
    if sys.platform != "linux" or not os.major(folder.stat().st_dev):
        pytest.skip("the tests' folder lies on no block device of Linux")
    (folder / "here.md").write_text("here")
    before = threading.active_count()
    assert Reader().read(folder / "here.md", 100) == b"here"
    assert threading.active_count() == before
    (folder / "link.md").symlink_to(folder / "here.md")
    with pytest.raises(NotRegular):
        Reader().read(folder / "link.md", 100)
