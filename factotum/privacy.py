"""What is never read: folders and tags that the handbook names, and notes that say so.

The list is the property `private` of Company_Handbook.md: folders and notes by their path,
tags with their `#`. A note is also kept out by `factotum: never` in its own properties. A
list that cannot be read keeps everything out but the folders in which tasks and requests
lie: what is private is not known then.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import itertools
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factotum import disk
from factotum.model import FOLDERS
from factotum.note import Note, NoteError, parse
from factotum.reader import Reader

HANDBOOK = "Company_Handbook.md"
HANDBOOK_MOST_BYTES = 1024 * 1024
#: The file in the state directory that holds the last list, and what is in it.
KEPT = "private.json"
LISTS = ("folders", "tags", "names")

KEY = "private"
#: From here on, of 1, a property of the handbook is taken for that one with a slip in it.
NEAR = 0.7

#: What is clearly no “never” in a note's property `factotum`. Whatever else stands there keeps
#: the note out.
_YES = {"yes", "y", "true", "on", "ok", "always", "read"}

#: A tag as Obsidian reads it: letters, digits, `_`, `-`, and `/` before what is nested.
_TAG = re.compile(r"#([\w/-]+)")

#: The end of an entry by which a folder means all that is in it.
_ALL_OF_IT = re.compile(r"/(?:\*\*?|\*\.md)?\Z")
#: What no path in Obsidian holds: something else is meant that we do not understand.
_ODD = re.compile(r'[*<>|":]|\[\[|\]\]|\]\(')

#: The list written where it is no property, so that nobody would heed it.
_IN_TEXT = re.compile(
    r"(?im)^ {0,3}(?:-[ \t]++)?private:|^ {0,3}(?:`{3,}+|~{3,}+)[^\n]*\bprivate\b"
)


@dataclass(frozen=True)
class Private:
    """`folders` and `tags` are folded as they are compared; `names` are of notes, wherever they
    lie. `problem` says which line of the handbook cannot be read, and what to do."""

    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    problem: str = ""

    @property
    def rules(self) -> str:
        """A hash of all this, by which a change is noticed."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def hides_path(self, *paths: str) -> bool:
        """Whether a note or folder is kept out for where it lies. `paths` are its path from
        our folder and, where that lies in a larger vault, from the top of it."""
        if self.problem:
            return paths[0].partition("/")[0] not in FOLDERS.values()
        if not self.folders:
            return False
        folded = {fold(path) for path in paths}
        if any(path.rpartition("/")[2].removesuffix(".md") in self.names for path in folded):
            return True
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
    named = [key for key in note.props if _nearly(key)]
    if not named and (found := _IN_TEXT.search(note.body)):
        below = handbook.count(b"\n") - note.body.count("\n")
        line = below + note.body.count("\n", 0, found.start()) + 1
        return _broken(
            f"line {line} begins a list of what is private, but stands in the text. Write it as "
            f"the property `private` at the top, a list of folders and #tags"
        )
    entries: list[Any] = []
    for key in named:
        if key.strip().casefold() != KEY:
            return _broken(f"no property is called `{key}`: write `{KEY}`")
        value = note.props[key]
        entries += [] if value is None else value if isinstance(value, list) else [value]
    return _read(entries, line)


def _nearly(key: str) -> bool:
    return bool(difflib.get_close_matches(key.strip().casefold(), [KEY], 1, NEAR))


def _read(entries: Iterable[Any], line: int) -> Private:
    folders, tags, names = [], [], []
    for entry in itertools.chain.from_iterable(map(_parts, entries)):
        if entry.startswith("#"):
            tag = entry[1:].strip("/")
            if not re.fullmatch(r"[\w/-]+", tag):
                return _broken(f"the property `private` in line {line}: {entry!r} is no tag")
            tags.append(fold(tag))
            continue
        is_link = entry.startswith("[[")
        path = _path(entry)
        if not path or ".." in path.split("/") or _ODD.search(path):
            what = "an entry is empty" if not entry else f"{entry!r} is no folder"
            return _broken(
                f"the property `private` in line {line}: {what}. Write folders by their path "
                f'from the top of the vault, and tags in quotes: "#diary"'
            )
        folders.append(fold(path))
        if is_link:
            names.append(fold(path.rpartition("/")[2].removesuffix(".md")))
    return Private(tuple(folders), tuple(tags), tuple(names))


def _parts(entry: Any) -> Iterator[str]:
    """What an entry of the list means. Commas may stand between several, or in one name: then
    rather one too many."""
    text = unicodedata.normalize("NFC", entry).strip() if isinstance(entry, str) else ""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > 1 and not text.startswith("#"):
        yield text
    yield from (part for part in parts if part or len(parts) == 1)


def _path(entry: str) -> str:
    """The path in an entry: that of a link, of a folder with all that is in it, of Windows."""
    text = entry.removeprefix("!")
    if text.startswith("[["):
        text = text.removeprefix("[[").removesuffix("]]").partition("|")[0].partition("#")[0]
    path = text.strip().replace("\\", "/")
    while path != (path := _ALL_OF_IT.sub("", path)):
        pass
    return path.removeprefix("./").strip("/").strip()


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
    yield from _TAG.findall(unicodedata.normalize("NFC", note.body))


def says_never(props: Mapping[str, Any]) -> bool:
    """Whether a note keeps itself out: by `factotum: never`, or by anything there that is not
    clearly a yes."""
    return any(
        key.strip().casefold() == "factotum" and str(value).strip().casefold() not in _YES
        for key, value in props.items()
    )


class PrivateShelf:
    """The list as the handbook has it now, read again only when it changed.

    A handbook that goes away leaves its list in force till there is one again: in `state`,
    where one is given, the last list is kept over a restart.
    """

    def __init__(self, root: Path, reader: Reader, state: Path | None = None) -> None:
        self.path = root / HANDBOOK
        self.reader = reader
        self._kept = state / KEPT if state else None
        self._stamp: tuple[int, int, int, int] | None = None
        self._last = self._remembered()

    def current(self) -> Private:
        try:
            about = os.lstat(self.path)
            stamp = (about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino)
            if stamp != self._stamp:
                self._last = load(self.reader.read(self.path, HANDBOOK_MOST_BYTES))
                self._stamp = stamp
                self._remember()
        except FileNotFoundError:
            pass
        except OSError as failed:
            self._stamp = None
            return _broken(f"it cannot be read ({failed.strerror}); open it on this machine")
        return self._last

    def _remembered(self) -> Private:
        """The list of the last start; of one that cannot be read it is not known any more."""
        try:
            said = json.loads(self._kept.read_bytes()) if self._kept else {}
            folders, tags, names = (tuple(map(str, said.get(key, ()))) for key in LISTS)
            return Private(folders, tags, names)
        except FileNotFoundError:
            return Private()
        except (OSError, ValueError, TypeError, AttributeError):
            return _broken("it is gone, and what it last kept private is not known. Put it back")

    def _remember(self) -> None:
        """A list that cannot be read takes no other's place; a full disk is no reason to stop."""
        if self._kept is None or self._last.problem or self._last == self._remembered():
            return
        text = json.dumps({key: getattr(self._last, key) for key in LISTS})
        scratch = self._kept.with_suffix(".new")
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)
            disk.write_new(scratch, text.encode(), mode=0o600)
            os.replace(scratch, self._kept)
