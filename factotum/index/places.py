"""Where notes are looked for, and what of it is never opened."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from factotum import names
from factotum.model import FOLDERS, State
from factotum.note import Note
from factotum.privacy import Private

#: A note larger than this is not indexed, in bytes; it is listed instead.
INDEXED_MOST_BYTES = 1024 * 1024

#: What lies there is not searched: work under way and its cards (only what is finished is),
#: the logs, and what is written anew all the time.
NOT_SEARCHED = {
    *(FOLDERS[state] for state in State if state not in (State.DONE, State.FAILED)),
    "Logs",
    "Dashboard.md",
    "Office/Templates",
}


@dataclass(frozen=True)
class Places:
    """`root` is our folder. `top` is the vault that it lies in, or the same; it is searched
    as a whole only with `whole`.

    A note has one name here: its path from our folder, which begins with `../` outside it.
    """

    root: Path
    top: Path
    whole: bool = False

    @property
    def up(self) -> str:
        return "../" * len(self.root.relative_to(self.top).parts)

    def file(self, path: str) -> Path:
        if self.up and path.startswith(self.up):
            return self.top / path.removeprefix(self.up)
        return self.root / path

    def both(self, path: str) -> tuple[str, str]:
        """The path from our folder, and the one from the top of the vault."""
        return path, self.file(path).relative_to(self.top).as_posix()

    def path(self, file: Path) -> str:
        """The name of a file below the top."""
        if file.is_relative_to(self.root):
            return file.relative_to(self.root).as_posix()
        return self.up + file.relative_to(self.top).as_posix()


def top_of(root: Path) -> Path:
    """The vault of Obsidian in which our folder lies: the nearest one with `.obsidian`."""
    found = (one for one in (root, *root.parents) if (one / ".obsidian").is_dir())
    return next(found, root)


@dataclass
class Sweep:
    """What a walk found: the stamp (size, mtime) of each note, and what is left out and why."""

    found: dict[str, tuple[int, int]] = field(default_factory=dict)
    odd: dict[str, str] = field(default_factory=dict)


def sweep(places: Places, private: Private, under: str = "") -> Sweep:
    """Every note that is not private for where it lies, or those in the folder `under` (with
    its slash) alone: then nothing beside it is looked at. Opens none.

    Names are put together as text: with ten thousand notes it is this that takes the time.
    """
    seen = Sweep()
    root = os.fspath(places.root)
    ours = _Folder(root, "", f"{places.both('')[1]}/" if places.up else "")
    folders = [ours]
    if places.whole and places.up and not under:
        folders.append(_Folder(os.fspath(places.top), places.up, ""))
    while folders:
        here = folders.pop()
        for entry in _entries(here.path):
            name = entry.name
            if names.ignored(name) or not is_name(name) or entry.path == root:
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            if not is_folder and not name.endswith(".md"):
                continue
            path, from_top = here.name + name, here.from_top + name
            leads_there = path.startswith(under) or (is_folder and under.startswith(f"{path}/"))
            if not leads_there:
                continue
            if path in NOT_SEARCHED or private.hides_path(path, from_top):
                continue
            if is_folder:
                folders.append(_Folder(entry.path, f"{path}/", f"{from_top}/"))
            else:
                _see(entry, path, seen)
    return seen


class _Folder(NamedTuple):
    """A folder on disk, and what its notes' names begin with, from our folder and the top."""

    path: str
    name: str
    from_top: str


def is_name(name: str) -> bool:
    """Whether a name can be told: it is text, and one line of it."""
    if name.isascii() and name.isprintable():
        return True
    kinds = {unicodedata.category(char) for char in name}
    return not kinds & {"Cc", "Cs", "Zl", "Zp"}


def _see(entry: os.DirEntry[str], path: str, seen: Sweep) -> None:
    try:
        about = entry.stat(follow_symlinks=False)
    except OSError:
        return  # it went between listing and stat
    if reason := refusal(about):
        seen.odd[path] = reason
    else:
        seen.found[path] = (about.st_size, about.st_mtime_ns)


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            yield from found
    except OSError:
        return  # a folder that sync takes away for a moment: the next look tells


def refusal(about: os.stat_result) -> str:
    """Why a file is never opened as a note, or an empty string."""
    if stat.S_ISLNK(about.st_mode):
        return "is a link. Put the note itself there"
    if not stat.S_ISREG(about.st_mode):
        return "is no regular file"
    if about.st_nlink > 1:
        return "has a second name elsewhere (a hard link). Make a copy and remove this one"
    if about.st_size > INDEXED_MOST_BYTES:
        return f"is larger than {INDEXED_MOST_BYTES >> 20} MB, too large to be searched"
    return ""


def title_of(path: str, note: Note) -> str:
    """The note's name and its other names, by which it is found first."""
    other = note.props.get("aliases")
    aliases = other if isinstance(other, list) else [other] if other else []
    return "\n".join([path.rpartition("/")[2].removesuffix(".md"), *map(str, aliases)])
