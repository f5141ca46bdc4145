"""Opening a note by the name that somebody gave it, if it may be read at all.

A private note is “not there”: what is said of it is what is said of one that does not exist.
"""

from __future__ import annotations

import difflib
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from factotum import names
from factotum.index import Index, IndexFault, Places
from factotum.index.places import is_name, refusal
from factotum.model import Trust
from factotum.note import Note, NoteError, parse
from factotum.privacy import Private, fold
from factotum.reader import Reader
from factotum.worker.labels import Labels

NOTE_MOST_BYTES = 1024 * 1024

#: How many names are offered for one that is not there, and how many of an ambiguous one.
NEAR_MOST = 5
#: How many entries of a larger vault are looked through for a note that a task links to.
LOOKED_THROUGH_MOST = 50_000


class NotebookError(Exception):
    """It cannot be read or done: which note, why, and what to do instead. Nothing of a note
    that is not the owner's own stands in the message."""


@dataclass(frozen=True)
class Page:
    """A note that was opened. `path` is its path from our folder, `../` before it outside."""

    path: str
    file: Path
    raw: bytes
    note: Note
    trust: Trust

    @property
    def text(self) -> str:
        return self.raw.decode(errors="replace").removeprefix("\ufeff").replace("\r\n", "\n")


class Pages:
    def __init__(
        self,
        places: Places,
        index: Index,
        reader: Reader,
        labels: Labels,
        private: Callable[[], Private],
    ) -> None:
        self.places = places
        self.index = index
        self.reader = reader
        self.labels = labels
        self.private = private

    # -- one note

    def page(self, path: str) -> Page | None:
        """The note at exactly this path, or None when it is not there or not to be read."""
        file = self._file(path)
        private = self.private()
        if file is None or private.hides_path(*self.places.both(path)):
            return None
        try:
            if refusal(os.lstat(file)):
                return None
            raw = self.reader.read(file, NOTE_MOST_BYTES)
        except OSError:
            return None
        try:
            note = parse(raw, max_bytes=NOTE_MOST_BYTES)
        except NoteError:
            return None  # whether it keeps itself out cannot be told
        if private.hides(note):
            return None
        return Page(path, file, raw, note, self.labels.of(path, note))

    def is_private(self, path: str) -> bool:
        """Whether a note that was read under this path may not be read any more, or that
        cannot be told. Of one that is gone nothing new is known."""
        file, private = self._file(path), self.private()
        if file is None or private.hides_path(*self.places.both(path)):
            return True
        try:
            note = parse(self.reader.read(file, NOTE_MOST_BYTES), max_bytes=NOTE_MOST_BYTES)
        except FileNotFoundError:
            return False
        except (OSError, NoteError):
            return True
        return private.hides(note)

    def _file(self, path: str) -> Path | None:
        """Where a note of this name lies, if the name is one that leads nowhere else."""
        rest = path.removeprefix(self.places.up) if self.places.up else path
        plain = PurePosixPath(rest)
        odd = not rest.endswith(".md") or plain.as_posix() != rest or plain.is_absolute()
        if odd or not is_name(rest):
            return None
        if any(part == ".." or names.ignored(part) for part in plain.parts):
            return None
        base = self.places.top if rest != path else self.places.root
        file = base.joinpath(*plain.parts)
        if file.is_relative_to(self.places.root) and rest != path:
            return None  # one note, one name
        if os.path.realpath(file.parent) != os.path.join(os.path.realpath(base), *plain.parts[:-1]):
            return None  # a folder on the way is a link
        return file

    # -- by any name

    def find(self, name: str, linked: Iterable[str] = ()) -> Page:
        """The note that this path, name or link means. `linked` are links that the owner
        wrote into the task: they may lead out of our folder. Raises NotebookError."""
        wanted = bare(name)
        for path in (wanted, f"{wanted}.md"):
            if self._allowed(path, wanted, linked) and (page := self.page(path)):
                return page
        found = self._named(wanted, linked)
        if len(found) > 1:
            listed = ", ".join(f"“{path}”" for path in self._owners(found))
            raise NotebookError(
                f"several notes are called “{shown(name)}”. Give the whole path"
                + (f": {listed}" if listed else "; notes__search finds it")
            )
        if found and (page := self.page(found[0])):
            return page
        raise self.not_there(name)

    def _allowed(self, path: str, wanted: str, linked: Iterable[str]) -> bool:
        """Outside our folder only what the owner linked to, or all of it if the owner said so."""
        outside = bool(self.places.up) and path.startswith(self.places.up)
        if not outside or self.places.whole:
            return True
        return any(path in self._linked(bare(link)) for link in linked)

    def _named(self, wanted: str, linked: Iterable[str]) -> list[str]:
        """The paths of notes that have this name, or end in this path."""
        end = f"/{fold(wanted.removesuffix('.md'))}.md"
        known = [path for path in self._known() if f"/{fold(path)}".endswith(end)]
        if known or not any(fold(bare(link)) == fold(wanted) for link in linked):
            return known
        return self._linked(wanted)

    def _known(self) -> list[str]:
        try:
            self.index.refresh(self.private())
            return self.index.paths()
        except IndexFault:
            return []

    def _linked(self, wanted: str) -> list[str]:
        """The notes of the larger vault that a link means."""
        if not self.places.up:
            return []
        end = f"/{fold(wanted.removesuffix('.md').removeprefix(self.places.up))}.md"
        private = self.private()
        found = []
        for path in self._outside(private):
            if f"/{fold(path.removeprefix(self.places.up))}".endswith(end):
                found.append(path)
        return sorted(found)

    def _outside(self, private: Private) -> Iterator[str]:
        """The notes of the larger vault outside our folder, by name alone: none is opened."""
        seen = 0
        for base, folders, files in os.walk(self.places.top):
            here = Path(base)
            folders[:] = [name for name in folders if self._enters(here / name, private)]
            seen += len(files)
            if seen > LOOKED_THROUGH_MOST:
                return
            for name in files:
                path = self.places.path(here / name)
                hidden = names.ignored(name) or private.hides_path(*self.places.both(path))
                if name.endswith(".md") and not hidden:
                    yield path

    def _enters(self, folder: Path, private: Private) -> bool:
        if names.ignored(folder.name) or folder == self.places.root:
            return False
        return not private.hides_path(*self.places.both(self.places.path(folder)))

    # -- what is not there

    def not_there(self, name: str) -> NotebookError:
        """The same words for a note that does not exist and for one that is private."""
        near = self._owners(self._near(bare(name)))
        listed = ", ".join(f"“{path}”" for path in near)
        return NotebookError(
            f"there is no note “{shown(name)}”. "
            + (f"Near to it: {listed}" if listed else "Find its name with notes__search")
        )

    def _near(self, wanted: str) -> list[str]:
        by_name: dict[str, str] = {}
        for path in self._known():
            by_name.setdefault(fold(path.rpartition("/")[2].removesuffix(".md")), path)
        last = fold(wanted.rpartition("/")[2].removesuffix(".md"))
        close = difflib.get_close_matches(last, by_name, NEAR_MOST, 0.6)
        return [by_name[name] for name in close]

    def _owners(self, paths: Iterable[str]) -> list[str]:
        """Those of the notes whose names the owner chose: a name can be an order too."""
        pages = (self.page(path) for path in list(paths)[: 4 * NEAR_MOST])
        own = [page.path for page in pages if page and page.trust is Trust.OWNER]
        return own[:NEAR_MOST]


def bare(name: str) -> str:
    """The path or name in a link or a name as people write it."""
    inner = unicodedata.normalize("NFC", name).strip().removeprefix("!")
    inner = inner.removeprefix("[[").removesuffix("]]")
    return inner.partition("|")[0].partition("#")[0].strip().removeprefix("./").lstrip("/")


def shown(name: str) -> str:
    """A name as it was asked for, short and on one line."""
    flat = " ".join(name.split())
    return flat if len(flat) <= 80 else flat[:79] + "…"
