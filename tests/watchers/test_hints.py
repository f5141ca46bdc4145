"""Hints that something happened in a folder, by inotify and by watchdog."""

from __future__ import annotations

import os
import select
from pathlib import Path

from tests.patience import PATIENCE_S
from watchers.hints import Hints, _Watchdog, is_shared


def told(hints: Hints | _Watchdog, fds: tuple[int, ...], most_s: float = PATIENCE_S) -> set[str]:
    select.select(fds, [], [], most_s)
    return hints.drain()


def test_what_is_written_moved_or_deleted_in_a_folder_is_told(tmp_path: Path) -> None:
    hints = Hints([tmp_path])
    note = tmp_path / "a.md"
    note.write_text("x")
    assert told(hints, hints.fds) == {str(note)}
    assert hints.drain() == set()
    note.rename(tmp_path / "b.md")
    assert told(hints, hints.fds) == {str(note), str(tmp_path / "b.md")}
    (tmp_path / "b.md").unlink()
    assert told(hints, hints.fds) == {str(tmp_path / "b.md")}
    assert hints.whole
    hints.close()


def test_folders_within_are_heard_when_wanted_also_those_that_come_later(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    hints = Hints([tmp_path], recursive=True)
    (tmp_path / "old/a.md").write_text("x")
    assert str(tmp_path / "old/a.md") in told(hints, hints.fds)
    (tmp_path / "new").mkdir()
    told(hints, hints.fds)
    (tmp_path / "new/b.md").write_text("x")
    assert str(tmp_path / "new/b.md") in told(hints, hints.fds)
    hints.close()
    flat = Hints([tmp_path])
    (tmp_path / "old/c.md").write_text("x")
    assert flat.drain() == set()
    flat.close()


def test_of_more_than_the_system_keeps_it_is_told_that_something_happened(tmp_path: Path) -> None:
    (tmp_path / "within").mkdir()
    hints = Hints([tmp_path], recursive=True)
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    one, other = str(tmp_path / "a.md"), str(tmp_path / "b.md")
    Path(one).touch()
    for _ in range(most // 4 + 1):  # four events each
        os.rename(one, other)
        os.rename(other, one)
    (tmp_path / "within/lost.md").write_text("x")
    found = told(hints, hints.fds)
    assert str(tmp_path / "within/lost.md") not in found
    assert {str(tmp_path), str(tmp_path / "within")} <= found
    (tmp_path / "within/lost.md").write_text("y")
    assert told(hints, hints.fds) == {str(tmp_path / "within/lost.md")}
    hints.close()


def test_a_folder_that_is_not_there_is_not_heard_and_says_so(tmp_path: Path) -> None:
    hints = Hints([tmp_path, tmp_path / "missing"])
    assert not hints.whole
    (tmp_path / "a.md").write_text("x")
    assert told(hints, hints.fds) == {str(tmp_path / "a.md")}
    hints.close()
    assert hints.fds == () and hints.drain() == set()


def test_a_folder_that_goes_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    hints = Hints([folder])
    folder.rmdir()
    assert told(hints, hints.fds) == {str(folder)}
    hints.close()


def test_other_systems_hear_it_by_watchdog(tmp_path: Path) -> None:
    ears = _Watchdog(False)
    assert ears.follow(tmp_path)
    (tmp_path / "a.md").write_text("x")
    assert str(tmp_path / "a.md") in told(ears, (ears.fileno(),))
    assert not ears.follow(tmp_path / "missing")
    ears.close()


def test_a_folder_that_others_write_into_unheard_is_known(tmp_path: Path) -> None:
    device = tmp_path.stat().st_dev
    mounts = tmp_path / "mountinfo"
    line = f"27 1 {os.major(device)}:{os.minor(device)} / / rw - {{}} /dev/x rw\n"
    before = "26 24 0:999 / /x rw - nfs4 y rw\n"
    for kind, shared in {"ext4": False, "nfs4": True, "fuse.sshfs": True, "9p": True}.items():
        mounts.write_text(before + line.format(kind))
        assert is_shared(tmp_path, mounts) is shared
    mounts.write_text(before)
    assert not is_shared(tmp_path, mounts)
    assert not is_shared(tmp_path / "missing") and not is_shared(tmp_path, tmp_path / "no")
