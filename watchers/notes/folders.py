"""The folders of daily notes that the handbook names, and the notes in them by their stamps."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from factotum import names
from factotum.index.places import INDEXED_MOST_BYTES, Places, is_name
from factotum.model import FOLDERS
from factotum.privacy import HANDBOOK, Private
from factotum.vault import OWN
from watchers.entries import BadEntry, Entry

#: What lies in our own folder and is no place for notes of the day.
OURS = {
    *FOLDERS.values(),
    *(OWN, "Plans", "Briefings", "Logs", "Drafts", "Office"),
    *(HANDBOOK, "Dashboard.md", "Business_Goals.md", "HEARTBEAT.md"),
    *("SOUL.md", "USER.md", "AGENTS.md"),
}
Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Folder:
    """`path` is from the top of the vault, empty for all of it."""

    path: str
    mention: str
    line: int


def folder(entry: Entry, mention: str, places: Places) -> Folder:
    """Raises BadEntry."""
    written = entry.text("folder")
    path = written.replace("\\", "/").removeprefix("./").rstrip("/").removesuffix("/.")
    path = "" if path == "." else path
    if path.startswith("/") or ".." in path.split("/") or path[1:2] == ":":
        raise BadEntry(f"{written!r}: write a folder by its path from the top of the vault",
                       entry.at("folder"))  # fmt: skip
    word = entry.text("mention", mention)
    if len(word) < 2 or word.split() != [word]:
        raise BadEntry(f"`mention: {word}` must be one word, as @fac", entry.at("mention"))
    if _is_ours(f"{path}/" if path else "", places):
        raise BadEntry(f"{written!r} holds tasks and notes of the office: name a folder of your "
                       f"own notes", entry.at("folder"))  # fmt: skip
    return Folder(path, word, entry.line)


def _is_ours(from_top: str, places: Places) -> bool:
    """Whether a path from the top lies in a folder of the office."""
    root = places.root.relative_to(places.top).as_posix()
    before = "" if root == "." else f"{root}/"
    inside = from_top.startswith(before)
    return inside and from_top.removeprefix(before).partition("/")[0] in OURS


def belongs_to(folders: Sequence[Folder], from_top: str) -> Folder | None:
    """The nearest folder that a note lies in."""
    there = [one for one in folders if not one.path or from_top.startswith(f"{one.path}/")]
    return max(there, key=lambda one: len(one.path), default=None)


def notes(folders: Sequence[Folder], places: Places, private: Private) -> dict[str, Stamp]:
    """Each note in these folders, by its path from the top, that is not private for where it
    lies. Opens none."""
    found: dict[str, Stamp] = {}
    top = os.fspath(places.top)
    for one in folders:
        for path, entry in _walk(os.path.join(top, one.path), one.path, places, private):
            if path not in found and (stamp := stamp_of(entry.path)):
                found[path] = stamp
    return found


def _walk(
    folder: str, from_top: str, places: Places, private: Private
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    left = [(folder, from_top)]
    while left:
        here, before = left.pop()
        for entry in _entries(here):
            path = f"{before}/{entry.name}" if before else entry.name
            if names.ignored(entry.name) or not is_name(entry.name) or _is_ours(path, places):
                continue
            if private.hides_path(places.path(places.top / path), path):
                continue
            if entry.is_dir(follow_symlinks=False):
                left.append((entry.path, path))
            elif entry.name.endswith(".md"):
                yield path, entry


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listed:
            return list(listed)
    except OSError:
        return []


def stamp_of(path: str) -> Stamp | None:
    """By this it is known whether a note was changed; None for what is none, or too large."""
    try:
        about = os.lstat(path)
    except OSError:
        return None
    if not stat.S_ISREG(about.st_mode) or about.st_size > INDEXED_MOST_BYTES:
        return None
    return about.st_size, about.st_mtime_ns, about.st_ino
