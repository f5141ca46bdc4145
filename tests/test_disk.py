"""What is asked of a file system, tried on a real one."""

from __future__ import annotations

import errno
import os
import resource
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from factotum import disk

MOVES = [disk.rename_new, disk.link_new, disk.reserve_new]


@pytest.mark.parametrize("move", MOVES)
def test_a_move_never_overwrites(tmp_path: Path, move: Callable[[Path, Path], None]) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("one")
    two.write_text("two")
    with pytest.raises(FileExistsError):
        move(one, two)
    assert (one.read_text(), two.read_text()) == ("one", "two")
    move(one, tmp_path / "three")
    assert not one.exists() and (tmp_path / "three").read_text() == "one"
    with pytest.raises(FileNotFoundError):
        move(one, tmp_path / "four")
    assert not (tmp_path / "four").exists()


@pytest.mark.parametrize("move", MOVES)
def test_a_link_is_moved_as_a_link(tmp_path: Path, move: Callable[[Path, Path], None]) -> None:
    (tmp_path / "target").write_text("x")
    (tmp_path / "link").symlink_to("target")
    move(tmp_path / "link", tmp_path / "moved")
    assert (tmp_path / "moved").is_symlink() and (tmp_path / "target").exists()
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        move(tmp_path / "moved", tmp_path / "dangling")


def test_an_exchange_swaps(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("one")
    two.write_text("two")
    if not disk.exchange(one, two):
        pytest.skip("this file system cannot exchange two names; use ext4, btrfs, xfs or tmpfs")
    assert (one.read_text(), two.read_text()) == ("two", "one")
    with pytest.raises(FileNotFoundError):
        disk.exchange(one, tmp_path / "none")


def test_only_a_regular_file_is_read_and_nothing_blocks(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"123456")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "socket"))
        for name in ("link", "loop", "fifo", "folder", "socket"):
            with pytest.raises(disk.NotRegular):
                disk.read_regular(tmp_path / name, 10)
    with pytest.raises(FileNotFoundError):
        disk.read_regular(tmp_path / "none", 10)
    assert disk.read_regular(tmp_path / "file", 10) == b"123456"
    assert disk.read_regular(tmp_path / "file", 3) == b"1234", "one more tells that there is more"
    inode = os.stat(tmp_path / "file").st_ino
    assert disk.read_regular(tmp_path / "file", 10, inode) == b"123456"
    with pytest.raises(disk.NotRegular):
        disk.read_regular(tmp_path / "file", 10, inode + 1)


def test_a_new_file_is_over_nothing_and_through_no_link(tmp_path: Path) -> None:
    path = tmp_path / "new"
    disk.write_new(path, b"x", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        disk.write_new(path, b"y")
    (tmp_path / "link").symlink_to("elsewhere")
    with pytest.raises(FileExistsError):
        disk.write_new(tmp_path / "link", b"y")
    assert not (tmp_path / "elsewhere").exists()


def test_of_a_write_that_fails_nothing_stays(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # as a disk that fills up
    try:
        with pytest.raises(OSError, match="too large"):
            disk.write_new(tmp_path / "new", b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_ours_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    for data in (b"one", b"two"):
        disk.replace(path, data, tmp_path / "scratch")
        assert path.read_bytes() == data
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize(
    ("code", "failing"),
    [
        (errno.ENOSPC, True), (errno.EIO, True), (errno.EROFS, True), (errno.EDQUOT, True),
        (errno.EACCES, False), (errno.ENAMETOOLONG, False), (errno.ENOENT, False),
    ],
)  # fmt: skip
def test_a_failing_disk_is_told_from_a_failing_file(code: int, failing: bool) -> None:
    assert disk.failing(OSError(code, os.strerror(code))) is failing
    assert os.strerror(code) in disk.said(OSError(code, os.strerror(code)))


@pytest.mark.parametrize(
    ("name", "most", "start", "last"),
    [
        ("note.md", 100, "note.md", "note.md"),
        ("note.md", 4, "note", "e.md"),
        ("🥛🥛.md", 6, "🥛", ".md"),
        ("ää", 3, "ä", "ä"),
        ("", 5, "", ""),
    ],
)
def test_names_are_cut_between_letters(name: str, most: int, start: str, last: str) -> None:
    assert disk.beginning(name, most) == start
    assert disk.end(name, most) == last


def test_a_name_that_is_no_text_is_seen() -> None:
    assert disk.shown("café 🥛.md") == "café 🥛.md"
    assert disk.shown(os.fsdecode(b"caf\xe9.md")) == "caf?.md"
