"""Hints that something happened in a folder, as a descriptor that can be waited for.

A hint says where to look, never what is there: events get lost, and some file systems have none.
Whoever uses this looks at the folders at the start, on a hint, and now and then all the same;
`whole` says whether "now and then" may be seldom.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from factotum import names

#: inotify(7): closed after writing, moved away, moved here, made, deleted; the folder itself went.
MASK = 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800
CAME, IS_FOLDER, GONE, LOST = 0x80 | 0x100, 0x40000000, 0x8000, 0x4000
NONBLOCK_CLOEXEC = os.O_NONBLOCK | os.O_CLOEXEC
READ_BYTES = 64 * 1024
#: Where Linux says what is mounted (proc_pid_mountinfo(5)), and the kinds of file systems that
#: others may write into.
MOUNTS = Path("/proc/self/mountinfo")
SHARED = {"nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "ceph", "glusterfs", "afs", "davfs"}
#: How many folders are listened to at most; the system has such a limit too, for all programs.
FOLDERS_MOST = 4_096


class Hints:
    """Listens to `folders`, and with `recursive` to all in them. Without any means of that it is
    silent for ever. Use it from one thread.

    `whole`: every folder is listened to, and lies where whoever writes into it is heard: what
    another machine writes onto a share is not. A folder that comes later is not heard, unless it
    comes within another (`recursive`): call `follow` again.
    """

    def __init__(self, folders: Iterable[Path], *, recursive: bool = False) -> None:
        self.whole = True
        self._ears: _Inotify | _Watchdog | None = _ears(recursive)
        for folder in folders:
            self.follow(folder)

    @property
    def fds(self) -> tuple[int, ...]:
        """What to wait for: `post.rest(seconds, *hints.fds)`."""
        return () if self._ears is None else (self._ears.fileno(),)

    def follow(self, folder: Path) -> None:
        """Listens to this folder too; again changes nothing."""
        heard = self._ears is not None and self._ears.follow(folder)
        self.whole &= heard and not is_shared(folder)

    def drain(self) -> set[str]:
        """The paths at which something happened since it was asked last, as text; a folder's own
        path when it is not known what. To be called whenever a descriptor can be read."""
        return set() if self._ears is None else self._ears.drain()

    def close(self) -> None:
        if self._ears is not None:
            self._ears.close()
        self._ears, self.whole = None, False


def is_shared(folder: Path, mounts: Path = MOUNTS) -> bool:
    """Whether the folder lies on a file system into which others may write unheard."""
    try:
        device = os.stat(folder).st_dev
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    number = f"{os.major(device)}:{os.minor(device)}"
    for line in lines:
        fields = line.split()
        if len(fields) > 2 and fields[2] == number:
            kind = line.partition(" - ")[2].partition(" ")[0]
            return kind in SHARED or kind.startswith("fuse")
    return False


def _ears(recursive: bool) -> _Inotify | _Watchdog | None:
    try:
        return _Inotify(recursive)
    except AttributeError:  # a system without inotify
        return _Watchdog(recursive)
    except OSError:
        return None  # no more of them are to be had


class _Inotify:
    """Raises OSError when there is none to be had, AttributeError where there is no inotify."""

    def __init__(self, recursive: bool) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._add_watch = libc.inotify_add_watch
        self._recursive = recursive
        self._watches: dict[int, str] = {}
        self._fd = libc.inotify_init1(NONBLOCK_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno() or errno.EIO, "inotify")

    def fileno(self) -> int:
        return int(self._fd)

    def follow(self, folder: Path | str) -> bool:
        """Whether it is listened to, with all in it."""
        if len(self._watches) >= FOLDERS_MOST:
            return False
        watch = self._add_watch(self._fd, os.fsencode(folder), MASK)
        if watch < 0:
            return False
        self._watches[watch] = os.fspath(folder)
        within = [self.follow(one) for one in _folders(folder)] if self._recursive else []
        return all(within)

    def drain(self) -> set[str]:
        found: set[str] = set()
        while True:
            try:
                data = os.read(self._fd, READ_BYTES)
            except BlockingIOError:
                return found
            for watch, mask, name in _events(data):
                self._one(watch, mask, name, found)

    def _one(self, watch: int, mask: int, name: str, found: set[str]) -> None:
        if mask & LOST:
            found.update(self._watches.values())
            return
        folder = self._watches.get(watch)
        if folder is None:
            return
        if mask & GONE:
            del self._watches[watch]
        path = os.path.join(folder, name) if name else folder
        found.add(path)
        if self._recursive and mask & IS_FOLDER and mask & CAME and not names.ignored(name):
            self.follow(path)

    def close(self) -> None:
        os.close(self._fd)


def _folders(folder: Path | str) -> list[str]:
    try:
        with os.scandir(folder) as listed:
            return [
                entry.path
                for entry in listed
                if entry.is_dir(follow_symlinks=False) and not names.ignored(entry.name)
            ]
    except OSError:
        return []


def _events(data: bytes) -> Iterator[tuple[int, int, str]]:
    start = 0
    while start < len(data):
        watch, mask, _, length = struct.unpack_from("iIII", data, start)
        start += 16 + length
        yield watch, mask, os.fsdecode(data[start - length : start].rstrip(b"\0"))


class _Watchdog:
    """The same for other systems: its thread writes a byte into a pipe."""

    def __init__(self, recursive: bool) -> None:
        logging.getLogger("watchdog").setLevel(logging.CRITICAL)
        self._recursive = recursive
        self._hear, self._say = os.pipe()
        os.set_blocking(self._hear, False)
        os.set_blocking(self._say, False)
        self._found: set[str] = set()
        self._observer: Any = None

    def fileno(self) -> int:
        return self._hear

    def follow(self, folder: Path) -> bool:
        from watchdog.observers import Observer

        try:
            if self._observer is None:
                self._observer = Observer()
                self._observer.daemon = True
                self._observer.start()
            self._observer.schedule(_handler(self._heard), str(folder), recursive=self._recursive)
        except (OSError, RuntimeError):
            return False
        return True

    def _heard(self, path: str) -> None:
        self._found.add(path)
        try:
            os.write(self._say, b"x")
        except BlockingIOError:
            pass  # it is full of news

    def drain(self) -> set[str]:
        try:
            while os.read(self._hear, READ_BYTES):
                pass
        except BlockingIOError:
            pass
        found, self._found = self._found, set()
        return found

    def close(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
        os.close(self._hear)
        os.close(self._say)


def _handler(heard: Callable[[str], None]) -> Any:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if event.event_type in {"created", "modified", "moved", "deleted", "closed"}:
                for path in (event.src_path, event.dest_path):
                    if path:
                        heard(os.fsdecode(path))

    return Handler()
