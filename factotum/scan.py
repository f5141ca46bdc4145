"""What lies in the pipeline folders now. A file event is a hint; this is the truth.

A look lists and stats every pipeline folder; a note is opened only when its size, time or
inode changed since the last look. Nothing here writes, decides or knows the ledger.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from factotum import disk, names
from factotum.model import FOLDERS, WAITING_FOLDER, State
from factotum.note import Note, NoteError, parse
from factotum.reader import Reader

#: A note larger than this is no task, in bytes; it is listed on the Dashboard.
TASK_MOST_BYTES = 1024 * 1024
#: The same for a card. Our own are the largest: a long letter stands in one twice, once as it
#: reads and once as JSON, where a letter that is not Latin takes six bytes or twelve.
CARD_MOST_BYTES = 1024 * 1024

#: How deep a file of ours may lie below a pipeline folder: Done/2026-11/note.md is 2,
#: In_Progress/pi/waiting/note.md is 3. What lies deeper is not looked at.
DEPTH = 6

#: The folders that are read at every look. Done is only counted: it grows for years.
LOOKED_AT = (
    State.NEEDS_ACTION,
    State.IN_PROGRESS,
    State.PENDING,
    State.APPROVED,
    State.REJECTED,
    State.FAILED,
)

#: What is said of a file whose name cannot be written down.
NO_TEXT = "has a name that is no UTF-8 text. Give it another name"

Signature = tuple[int, int, int]


@dataclass(frozen=True)
class Entry:
    """One note in a pipeline folder. `instance` is whose In_Progress folder it lies in."""

    state: State
    path: Path
    size_bytes: int
    mtime: float
    signature: Signature
    links: int
    instance: str = ""

    @property
    def name(self) -> str:
        return self.path.name


@dataclass(frozen=True)
class Problem:
    """A file that cannot be worked on: which, why, and what to do about it."""

    path: Path
    reason: str


class Unreadable(NoteError):
    """The note cannot be read now (evicted, no right to): what it holds is not known."""


@dataclass
class _Known:
    signature: Signature
    since: float
    note: Note | NoteError | None = None


@dataclass
class Listing:
    """What one look found. `present` has the name of every note where tasks are worked on,
    also of those that are empty or refused: they are not gone."""

    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    present: set[str] = field(default_factory=set)

    def within(self, *states: State) -> list[Entry]:
        return [entry for entry in self.entries if entry.state in states]


class Shelf:
    """Remembers, between looks, what each note held and since when it is unchanged."""

    def __init__(self, root: Path, instance: str, reader: Reader) -> None:
        self.root = root
        self.instance = instance
        self.reader = reader
        self._known: dict[Path, _Known] = {}
        self._entries: dict[str, Entry] = {}
        self._done: dict[str, tuple[int, int]] = {}
        self._places = {state: os.fspath(root / name) for state, name in FOLDERS.items()}

    def look(self, now_s: float) -> Listing:
        """Lists every pipeline folder. `now_s` is a monotonic clock's reading."""
        listing = Listing()
        for state in LOOKED_AT:
            self._look_in(listing, state, self._places[state], "")
        inbox = [e for e in _entries(self._places[State.INBOX]) if not names.ignored(e.name)]
        listing.counts = {state.value: 0 for state in State}
        listing.counts[State.INBOX.value] = len(inbox)
        listing.counts[State.DONE.value] = self._count_done()
        known = {}
        for entry in listing.entries:
            listing.counts[entry.state.value] += 1
            before = self._known.get(entry.path)
            if before is None or before.signature != entry.signature:
                before = _Known(entry.signature, now_s)
            known[entry.path] = before
        self._known = known
        self._entries = {str(entry.path): entry for entry in listing.entries}
        return listing

    def _look_in(self, listing: Listing, state: State, folder: str, instance: str) -> None:
        for found in _entries(folder):
            if names.ignored(found.name):
                continue
            if found.is_dir(follow_symlinks=False):
                if state is State.IN_PROGRESS and not instance:
                    self._look_in(listing, State.IN_PROGRESS, found.path, found.name)
                elif state is State.IN_PROGRESS and found.name == WAITING_FOLDER:
                    self._look_in(listing, State.WAITING, found.path, instance)
                continue
            if not found.name.endswith(".md"):
                continue
            if state in PRESENT:
                listing.present.add(found.name)
            try:
                about = found.stat(follow_symlinks=False)
            except OSError:
                continue  # it went between listing and stat: the next look tells
            if disk.shown(found.name) != found.name:
                path = Path(found.path).with_name(disk.shown(found.name))
                listing.problems.append(Problem(path, NO_TEXT))
            elif reason := refusal(about, state):
                listing.problems.append(Problem(Path(found.path), reason))
            elif about.st_size:
                listing.entries.append(self._entry(found.path, about, state, instance))

    def _entry(self, path: str, about: os.stat_result, state: State, instance: str) -> Entry:
        """The note as it is now: the entry of the look before where nothing changed."""
        signature = (about.st_size, about.st_mtime_ns, about.st_ino)
        before = self._entries.get(path)
        if before is not None and before.signature == signature:
            return before
        return Entry(
            state, Path(path), about.st_size, about.st_mtime, signature, about.st_nlink, instance
        )

    def _count_done(self) -> int:
        total = 0
        for month in _entries(self._places[State.DONE]):
            if not month.is_dir(follow_symlinks=False) or names.ignored(month.name):
                continue
            stamp = month.stat().st_mtime_ns
            if self._done.get(month.name, (0, 0))[0] != stamp:
                found = "/".join([*_names(month.path), ""]).count(".md/")
                self._done[month.name] = (stamp, found)
            total += self._done[month.name][1]
        return total

    def still_s(self, entry: Entry, now_s: float) -> float:
        """How long we have seen this note unchanged, in seconds."""
        known = self._known.get(entry.path)
        return now_s - known.since if known and known.signature == entry.signature else 0.0

    def note(self, entry: Entry) -> Note:
        """What the note holds. Raises NoteError; Unreadable for one that cannot be read now."""
        known = self._known.setdefault(entry.path, _Known(entry.signature, float("inf")))
        note = known.note if known.signature == entry.signature else None
        if note is None:
            note = self._read(entry)
            known.signature, known.note = entry.signature, note
        if isinstance(note, NoteError):
            raise note
        return note

    def _read(self, entry: Entry) -> Note | NoteError:
        most = TASK_MOST_BYTES if entry.state in TASK_STATES else CARD_MOST_BYTES
        try:
            return parse(self.reader.read(entry.path, most), max_bytes=most)
        except NoteError as broken:
            return broken
        except OSError as failed:
            self._known.pop(entry.path, None)  # not remembered: it is asked again next time
            raise Unreadable(
                f"{entry.name} cannot be read: {failed.strerror}. Open it on a device that has "
                f"it, or move it out of {entry.path.parent.name}"
            ) from failed


TASK_STATES = {State.NEEDS_ACTION, State.IN_PROGRESS, State.WAITING, State.FAILED, State.DONE}
#: Where a note that is there, whatever it holds, is a task that was not deleted.
PRESENT = {State.NEEDS_ACTION, State.IN_PROGRESS, State.WAITING}


def refusal(about: os.stat_result, state: State) -> str:
    """Why this entry is never opened as a note, or an empty string."""
    if stat.S_ISLNK(about.st_mode):
        return "is a link. Put the note itself here instead of a link to it"
    if not stat.S_ISREG(about.st_mode):
        return "is no regular file. Take it out of this folder"
    if about.st_nlink > 1:
        return "has a second name elsewhere (a hard link). Make a copy and remove this one"
    if state in TASK_STATES and about.st_size > TASK_MOST_BYTES:
        most = TASK_MOST_BYTES // 1024
        return f"is larger than {most} KiB, too large for a note here. Put it into Inbox"
    if about.st_size > CARD_MOST_BYTES:
        return f"is larger than {CARD_MOST_BYTES // 1024} KiB, too large for a card. Shorten it"
    return ""


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []  # a folder that sync takes away for a moment: the next look tells


def _names(folder: str) -> list[str]:
    """The names alone: three times as quick as entries, where there are very many."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def cut_short(root: Path) -> bool:
    """Whether a file in the Inbox or a task's or card's folder has two names."""
    folders = (root / FOLDERS[state] for state in (State.INBOX, *LOOKED_AT))
    return any(True for folder in folders for _ in _twice(folder))


def _twice(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """The files of a folder, and of those in it, that have a second name; sorted by path."""
    found = []
    left = [(folder, 1)]
    while left:
        within, depth = left.pop()
        for entry in _entries(within):
            try:
                about = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # it went meanwhile
            if stat.S_ISDIR(about.st_mode) and depth < DEPTH:
                left.append((Path(entry.path), depth + 1))
            elif stat.S_ISREG(about.st_mode) and about.st_nlink > 1:
                found.append((Path(entry.path), about))
    yield from sorted(found, key=lambda pair: pair[0])


def mend_links(listing_root: Path, intake: Path, unlink: Callable[[Path], None]) -> None:
    """Finishes a move that a crash left half done: one file under two names in the pipeline.

    Only where renaming without overwriting had to be done as link and unlink. The name that
    is further along stays. Names outside the pipeline are never touched. `intake` is where a
    dropped file lies while it is read.
    """
    found: dict[tuple[int, int], list[Path]] = {}
    later = (listing_root / FOLDERS[state] for state in (*LOOKED_AT, State.DONE))
    for folder in (listing_root / FOLDERS[State.INBOX], intake, *later):
        for path, about in _twice(folder):
            found.setdefault((about.st_dev, about.st_ino), []).append(path)
    for twice in found.values():
        for earlier in twice[:-1]:
            with contextlib.suppress(FileNotFoundError):
                unlink(earlier)
