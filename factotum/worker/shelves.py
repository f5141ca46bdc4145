"""The notes that people write for the agent, as they are on disk now: read again only when
one of them changed. What is private is not told, and what holds words of others steers
nothing: see `fit`. Nothing here writes."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from factotum import disk
from factotum.agent import agents, persona, skills
from factotum.agent.agents import Agent
from factotum.agent.persona import Persona
from factotum.agent.skills import Skill
from factotum.reader import Reader, Stuck
from factotum.scan import Problem
from factotum.settings import Settings
from factotum.worker.fit import Fit, Unfit
from factotum.worker.folders import Folders

#: A note larger than this is not read for the agent, in bytes.
MOST_BYTES = 256 * 1024
#: How many notes one shelf looks at; what comes after them is as if it were not there.
NOTES_MOST = 500
#: The same for agents: beside them any notes may lie, and every task looks for them.
AGENTS_MOST = 5_000

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
        fit: Fit,
        fresh_s: float = 0.0,
        most: int = NOTES_MOST,
    ) -> None:
        self.fit = fit
        self._most = most
        self._fresh_s = fresh_s
        self._looked = float("-inf")
        self._find = find
        self._load = load
        self._reader = reader
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

    def stamp(self) -> object:
        """Equal to an earlier one if no note was changed, added or taken away since. What did
        not answer is equal to nothing: it is asked again."""
        self._refresh()
        return object() if self._stamp is None else self._stamp

    def _refresh(self) -> None:
        if time.monotonic() - self._looked < self._fresh_s:
            return
        self._looked = time.monotonic()
        listed = itertools.islice(self._find(), self._most + 1)
        places = dict(itertools.islice(listed, self._most))
        found = tuple(_stamps(places))
        stamp = (self.fit.rules(), found)
        if stamp == self._stamp:
            return
        unread = [_problem(path.parent, _more(self._most)) for _, path in listed]
        notes, stuck = [], False
        for name, *_ in found:
            try:
                self.fit.may_open(places[name])
                data = self._whole(places[name])
                if self.fit.may_use(places[name], data):
                    notes.append((name, data))
            except Unfit as unfit:
                unread.append(_problem(places[name], str(unfit)))
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


def _more(most: int) -> str:
    return f"holds more than {most:,} notes; the others are not looked at. Move them elsewhere"


def _stamps(places: dict[str, Path]) -> Iterator[tuple[str, int, int, int]]:
    for name, path in places.items():
        try:
            about = path.stat(follow_symlinks=False)
        except OSError:
            continue
        yield (name, about.st_size, about.st_mtime_ns, about.st_ctime_ns)


def notes_in(folder: Path, known: Folders, before: str = "") -> Iterator[tuple[str, Path]]:
    """The notes right in a folder; their names have `before` in front."""
    for name in _names(folder, known):
        if name.endswith(".md"):
            yield f"{before}{name}", folder / name


def _names(folder: Path, known: Folders) -> list[str]:
    try:
        return sorted(name for _, name, _ in known.within(os.fspath(folder)).lies)
    except OSError:
        return []


def agent_shelf(
    root: Path, reader: Reader, fresh_s: float = 0.0, fit: Fit | None = None
) -> NotesShelf[Sequence[Agent]]:
    folder, known, fit = root / AGENTS, Folders(), fit or Fit(root, reader)
    return NotesShelf(
        lambda: notes_in(folder, known, f"{AGENTS}/"),
        agents.load,
        reader,
        fit,
        fresh_s,
        AGENTS_MOST,
    )


def skill_shelf(
    root: Path,
    reader: Reader,
    outside: Sequence[Path] = (),
    fresh_s: float = 0.0,
    fit: Fit | None = None,
) -> NotesShelf[Sequence[Skill]]:
    """The skills of the vault, and those in folders outside it, which are only read."""

    known = Folders()

    def find() -> Iterator[tuple[str, Path]]:
        own = root / skills.FOLDER
        yield from notes_in(own, known, f"{skills.FOLDER}/")
        for name in _names(own, known):
            yield f"{skills.FOLDER}/{name}/{skills.FILE}", own / name / skills.FILE
        for folder in outside:
            for path in [folder, *(folder / name for name in _names(folder, known))]:
                file = path / skills.FILE
                # such folders are often links to another place
                yield str(file), Path(os.path.realpath(file))

    return NotesShelf(find, skills.load, reader, fit or Fit(root, reader), fresh_s)


def persona_shelf(
    root: Path, reader: Reader, fresh_s: float = 0.0, fit: Fit | None = None
) -> NotesShelf[Persona]:
    return NotesShelf(
        lambda: ((name, root / name) for name in persona.NOTES.values()),
        persona.load,
        reader,
        fit or Fit(root, reader),
        fresh_s,
    )


def outside_folders(settings: Settings) -> tuple[Path, ...]:
    """Where other agents keep their skills, by the setting."""
    written = settings.text("SKILLS").split(os.pathsep)
    return tuple(Path(one).expanduser().absolute() for one in written if one.strip())
