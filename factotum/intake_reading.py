"""Files that are read beside the desk, one after the other: a hostile one may take a minute.

What is read is held in memory, so few wait; a file that waits is not even opened. Nothing is
moved or written here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from factotum.keeping import digest_of
from factotum.reader import Reader
from factotum.reading import Reading
from factotum.words import size

#: A larger file is kept and named in a task, but not opened, in bytes.
READ_MOST_BYTES = 25 * 1024 * 1024
#: How many files are held in memory to be read, or read and not yet taken in.
READ_AT_ONCE = 4

Signature = tuple[int, int, int]


@dataclass(frozen=True)
class _Reading:
    """A file that is being read: as it was when that began, and what it is known by."""

    signature: Signature
    sha256: str
    result: Future[Reading]


class Readings:
    def __init__(
        self,
        reader: Reader,
        read: Callable[[bytes, str], Reading],
        seen: Callable[[str], bool],
    ) -> None:
        """`read` makes words of bytes and a name; `seen` says whether a file of this sha256 was
        taken in before."""
        self.reader = reader
        self.read = read
        self.seen = seen
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="reading")
        self._readings: dict[Path, _Reading] = {}

    def in_order(self, lie: Collection[Path]) -> list[Path]:
        """These files, first those that are being read already; any other is forgotten."""
        self._readings = {path: self._readings[path] for path in lie if path in self._readings}
        return sorted(lie, key=lambda path: path not in self._readings)

    def of(self, path: Path) -> tuple[str, Reading | None] | None:
        """(the file's sha256, what it says); without the latter when we had the same before.

        None while it is still being read, or waits for that.
        """
        known = self._readings.get(path)
        if known is None and len(self._readings) >= READ_AT_ONCE:
            return None
        signature = signature_of(path.lstat())
        if known is None or known.signature != signature:
            sha, data = self._bytes(path)
            if self.seen(sha):
                return sha, None
            if data is None:
                return sha, _unopened(path)
            result = self._readers.submit(self.read, data, path.name)
            known = self._readings[path] = _Reading(signature, sha, result)
        if not known.result.done():
            return None
        del self._readings[path]
        if self.seen(known.sha256):
            return known.sha256, None  # its double was first
        return known.sha256, known.result.result()

    def _bytes(self, path: Path) -> tuple[str, bytes | None]:
        """The file's sha256, and its bytes unless it is too large to be read."""
        if path.lstat().st_size > READ_MOST_BYTES:
            return digest_of(path), None
        data = self.reader.read(path, READ_MOST_BYTES)
        return hashlib.sha256(data).hexdigest(), data

    def close(self) -> None:
        """Leaves a reading that is under way behind."""
        self._readers.shutdown(wait=False, cancel_futures=True)


def signature_of(about: os.stat_result) -> Signature:
    return (about.st_size, about.st_mtime_ns, about.st_ino)


def _unopened(path: Path) -> Reading:
    return Reading(
        kind="file",
        title=path.name,
        text=f"{path.name} ({size(path.stat().st_size)}) is too large to be read.",
        remarks=(f"larger than {size(READ_MOST_BYTES)}: kept, but not opened",),
    )
