"""Finding the files that a call wants to send, and keeping them as they are now.

A file is one that came with the task, or one of the vault named by its path or link. What
is sealed is a copy: what happens to the original afterwards does not matter.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from factotum.blobs import Blobs
from factotum.disk import NotRegular
from factotum.index.places import Places, top_of
from factotum.model import Attachment, Task
from factotum.note import NoteError, parse
from factotum.privacy import Private
from factotum.reader import Reader

#: The largest file that goes out, in bytes. Most mail servers take no more than this.
FILE_MOST_BYTES = 20 * 1024 * 1024


class AttachError(Exception):
    """The file cannot be sent; the message names it, the cause and the remedy."""


class Cupboard:
    def __init__(
        self,
        root: Path,
        blobs: Blobs,
        reader: Reader,
        private: Callable[[], Private] = Private,
    ) -> None:
        self.root = root
        self.places = Places(root, top_of(root))
        self.blobs = blobs
        self.reader = reader
        self.private = private

    def take(self, name: str, task: Task, most_bytes: int = FILE_MOST_BYTES) -> Attachment:
        """Seals a copy of the file. Raises AttachError."""
        try:
            path = self._find(name, task)
        except (OSError, ValueError):  # no file can have such a name
            raise _absent(name[:200]) from None
        try:
            data = self.reader.read(path, most_bytes)
        except NotRegular:
            raise AttachError(f"{name} is a link or no regular file; put a copy there") from None
        except OSError as failed:
            raise AttachError(f"{name} cannot be read ({failed.strerror})") from failed
        if len(data) > most_bytes:
            raise AttachError(f"{name} is larger than {most_bytes >> 20} MB, too large to send")
        came = task_file(name, task)
        if not came and self._is_private(path, data):
            raise _absent(name)  # as if it were not there
        if came and hashlib.sha256(data).hexdigest() != came.sha256:
            raise AttachError(
                f"{name} was changed since it came with the task. To send it as it is now, put a "
                f"copy elsewhere in the vault and name that by its path"
            )
        sha = self.blobs.put(data)
        return Attachment(name if came else path.name, len(data), sha)

    def _find(self, name: str, task: Task) -> Path:
        came = task_file(name, task)
        if came and came.path.startswith("/"):
            return Path(came.path)  # a large one: we keep it in the state directory
        link = name.removeprefix("[[").removesuffix("]]")
        wanted = PurePosixPath(came.path if came else link)
        if wanted.is_absolute() or ".." in wanted.parts or any(p[0] == "." for p in wanted.parts):
            raise AttachError(f"{name} is not in the vault; name a file by its path in the vault")
        path = self.root.joinpath(*wanted.parts)
        if path.parent.resolve() != self.root.resolve().joinpath(*wanted.parts[:-1]):
            raise AttachError(f"{name} leads out of the vault by a link; put a copy into the vault")
        if not came and not path.exists():
            raise _absent(name)
        return path

    def _is_private(self, path: Path, data: bytes) -> bool:
        """Whether the file is kept out, or is a note of which that cannot be told."""
        rules = self.private()
        if rules.hides_path(*self.places.both(path.relative_to(self.root).as_posix())):
            return True
        if path.suffix.casefold() != ".md":
            return False
        try:
            note = parse(data, max_bytes=FILE_MOST_BYTES)
            return os.lstat(path).st_nlink > 1 or rules.hides(note)
        except (NoteError, OSError):
            return True


def _absent(name: str) -> AttachError:
    return AttachError(
        f"there is no file {name}: it did not come with the task and is not in the vault"
    )


def task_file(name: str, task: Task) -> Attachment | None:
    return next((a for a in task.attachments if name in {a.name, a.path}), None)
