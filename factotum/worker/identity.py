"""Which task each note is, and which of them stand twice and so are left alone.

A note is read when it looks other than before; what it said of itself is kept. Nothing is
claimed, moved or written here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from factotum import names
from factotum.ledger import Ledger
from factotum.model import State
from factotum.note import Note, NoteError, outside_fences
from factotum.scan import Entry, Listing, Problem, Shelf, Signature
from factotum.vault import Vault
from factotum.worker.brief import typed
from factotum.worker.enrol import task_id
from factotum.worker.runs import Runs

#: How long one look may read notes that it has not read before, in seconds. Till all are read
#: it is not known which ids stand twice, so nothing new is claimed.
READ_S = 0.25

TASK_FOLDERS = (State.NEEDS_ACTION, State.IN_PROGRESS, State.WAITING, State.FAILED)


@dataclass(frozen=True)
class _Read:
    """What a note that looked so said of itself: its id, and whether git tore it."""

    signature: Signature
    id: str
    torn: bool

    @classmethod
    def of(cls, entry: Entry, note: Note) -> _Read:
        torn = names.git_markers(outside_fences(note.body))
        return cls(entry.signature, task_id(note), torn)


@dataclass
class Identified:
    """The id of each note that has one; which ids are `frozen`, and what a person should know.
    Not `whole`: some could not be read yet."""

    ids: dict[Path, str] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    whole: bool = True

    def freeze(self, entry: Entry, id: str, reason: str) -> None:
        self.frozen.add(id)
        self.problems.append(Problem(entry.path, reason))


class Identities:
    def __init__(self, vault: Vault, shelf: Shelf, ledger: Ledger, runs: Runs) -> None:
        self.vault = vault
        self.shelf = shelf
        self.ledger = ledger
        self.runs = runs
        self._read: dict[Path, _Read] = {}

    def look(self, listing: Listing) -> Identified:
        """Which note is which task; ids that stand twice are frozen and told of."""
        known = Identified()
        paths: dict[str, list[Entry]] = {}
        for entry, read in self._all_read(listing.within(*TASK_FOLDERS), known):
            id = read.id or self._without_id(entry)
            if id:
                known.ids[entry.path] = id
                paths.setdefault(id, []).append(entry)
            if read.torn:
                reason = "holds git conflict markers (<<<<<<<). Choose one side and remove them"
                known.freeze(entry, id or entry.name, reason)
        for id, entries in paths.items():
            if len(entries) > 1:
                self._freeze_twice(known, id, entries)
        return known

    def _all_read(self, lie: list[Entry], known: Identified) -> list[tuple[Entry, _Read]]:
        """What each note says of itself; what could not be read yet is left to the next look."""
        begun, before = self.vault.monotonic(), self._read
        self._read = {}
        for entry in lie:
            read = before.get(entry.path)
            if read is None or read.signature != entry.signature:
                if not known.whole:
                    continue
                try:
                    read = _Read.of(entry, self.shelf.note(entry))
                except NoteError as broken:
                    known.problems.append(Problem(entry.path, str(broken)))
                    continue
                known.whole = self.vault.monotonic() - begun < READ_S
            self._read[entry.path] = read
        return [(entry, self._read[entry.path]) for entry in lie if entry.path in self._read]

    def _without_id(self, entry: Entry) -> str:
        """The id of the task that a note without one is all the same, or an empty string."""
        if entry.state is State.NEEDS_ACTION:
            return self._lost_its_id(entry)
        return self._known_by_name(entry)

    def _lost_its_id(self, entry: Entry) -> str:
        """A note whose properties went, among them where it came from: still an outsider's
        words. One of an old clip's name, typed when that was over, is a task of its own."""
        row = self.ledger.task_named(entry.name)
        if row is None or (typed(row) and self.runs.is_over(row.id)):
            return ""
        return row.id if row.source else ""

    def _known_by_name(self, entry: Entry) -> str:
        """An editor may have saved an old text over ours, without the id that we had put."""
        row = self.ledger.task_named(entry.name)
        if row is None or entry.instance not in {"", self.vault.instance}:
            return ""
        if entry.state is not State.FAILED and self.runs.is_over(row.id):
            return ""  # it is the next of this name, claimed just before a crash
        return row.id

    def _freeze_twice(self, known: Identified, id: str, entries: list[Entry]) -> None:
        mine = [e for e in entries if e.instance in {"", self.vault.instance}]
        if not mine:
            return
        where = " and ".join(self.vault.relative(e.path) for e in entries)
        same = len({self.shelf.note(e).raw for e in entries}) == 1
        differs = "The two are the same" if same else "They differ"
        reason = f"stands twice ({where}). {differs}. Nothing is done until one of them is removed"
        for entry in mine:
            known.freeze(entry, id, reason)
