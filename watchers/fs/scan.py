"""What lies in a folder, and by which marks a file is known again. Opens no file."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from factotum import names

#: How many files a folder may hold in all, and how deep it is looked into.
FILES_MOST, DEPTH_MOST = 10_000, 12
MARK_CHARS = 10


class TooMany(Exception):
    """The folder holds more files than are looked at."""


@dataclass(frozen=True)
class Found:
    """`refused`: what it is instead of a file, or empty."""

    path: Path
    place: str
    size_bytes: int
    mtime_ns: int
    inode: int
    refused: str = ""

    @property
    def marks(self) -> tuple[str, str]:
        """By where it lies, and by what the disk calls it: a file that is renamed is known by the
        second, one on a disk that is mounted anew by the first."""
        same = f"{self.size_bytes} {self.mtime_ns}"
        return _mark(f"place {self.place} {same}"), _mark(f"inode {self.inode} {same}")


def scan(root: Path) -> Iterator[Found]:
    """All files below `root` but those of editors and sync clients. Raises TooMany, and OSError
    when `root` itself cannot be read."""
    folders: list[tuple[Path, int]] = [(root, 0)]
    count = 0
    while folders:
        folder, depth = folders.pop()
        for entry in _entries(folder, root):
            if names.ignored(entry.name):
                continue
            if depth < DEPTH_MOST and entry.is_dir(follow_symlinks=False):
                folders.append((Path(entry.path), depth + 1))
                continue
            count += 1
            if count > FILES_MOST:
                raise TooMany
            if (one := _found(entry, root)) is not None:
                yield one


def _entries(folder: Path, root: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listed:
            return sorted(listed, key=lambda entry: entry.name)
    except OSError:
        if folder == root:
            raise
        return []  # it went while it was looked at, or it is somebody else's


def _found(entry: os.DirEntry[str], root: Path) -> Found | None:
    try:
        about = entry.stat(follow_symlinks=False)
    except OSError:
        return None  # it went while it was looked at
    path = Path(entry.path)
    return Found(
        path,
        os.fsencode(path.relative_to(root)).hex(),
        about.st_size,
        about.st_mtime_ns,
        about.st_ino,
        _refusal(about),
    )


def _refusal(about: os.stat_result) -> str:
    if stat.S_ISDIR(about.st_mode):
        return "lies too deep"
    if stat.S_ISLNK(about.st_mode):
        return "is a link: put the file itself there"
    if not stat.S_ISREG(about.st_mode):
        return "is no file but a pipe, a socket or a device"
    if about.st_nlink > 1:
        return "has a second name elsewhere (a hard link): put a copy there"
    return ""


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:MARK_CHARS]
