"""The vault is the queue: a folder is a state, and renaming a note is the transition.

Only this module writes inside the vault. Notes are written whole into `.factotum/tmp/`
and then renamed into place, so a reader never sees half a note (the Maildir rule); a note
is rewritten by exchanging it and looking at what came out, so no byte of a concurrent
editor is lost (`scratch.py` keeps what came out). It has no opinions: whether a move is
right is for its callers.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from factotum import disk, whereabouts
from factotum.model import FOLDERS, WAITING_FOLDER, State
from factotum.scratch import Scratch

#: Every folder that `factotum init` makes, from the root of the vault.
ALL_FOLDERS = (
    *dict.fromkeys(FOLDERS.values()),
    "Plans",
    "Briefings",
    "Logs",
    "Drafts",
    *(
        f"Office/{name}"
        for name in (
            "Schedules",
            "Agents",
            "Skills",
            "Playbooks",
            "Memory",
            "Contacts",
            "Accounting",
            "Updates",
            "Attachments",
            "Templates",
        )
    ),
)


class VaultError(Exception):
    """The vault cannot be used; the message names the thing, the cause and the remedy."""


class Changed(Exception):
    """The note is not what the caller read; it was left as the editor wrote it."""


#: Our own folder inside the vault. Sync clients and Obsidian leave dot folders alone.
OWN = whereabouts.OWN

#: How many notes are dropped at once: so many files are open meanwhile.
DROPS_AT_ONCE = 64


def is_stop(name: str) -> bool:
    """Whether a note of this name at the root of the vault stops everything."""
    return name.casefold() == "stop.md"


def stop_lies(root: Path) -> bool:
    """Whether a note at the root of the vault stops everything."""
    try:
        return any(map(is_stop, os.listdir(root)))
    except OSError:
        return True  # a vault that cannot be looked at lets nothing out


class Vault:
    def __init__(
        self, root: Path, instance: str, monotonic: Callable[[], float], *, guest: bool = False
    ) -> None:
        """Raises VaultError when `root` is no vault of ours, or cannot be written.

        A `guest` only drops notes, beside an executor of the same instance that may be
        starting: what it writes at this moment is not cleared away as a crash's leavings.
        """
        self.root = root
        self.instance = instance
        self.monotonic = monotonic
        self.own = root / OWN
        self.scratch = Scratch(self.own, instance, monotonic, guest=guest)
        self._check()

    def _check(self) -> None:
        if not self.root.is_dir():
            raise VaultError(
                f"there is no vault at {self.root}. Make one: factotum init {self.root}"
            )
        missing = [name for name in ALL_FOLDERS if not (self.root / name).is_dir()]
        if not self.own.is_dir() or FOLDERS[State.NEEDS_ACTION] in missing:
            raise VaultError(
                f"{self.root} is not a vault of Factotum (no folder "
                f"{missing[0] if missing else OWN!r}). Adopt it: factotum init {self.root}"
            )
        try:
            for folder in (self.scratch.tmp, self.aside, self.intake, self.folder(State.WAITING)):
                folder.mkdir(parents=True, exist_ok=True)
            for name in missing:
                (self.root / name).mkdir(parents=True, exist_ok=True)
            probe = self.scratch.file("probe")
            disk.write_new(probe, b"")
            probe.unlink()
        except OSError as refused:
            raise VaultError(
                f"the vault {self.root} cannot be written ({refused.strerror}). Check its owner "
                f"and permissions, whether its disk is mounted read-only, and whether it is full"
            ) from refused

    # -- where things are

    @property
    def aside(self) -> Path:
        """Where late copies and echoes are put: nothing is ever deleted."""
        return self.scratch.aside

    @property
    def intake(self) -> Path:
        """Where this instance keeps a dropped file while it makes a task of it."""
        return self.own / "intake" / self.instance

    def folder(self, state: State, month: str = "") -> Path:
        """The folder of a state; `month` (YYYY-MM) is needed for Done."""
        base = self.root / FOLDERS[state]
        match state:
            case State.IN_PROGRESS:
                return base / self.instance
            case State.WAITING:
                return base / self.instance / WAITING_FOLDER
            case State.DONE:
                return base / month
            case _:
                return base

    @property
    def stopped(self) -> bool:
        """Whether a note STOP lies at the root, however a phone's keyboard spells it."""
        return stop_lies(self.root)

    def relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    # -- writing

    def drop(self, target: Path, data: bytes) -> None:
        """Puts a whole new note at `target`. Raises FileExistsError; then nothing changed."""
        scratch = self.scratch.file(target.name, hashlib.sha256(data).hexdigest()[:12])
        disk.write_new(scratch, data)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            disk.rename_new(scratch, target)
        except OSError:
            scratch.unlink(missing_ok=True)
            raise
        disk.fsync_folder(target.parent)

    def drop_all(self, notes: Sequence[tuple[Path, bytes]]) -> None:
        """The same for many at once, which is much quicker. Where something lies already, that
        stays and nothing is said. Raises OSError; then some may be there."""
        for start in range(0, len(notes), DROPS_AT_ONCE):
            self._drop_some(notes[start : start + DROPS_AT_ONCE])

    def _drop_some(self, notes: Sequence[tuple[Path, bytes]]) -> None:
        ways = [
            (self.scratch.file(target.name, hashlib.sha256(data).hexdigest()[:12]), target)
            for target, data in notes
        ]
        whole = zip(ways, notes, strict=True)
        disk.write_all_new([(scratch, data) for (scratch, _), (_, data) in whole])
        try:
            for scratch, target in ways:
                with contextlib.suppress(FileExistsError):
                    disk.rename_new(scratch, target)
        finally:
            for scratch, _ in ways:
                scratch.unlink(missing_ok=True)
        for folder in {target.parent for target, _ in notes}:
            disk.fsync_folder(folder)

    def move(self, source: Path, target: Path, *, durable: bool = True) -> None:
        """Renames, never over something. A claim may be lost to a power cut (it is then
        simply made again); everything else is fsynced. Raises FileExistsError,
        FileNotFoundError (somebody else was first)."""
        target.parent.mkdir(parents=True, exist_ok=True)
        disk.rename_new(source, target)
        if durable:
            disk.fsync_folder(target.parent)
            disk.fsync_folder(source.parent)

    def hold_claims(self) -> None:
        """Makes the claims up to here survive a power cut."""
        disk.fsync_folder(self.folder(State.IN_PROGRESS))

    def move_beside(self, source: Path, target: Path, mark: str, *, durable: bool = True) -> Path:
        """Moves to `target`, or, where that name is taken, beside it under one with `mark` in
        it; returns where it lies now. Raises FileNotFoundError."""
        stem = disk.beginning(target.stem, 200)
        for n in itertools.count():
            ending = "" if n == 0 else f"_{mark}" if n == 1 else f"_{mark}-{n}"
            there = target.with_name(f"{stem}{ending}{target.suffix}") if n else target
            try:
                self.move(source, there, durable=durable)
            except FileExistsError:
                continue
            return there
        raise AssertionError("unreachable")

    def rewrite(self, path: Path, expected: bytes, new: bytes, *, durable: bool = True) -> None:
        """Replaces the bytes `expected` at `path` by `new`, or raises Changed. Not `durable`: a
        durable move of the note follows, or a power cut may take it back like a claim.

        The two files are exchanged in one step and what came out is compared: if an editor
        was quicker, its bytes are put back. What came out is kept for DISPLACED_S more, for
        the editor that had the file open and writes late. Where the file system cannot
        exchange, the note is compared just before it is replaced.
        """
        if expected == new:
            return
        old = hashlib.sha256(expected).hexdigest()
        known = f"{old[:12]}-{hashlib.sha256(new).hexdigest()[:12]}"
        scratch = self.scratch.file(path.name, known)
        disk.write_new(scratch, new)
        try:
            disk.keep_mode(path, scratch)
            if not disk.exchange(scratch, path):
                return self._replace(path, expected, new, scratch)
        except FileNotFoundError:
            scratch.unlink(missing_ok=True)
            raise Changed(f"{path.name} was moved meanwhile") from None
        except OSError:
            scratch.unlink(missing_ok=True)
            raise
        came_out = disk.read_regular(scratch, max(len(expected), 1 << 22))
        if came_out != expected:
            self._put_back(path, scratch, new)
            raise Changed(f"{path.name} was edited meanwhile")
        if durable:
            disk.fsync_folder(path.parent)
        self.scratch.displaced(path, scratch, old)

    def _replace(self, path: Path, expected: bytes, new: bytes, scratch: Path) -> None:
        if disk.read_regular(path, len(expected)) != expected:
            scratch.unlink()
            raise Changed(f"{path.name} was edited meanwhile")
        os.replace(scratch, path)
        disk.fsync_folder(path.parent)

    def _put_back(self, path: Path, scratch: Path, ours: bytes) -> None:
        disk.exchange(scratch, path)
        if disk.read_regular(scratch, max(len(ours), 1 << 22)) == ours:
            old = hashlib.sha256(ours).hexdigest()  # an editor may have opened it meanwhile
            self.scratch.displaced(path, scratch, old)
        else:  # somebody wrote into our copy in the instant that it was there: keep that too
            self.put_aside(scratch, path.name)

    def late_edits(self, *, ending: bool = False) -> list[tuple[Path, bytes, Path]]:
        """What editors wrote into notes that a rewrite had displaced; see Scratch."""
        return self.scratch.late_edits(ending=ending)

    def recover(self) -> list[Path]:
        """Empties the scratch folder after a stop or a crash; returns what was put aside."""
        return self.scratch.recover()

    def put_aside(self, path: Path, name: str = "") -> Path:
        """Moves an entry (never opening it) out of the pipeline; returns where it lies now."""
        return self.scratch.put_aside(path, name)

    def keep(self, name: str, data: bytes) -> Path:
        """Keeps a copy of what a note held, before it is written anew."""
        scratch = self.scratch.file(name)
        disk.write_new(scratch, data)
        return self.put_aside(scratch, name)

    def append(self, path: Path, text: str) -> None:
        """Adds lines to a log of ours, creating it if need be, and fsyncs."""
        fresh = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "ab") as out:
            out.write(text.encode())
            out.flush()
            os.fsync(out.fileno())
        if fresh:
            disk.fsync_folder(path.parent)

    def remove_own(self, path: Path) -> None:
        """Removes a file that is ours alone."""
        path.unlink()
        disk.fsync_folder(path.parent)

    def replace_own(self, path: Path, data: bytes) -> None:
        """Replaces a file that is ours alone and can be made again (no fsync)."""
        disk.replace(path, data, self.scratch.file(path.name), durable=False)
