"""Our own folder inside the vault: notes while they are written, what a rewrite took out of
them, and what was put aside.

A file in `tmp` is for one moment, or kept for an editor that may still write into it; after a
crash what is not certainly ours is put aside. Nothing that a person wrote is ever deleted.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from factotum import disk

#: How long the bytes that a rewrite displaced are kept to catch an editor that had the
#: note open and writes a moment later, in seconds.
DISPLACED_S = 20.0

#: Marks the scratch files of a process that only drops notes; and how long one may take
#: with such a file at most, in seconds.
GUEST = "+guest"
GUEST_S = 60.0


@dataclass(frozen=True)
class Displaced:
    """Bytes that a rewrite took out of `path`, kept for a while in `kept`."""

    path: Path
    kept: Path
    sha256: str
    at: float


def _may_be_written(kept: Path, age_s: float) -> bool:
    """Whether an editor that had the note open may still write into these bytes of it."""
    written = disk.is_written(kept)
    return age_s < DISPLACED_S if written is None else written


class Scratch:
    def __init__(
        self, own: Path, instance: str, monotonic: Callable[[], float], *, guest: bool = False
    ) -> None:
        """`own` is our folder in the vault. A `guest` writes beside an executor of the same
        instance that may be starting: what it writes at this moment is not cleared away as a
        crash's leavings."""
        self.own = own
        self.instance = instance
        self.monotonic = monotonic
        self.tmp = own / "tmp"
        self.aside = own / "aside"
        self._owner = f"{instance}{GUEST}" if guest else instance
        self._counter = itertools.count()
        self._token = secrets.token_hex(4)  # process ids come again, in a container at once
        self._displaced: list[Displaced] = []

    def file(self, name: str, known: str = "") -> Path:
        """Where to write a note of this name; `known` begins the sha256 of the bytes that it may
        hold after a crash."""
        owner = f"{self._owner}.{self._token}.{next(self._counter)}.{known}"
        return self.tmp / f"{owner}~{disk.end(name, 60)}"

    def displaced(self, path: Path, kept: Path, sha256: str) -> None:
        """A rewrite took these bytes out of `path`, or put them back: kept for DISPLACED_S more,
        for the editor that had the file open and writes late."""
        self._displaced.append(Displaced(path, kept, sha256, self.monotonic()))

    def late_edits(self, *, ending: bool = False) -> list[tuple[Path, bytes, Path]]:
        """What editors wrote into files that a rewrite had displaced, once it is old enough.

        Each is (the note's path, the bytes, where they are kept now). Files that nobody
        touched are removed. Call it at every tick, and with `ending` before a stop: what an
        editor may still write into then is left to `recover`.
        """
        now = self.monotonic()
        edits, open_yet = [], []
        for one in self._displaced:
            age_s = now - one.at
            if (age_s < DISPLACED_S and not ending) or _may_be_written(one.kept, age_s):
                open_yet.append(one)
                continue
            data = disk.read_regular(one.kept, 1 << 24)
            if hashlib.sha256(data).hexdigest() == one.sha256:
                one.kept.unlink()
            else:
                edits.append((one.path, data, self.put_aside(one.kept, one.path.name)))
        self._displaced = open_yet
        return edits

    def recover(self) -> list[Path]:
        """Empties the scratch folder after a stop or a crash: what is not certainly ours is
        put aside.

        A scratch file of a rewrite is named after the bytes that it may hold if no editor
        wrote into it: those from before and those from after. One that an editor may still
        have open is kept for `late_edits` to look at.
        """
        kept = []
        for entry in sorted(os.scandir(self.tmp), key=lambda e: e.name):
            owner, _, name = entry.name.partition("~")
            instance, _, rest = owner.partition(".")
            if instance not in (self.instance, self.instance + GUEST):
                continue
            if not entry.is_file(follow_symlinks=False) or rest.startswith(f"{self._token}."):
                continue
            try:
                about = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # a guest has just put it in its place
            if instance != self.instance and time.time() - about.st_mtime < GUEST_S:
                continue  # the guest is at it
            path = Path(entry.path)
            data = disk.read_regular(path, 1 << 26)
            digest = hashlib.sha256(data).hexdigest()
            age_s = max(0.0, time.time() - about.st_ctime)  # an exchange sets it
            if about.st_nlink > 1:
                path.unlink()  # an unfinished link+unlink: the other name stands
            elif data and digest[:12] not in owner.rpartition(".")[2].split("-"):
                kept.append(self.put_aside(path, name))
            elif instance == self.instance and _may_be_written(path, age_s):
                at = self.monotonic() - age_s
                self._displaced.append(Displaced(self.own.parent / name, path, digest, at))
            else:
                path.unlink()
        return kept

    def put_aside(self, path: Path, name: str = "") -> Path:
        """Moves an entry (never opening it) out of the pipeline; returns where it lies now."""
        self.aside.mkdir(parents=True, exist_ok=True)
        for n in itertools.count():
            target = self.aside / (f"{n}-" * bool(n) + disk.end(name or path.name, 240))
            try:
                disk.rename_new(path, target)
            except FileExistsError:
                continue
            return target
        raise AssertionError("unreachable")
