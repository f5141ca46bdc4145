"""The notes that people write for the agent, as they are on disk now: read again only when
one of them changed. What is private is not told. Nothing here writes."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from factotum import disk, names
from factotum.agent import agents, persona, skills
from factotum.agent.agents import Agent
from factotum.agent.persona import Persona
from factotum.agent.skills import Skill
from factotum.index.places import Places, top_of
from factotum.note import NoteError, parse
from factotum.privacy import PrivateShelf
from factotum.reader import Reader, Stuck
from factotum.scan import Problem
from factotum.settings import Settings

#: A note larger than this is not read for the agent, in bytes.
MOST_BYTES = 256 * 1024
#: How many notes one shelf looks at; what comes after them is as if it were not there.
NOTES_MOST = 500

AGENTS = "Office/Agents"

T = TypeVar("T")
Stamp = tuple[tuple[str, int, int, int], ...]


class Wrong(Protocol):
    """What a loader says of a note that cannot be used."""

    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def message(self) -> str: ...


class Hidden:
    """What the owner keeps out of every look: by the handbook's list, or in the note itself.

    A name that is an absolute path lies outside the vault, and no list of the vault's holds
    for it.
    """

    def __init__(self, root: Path, reader: Reader) -> None:
        self._list = PrivateShelf(root, reader)
        self._places = Places(root, top_of(root))

    def rules(self) -> str:
        return self._list.current().rules

    def hides(self, name: str, data: bytes) -> bool:
        private = self._list.current()
        if not name.startswith("/") and private.hides_path(*self._places.both(name)):
            return True
        try:
            return private.hides(parse(data))
        except NoteError:
            return False  # whoever loads it says what is wrong


Load = Callable[[list[tuple[str, bytes]]], tuple[T, Sequence[Wrong]]]


class NotesShelf(Generic[T]):
    """What `load` makes of the notes that `find` names.

    `find` gives each note's name, as `load` is told it, and where it lies. What was looked at
    less than `fresh_s` seconds ago is not looked at again: one task asks thirty times.
    """

    def __init__(
        self,
        find: Callable[[], Iterable[tuple[str, Path]]],
        load: Load[T],
        reader: Reader,
        hidden: Hidden | None = None,
        fresh_s: float = 0.0,
    ) -> None:
        self._fresh_s = fresh_s
        self._looked = float("-inf")
        self._find = find
        self._load = load
        self._reader = reader
        self._hidden = hidden
        self._stamp: tuple[str, Stamp] | None = None
        self._held, _ = load([])
        self._problems: list[Problem] = []

    def current(self) -> T:
        """What can be used of the notes."""
        self._refresh()
        return self._held

    def problems(self) -> list[Problem]:
        """The notes that cannot be used, and why."""
        self._refresh()
        return list(self._problems)

    def _refresh(self) -> None:
        if time.monotonic() - self._looked < self._fresh_s:
            return
        self._looked = time.monotonic()
        places = dict(itertools.islice(self._find(), NOTES_MOST))
        rules = self._hidden.rules() if self._hidden else ""
        found = tuple(_stamps(places))
        stamp = (rules, found)
        if stamp == self._stamp:
            return
        notes, unread, stuck = [], [], False
        for name, *_ in found:
            try:
                data = self._whole(places[name])
                if self._hidden is None or not self._hidden.hides(name, data):
                    notes.append((name, data))
            except OSError as failed:
                stuck |= isinstance(failed, Stuck)
                reason = f"cannot be read ({failed.strerror})"
                unread.append(_problem(places[name], reason))
        loaded, broken = self._load(notes)
        self._held = loaded
        self._problems = unread + [
            _problem(places[b.file], f"line {b.line}: {b.message}") for b in broken
        ]
        self._stamp = None if stuck else stamp  # what does not answer now may do so later

    def _whole(self, path: Path) -> bytes:
        data = self._reader.read(path, MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise OSError(0, f"larger than {MOST_BYTES // 1024} KiB: shorten it", str(path))
        return data


def _problem(path: Path, reason: str) -> Problem:
    return Problem(path.with_name(disk.shown(path.name)), reason)


def _stamps(places: dict[str, Path]) -> Iterator[tuple[str, int, int, int]]:
    for name, path in places.items():
        try:
            about = path.stat(follow_symlinks=False)
        except OSError:
            continue
        yield (name, about.st_size, about.st_mtime_ns, about.st_ctime_ns)


def notes_in(folder: Path, before: str = "") -> Iterator[tuple[str, Path]]:
    """The notes right in a folder; their names have `before` in front."""
    for name in _names(folder):
        if name.endswith(".md"):
            yield f"{before}{name}", folder / name


def _names(folder: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not names.ignored(name))
    except OSError:
        return []


def agent_shelf(root: Path, reader: Reader, fresh_s: float = 0.0) -> NotesShelf[Sequence[Agent]]:
    folder, hidden = root / AGENTS, Hidden(root, reader)
    return NotesShelf(lambda: notes_in(folder, f"{AGENTS}/"), agents.load, reader, hidden, fresh_s)


def skill_shelf(
    root: Path, reader: Reader, outside: Sequence[Path] = (), fresh_s: float = 0.0
) -> NotesShelf[Sequence[Skill]]:
    """The skills of the vault, and those in folders outside it, which are only read."""

    def find() -> Iterator[tuple[str, Path]]:
        own = root / skills.FOLDER
        yield from notes_in(own, f"{skills.FOLDER}/")
        for name in _names(own):
            yield f"{skills.FOLDER}/{name}/{skills.FILE}", own / name / skills.FILE
        for folder in outside:
            for path in [folder, *(folder / name for name in _names(folder))]:
                file = path / skills.FILE
                # such folders are often links to another place
                yield str(file), Path(os.path.realpath(file))

    return NotesShelf(find, skills.load, reader, Hidden(root, reader), fresh_s)


def persona_shelf(root: Path, reader: Reader, fresh_s: float = 0.0) -> NotesShelf[Persona]:
    return NotesShelf(
        lambda: ((name, root / name) for name in persona.NOTES.values()),
        persona.load,
        reader,
        Hidden(root, reader),
        fresh_s,
    )


def outside_folders(settings: Settings) -> tuple[Path, ...]:
    """Where other agents keep their skills, by the setting."""
    written = settings.text("SKILLS").split(os.pathsep)
    return tuple(Path(one).expanduser().absolute() for one in written if one.strip())
