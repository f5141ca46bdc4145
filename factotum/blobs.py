"""The sealed files: copies by content, so that what was approved is what is sent.

A blob is `<folder>/<sha256>`, written once, never changed. The note's attachment may be
edited or deleted after sealing; the blob is what leaves.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from factotum.disk import fsync_folder


class BlobError(Exception):
    """A sealed file is missing or is not what was sealed."""


class Blobs:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, data: bytes) -> str:
        """Stores the bytes durably and returns their sha256 as hex."""
        sha = hashlib.sha256(data).hexdigest()
        target = self.folder / sha
        if target.exists() and target.stat().st_size == len(data):
            return sha
        scratch = self.folder / f".{sha}.{os.getpid()}"
        with open(scratch, "wb", opener=lambda p, f: os.open(p, f, 0o600)) as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(scratch, target)
        fsync_folder(self.folder)
        return sha

    def path(self, sha: str) -> Path:
        """Where the blob lies, checked against its name. Raises BlobError."""
        path = self.folder / sha
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as broken:
            raise BlobError(
                f"the sealed file {sha[:12]} cannot be read ({broken.strerror}); "
                f"put back {self.folder} from a backup, or reject the card and start over"
            ) from broken
        if found != sha:
            raise BlobError(f"the sealed file {sha[:12]} was changed on disk; reject its card")
        return path
