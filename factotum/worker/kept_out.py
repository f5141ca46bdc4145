"""Tasks that the owner keeps from a model: by the note itself, or by the file that it is of.

Such a note stays where it lies, and is told of. What outsiders write cannot keep their mail
out: a tag of the handbook's list counts only in what the owner typed.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

from factotum.ledger import TaskRow
from factotum.note import Note, NoteError, parse
from factotum.privacy import Private, PrivateShelf, says_never
from factotum.reader import Reader
from factotum.worker.brief import typed
from factotum.worker.fit import DECIDES
from factotum.worker.pages import NOTE_MOST_BYTES

#: What is said of it, after the note's name.
NEVER = "says `factotum: never`, so I leave it alone. Take that out if I am to do it"
TAGGED = "holds a tag that the handbook calls private, so I leave it alone. Take that out"

#: Of how many files it is remembered, while they stay as they are.
KNOWN_MOST = 10_000


class KeptOut:
    def __init__(self, root: Path, reader: Reader) -> None:
        self.root = root
        self.reader = reader
        self.private = PrivateShelf(root, reader)
        self._known = functools.lru_cache(KNOWN_MOST)(self._says_never)

    def why(self, note: Note, row: TaskRow | None) -> str:
        """Why the task is not begun, or an empty string. `row` is None for a new one."""
        if says_never(note.props):
            return NEVER
        if row is None or typed(row):
            return TAGGED if self.private.current().hides(note) else ""
        return self._of_file(row)

    def _of_file(self, row: TaskRow) -> str:
        """The same for the note that was dropped into Inbox, where the task is made of one."""
        files = row.facts.get("attachments", ()) if row.kind == "note" else ()
        for path in (str(file["path"]) for file in files):
            if not path.casefold().endswith(".md"):
                continue
            try:
                about = os.lstat(self.root / path)
                if self._known(self.root / path, about.st_size, about.st_mtime_ns):
                    return f"is of {path}, which {NEVER}"
            except FileNotFoundError:
                continue  # the owner took it away
            except OSError as failed:
                return f"is of {path}, which cannot be read now ({failed.strerror})"
        return ""

    def _says_never(self, path: Path, _size_bytes: int, _mtime_ns: int) -> bool:
        data = self.reader.read(path, NOTE_MOST_BYTES)
        try:
            return Private().hides(parse(data, max_bytes=NOTE_MOST_BYTES))
        except NoteError:
            return bool(DECIDES.search(data))
