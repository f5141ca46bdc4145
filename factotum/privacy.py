"""What is never read: folders and tags that the handbook names, and notes that say so.

The list is the property `private` of Company_Handbook.md: folders and notes by their path,
tags with their `#`. A note is also kept out by `factotum: never` in its own properties. A
list that cannot be read keeps everything out but the folders in which tasks and requests
lie: what is private is not known then.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factotum.model import FOLDERS
from factotum.note import Note, NoteError, parse
from factotum.reader import Reader

HANDBOOK = "Company_Handbook.md"
HANDBOOK_MOST_BYTES = 1024 * 1024

#: What a person may write for “never” in a note's property `factotum`.
_NEVER = {"never", "no", "false", "private"}

#: A tag as Obsidian reads it: letters, digits, `_`, `-`, and `/` before what is nested.
_TAG = re.compile(r"#([\w/-]+)")

#: The list written where it is no property, so that nobody would heed it.
_IN_TEXT = re.compile(r"(?m)^ {0,3}(?:-[ \t]++)?private:|^ {0,3}(?:`{3,}+|~{3,}+)[^\n]*\bprivate\b")


@dataclass(frozen=True)
class Private:
    """`folders` and `tags` are folded as they are compared. `problem` says which line of the
    handbook cannot be read, and what to do."""

    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    problem: str = ""

    @property
    def rules(self) -> str:
        """A hash of all this, by which a change is noticed."""
        return hashlib.sha256(repr((self.folders, self.tags, self.problem)).encode()).hexdigest()

    def hides_path(self, *paths: str) -> bool:
        """Whether a note or folder is kept out for where it lies. `paths` are its path from
        our folder and, where that lies in a larger vault, from the top of it."""
        if self.problem:
            return paths[0].partition("/")[0] not in FOLDERS.values()
        if not self.folders:
            return False
        folded = {fold(path) for path in paths}
        return any(_within(path, entry) for path in folded for entry in self.folders)

    def hides(self, note: Note) -> bool:
        """Whether a note is kept out for what it holds."""
        if says_never(note.props):
            return True
        found = {fold(tag) for tag in _tags(note)} if self.tags else set()
        return any(_within(tag, entry) for tag in found for entry in self.tags)


def load(handbook: bytes) -> Private:
    """The list in the handbook. One that cannot be read is a Private with a `problem`."""
    try:
        note = parse(handbook, max_bytes=HANDBOOK_MOST_BYTES)
    except NoteError as broken:
        return _broken(str(broken))
    line = _line(handbook)
    if "private" not in note.props and (found := _IN_TEXT.search(note.body)):
        below = handbook.count(b"\n") - note.body.count("\n")
        line = below + note.body.count("\n", 0, found.start()) + 1
        return _broken(
            f"line {line} begins a list of what is private, but stands in the text. Write it as "
            f"the property `private` at the top, a list of folders and #tags"
        )
    value = note.props.get("private")
    entries = [] if value is None else value if isinstance(value, list) else [value]
    return _read(entries, line)


def _read(entries: Iterable[Any], line: int) -> Private:
    folders, tags = [], []
    for entry in entries:
        text = entry.strip() if isinstance(entry, str) else ""
        text = text.removeprefix("[[").removesuffix("]]").partition("|")[0].strip()
        if text.startswith("#"):
            tag = text[1:].strip("/")
            if not re.fullmatch(r"[\w/-]+", tag):
                return _broken(f"the property `private` in line {line}: {entry!r} is no tag")
            tags.append(fold(tag))
            continue
        path = text.strip("/").removeprefix("./")
        if not path or ".." in path.split("/"):
            what = "an entry is empty" if not text else f"{entry!r} is no folder"
            return _broken(
                f"the property `private` in line {line}: {what}. Write folders by their path "
                f'from the top of the vault, and tags in quotes: "#diary"'
            )
        folders.append(fold(path))
    return Private(tuple(folders), tuple(tags))


def _broken(reason: str) -> Private:
    return Private(problem=f"{HANDBOOK}: {reason}. Till then I read no notes but tasks")


def _line(handbook: bytes) -> int:
    found = re.search(rb"(?m)^private:", handbook)
    return handbook.count(b"\n", 0, found.start()) + 1 if found else 1


def fold(text: str) -> str:
    """How paths and tags are compared: case and composed letters make no difference."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _within(path: str, entry: str) -> bool:
    return path in (entry, f"{entry}.md") or path.startswith(f"{entry}/")


def _tags(note: Note) -> Iterable[str]:
    for key, value in note.props.items():
        if key.casefold() in ("tag", "tags"):
            for one in value if isinstance(value, list) else [value]:
                yield from (tag.lstrip("#") for tag in re.split(r"[,\s]+", str(one)))
    yield from _TAG.findall(note.body)


def says_never(props: Mapping[str, Any]) -> bool:
    """Whether a note keeps itself out by `factotum: never`."""
    return any(
        key.casefold() == "factotum" and str(value).strip().casefold() in _NEVER
        for key, value in props.items()
    )


class PrivateShelf:
    """The list as the handbook has it now, read again only when it changed."""

    def __init__(self, root: Path, reader: Reader) -> None:
        self.path = root / HANDBOOK
        self.reader = reader
        self._stamp: tuple[int, int, int] | None = None
        self._last = Private()

    def current(self) -> Private:
        """A handbook that goes away for a moment takes its list with it only at a restart."""
        try:
            about = os.lstat(self.path)
            stamp = (about.st_size, about.st_mtime_ns, about.st_ino)
            if stamp != self._stamp:
                self._last = load(self.reader.read(self.path, HANDBOOK_MOST_BYTES))
                self._stamp = stamp
        except FileNotFoundError:
            pass
        except OSError as failed:
            self._stamp = None
            return _broken(f"it cannot be read ({failed.strerror}); open it on this machine")
        return self._last
