"""An archive: the names and sizes of what is in it. Nothing is ever unpacked to anywhere."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import time
import zipfile
from collections.abc import Callable
from typing import IO, Any, cast

LISTED_MOST = 300
NAME_MOST = 200
#: How much of a compressed tar is run through to find the next name, in bytes.
THROUGH_MOST_BYTES = 2 * 1024 * 1024 * 1024

PACKERS: tuple[tuple[bytes, Callable[..., Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ", lzma.open),
)


class _TooMuch(Exception):
    """More has been run through than the listing is worth."""


class _Through:
    """A stream that ends the reading when it has given too much, or for too long."""

    def __init__(self, inner: IO[bytes], until_s: float) -> None:
        self.inner = inner
        self.until_s = until_s
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        if self.given > THROUGH_MOST_BYTES or time.monotonic() > self.until_s:
            raise _TooMuch
        part = self.inner.read(min(size, 1024 * 1024) if size >= 0 else 1024 * 1024)
        self.given += len(part)
        return part


def read(data: bytes, most: int, until_s: float) -> dict[str, Any]:
    """The first `files` as [name, size], `count` and `total` bytes of all, whether some are
    `locked`, and `whole` (whether the end was reached). `plain`: one packed file, no archive."""
    if data[:2] == b"PK":
        return _zip(data)
    unpacked = next(
        (packer(io.BytesIO(data)) for magic, packer in PACKERS if data.startswith(magic)), None
    )
    if unpacked is not None and not _is_tar(data):
        return {"plain": True}
    return _tar(_Through(cast("IO[bytes]", unpacked or io.BytesIO(data)), until_s))


def _is_tar(data: bytes) -> bool:
    for magic, packer in PACKERS:
        if data.startswith(magic):
            return bytes(packer(io.BytesIO(data)).read(512))[257:262] == b"ustar"
    return True


def _zip(data: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
    return {
        "files": [
            [member.filename[:NAME_MOST], member.file_size] for member in members[:LISTED_MOST]
        ],
        "count": len(members),
        "total": sum(member.file_size for member in members),
        "locked": any(member.flag_bits & 1 for member in members),
        "whole": True,
    }


def _tar(stream: _Through) -> dict[str, Any]:
    files: list[list[Any]] = []
    count = total = 0
    whole = True
    try:
        archive: Any
        with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|") as archive:
            while (member := archive.next()) is not None:
                archive.members = []  # else it keeps all of them
                if member.isdir():
                    continue
                count += 1
                total += member.size
                if len(files) < LISTED_MOST:
                    files.append([member.name[:NAME_MOST], member.size])
    except (_TooMuch, tarfile.TarError, EOFError, OSError):
        whole = False
    return {"files": files, "count": count, "total": total, "locked": False, "whole": whole}
