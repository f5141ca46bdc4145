"""A read that never answers is left behind; the others go on."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.disk import NotRegular
from factotum.reader import LEAST_PART, STUCK_MOST, Reader, Stuck
from tests.far import FarReader, Share
from tests.patience import PATIENCE_S, until


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
    reader = FarReader(share)
    with pytest.raises(Stuck, match="does not answer"):
        reader.read(folder / "far-0", 99)
    assert reader.read(folder / "near", 99) == b"near"
    waits = len(reader.waited_s)
    with pytest.raises(Stuck):
        reader.read(folder / "far-0", 99)
    assert len(reader.waited_s) == waits, "it is known to hang"
    assert share.asked == ["far-0", "near"]


def test_one_that_hangs_is_left_when_its_time_is_over(share: Share, folder: Path) -> None:
    with pytest.raises(Stuck):
        Reader(share.read, 0.01).read(folder / "far-0", 99)


def test_what_comes_back_is_read_again(share: Share, folder: Path) -> None:
    reader = FarReader(share)
    with pytest.raises(Stuck):
        reader.read(folder / "far-0", 99)
    share.back.set()

    def read() -> bytes:
        with contextlib.suppress(Stuck):  # its thread is on its way
            return reader.read(folder / "far-0", 99)
        return b""

    assert until(read) == b"far-0"


def test_many_that_hang_take_little_more_time_than_one(share: Share, folder: Path) -> None:
    reader = FarReader(share)
    for n in range(20):
        with pytest.raises(Stuck):
            reader.read(folder / f"far-{n}", 99)
        assert reader.read(folder / "near", 99) == b"near"
    assert sum(reader.waited_s) < 5, "twenty times one second if each had its own"
    assert min(reader.waited_s) == LEAST_PART, "and what is near has time to answer"


def test_beyond_a_number_nothing_is_asked_any_more(share: Share, folder: Path) -> None:
    reader = Reader(share.read, 0.0)
    before = set(threading.enumerate())
    for n in range(STUCK_MOST):
        with pytest.raises(Stuck):
            reader.read(folder / f"far-{n}", 99)
    with pytest.raises(Stuck):
        reader.read(folder / "near", 99)
    assert len(set(threading.enumerate()) - before) <= STUCK_MOST
    share.back.set()
    assert Reader(share.read, PATIENCE_S).read(folder / "near", 99) == b"near"


def test_what_lies_on_a_disk_of_this_machine_is_read_without_a_thread(folder: Path) -> None:
    if sys.platform != "linux" or not os.major(folder.stat().st_dev):
        pytest.skip("the tests' folder lies on no block device of Linux")
    (folder / "here.md").write_text("here")
    before = set(threading.enumerate())
    assert Reader().read(folder / "here.md", 100) == b"here"
    assert set(threading.enumerate()) <= before
    (folder / "link.md").symlink_to(folder / "here.md")
    with pytest.raises(NotRegular):
        Reader().read(folder / "link.md", 100)
