"""Where a dropped file is kept, and what came inside it: unique by content, readable by name.

In the vault up to a size, above it in the state directory. Nothing is ever written over.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from factotum import disk, names
from factotum.model import Attachment
from factotum.reader import Reader
from factotum.reading import Reading
from factotum.reading.shape import Part
from factotum.vault import Vault

#: A larger attachment stays in the state directory, so that sync need not carry it.
SYNC_MOST_BYTES = 1024 * 1024
#: How much of a file is copied at a time, in bytes.
COPY_BYTES = 1024 * 1024
#: How much of small files is collected before it is written, in bytes.
AT_ONCE_BYTES = 16 * 1024 * 1024
#: How the name of a file begins that is being written; what a killed process left of such is
#: cleared away after so long, in seconds.
PART, CUT_SHORT_S = ".part", 3600.0


class Keeper:
    """Puts files where they stay. `large` is the folder for those that sync need not carry."""

    def __init__(self, vault: Vault, reader: Reader, large: Path) -> None:
        self.vault = vault
        self.reader = reader
        self.large = large

    def keep_parts(self, reading: Reading) -> tuple[Attachment, ...]:
        """Stores the attachments of a mail; the same again after a crash changes nothing."""
        (kept,) = self.keep_all([reading])
        return kept

    def keep_all(self, readings: Sequence[Reading]) -> list[tuple[Attachment, ...]]:
        """The same for many mails, whose small files share the waits for the disk."""
        wait: dict[str, tuple[str, bytes]] = {}
        kept = []
        for reading in readings:
            kept.append(tuple(self._keep(part, wait) for part in reading.attachments))
            if sum(len(data) for _, data in wait.values()) > AT_ONCE_BYTES:
                self._drop(wait)
        self._drop(wait)
        return kept

    def _keep(self, part: Part, wait: dict[str, tuple[str, bytes]]) -> Attachment:
        """Says where it is kept; a small file is there when those that `wait` are dropped."""
        digest = hashlib.sha256(part.data).hexdigest()
        name, where = self.place_of(part.name, len(part.data), digest)
        if where in wait and wait[where][0] != digest:  # begins with the same six digits
            self._drop(wait)
            name, where = self.place_of(part.name, len(part.data), digest)
        target = self.vault.root / where
        if target.is_relative_to(self.large):
            if not self.lies(where):
                target.parent.mkdir(parents=True, exist_ok=True)
                _write(target, iter((part.data,)))
        elif not self.lies(where):
            wait[where] = digest, part.data
        return Attachment(name, len(part.data), digest, where)

    def _drop(self, wait: dict[str, tuple[str, bytes]]) -> None:
        for folder in {(self.vault.root / where).parent for where in wait}:
            folder.mkdir(parents=True, exist_ok=True)
        self.vault.drop_all([(self.vault.root / where, data) for where, (_, data) in wait.items()])
        wait.clear()

    def place_of(self, name: str, size_bytes: int, sha: str) -> tuple[str, str]:
        """(the safe name, where the file is to lie): unique by content, readable by name.

        Where something lies, it is this very file: another one (a person edited it, a crash
        cut it short) keeps its place, and this gets the next.
        """
        safe = names.safe_file_name(name)
        stem, dot, ending = safe.rpartition(".")
        if not dot:
            stem = safe
        folder = f"{self.large}" if size_bytes > SYNC_MOST_BYTES else "Office/Attachments"
        n = 1
        while True:
            again = f"-{n}" if n > 1 else ""
            where = f"{folder}/{stem}_{sha[:6]}{again}{dot}{ending if dot else ''}"
            if not self.lies(where) or self._same(self.vault.root / where, size_bytes, sha):
                return safe, where
            n += 1

    def lies(self, where: str) -> bool:
        return os.path.lexists(self.vault.root / where)

    def _same(self, path: Path, size_bytes: int, sha: str) -> bool:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode) or about.st_size != size_bytes:
            return False
        if size_bytes > SYNC_MOST_BYTES:  # in our state directory: no sync client evicts it
            return digest_of(path) == sha
        return hashlib.sha256(self.reader.read(path, SYNC_MOST_BYTES)).hexdigest() == sha

    def store(self, path: Path, where: str) -> None:
        """Puts the file where `place_of` said. Raises OSError; then it still lies at `path`."""
        target = self.vault.root / where
        target.parent.mkdir(parents=True, exist_ok=True)
        if self.lies(where):
            self.vault.put_aside(path)
        elif path.stat().st_dev == target.parent.stat().st_dev:
            self.vault.move(path, target)
        else:  # the state directory is on another disk
            _write(target, _parts(path))
            path.unlink()


def digest_of(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parts(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while part := file.read(COPY_BYTES):
            yield part


def _write(target: Path, parts: Iterator[bytes]) -> None:
    """Writes a file of the state directory whole, over nothing, by way of one beside it: that
    directory may be on another disk than the vault. Another process may do the same at the same
    time. Raises FileExistsError, OSError."""
    _clear(target.parent)
    scratch = target.with_name(f"{PART}.{os.getpid()}.{secrets.token_hex(4)}")
    disk.write_new_from(scratch, parts, mode=0o600)
    try:
        disk.rename_new(scratch, target)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
    disk.fsync_folder(target.parent)


def _clear(folder: Path) -> None:
    """Removes what a crash left of files that were being written."""
    for entry in os.scandir(folder):
        if entry.name.startswith(PART) and time.time() - entry.stat().st_mtime > CUT_SHORT_S:
            Path(entry.path).unlink(missing_ok=True)
