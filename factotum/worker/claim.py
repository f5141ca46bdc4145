"""Which notes are tasks, and when one may be started.

Claiming is a rename; the ledger hears of it after. What a crash leaves between the two is
found by the next look, which is the same code. Nothing here runs a task.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from factotum import disk, failpoint, names
from factotum.ledger import Ledger, TaskRow
from factotum.model import State
from factotum.note import Note, NoteError, append, ends_with_go
from factotum.privacy import says_never
from factotum.scan import Entry, Listing, Problem, Shelf
from factotum.vault import Changed, Vault
from factotum.worker.enrol import Enrolment, task_id
from factotum.worker.identity import Identities
from factotum.worker.kept_out import NEVER, KeptOut
from factotum.worker.runs import Runs

#: How long after a finished task a note with the same beginning at the same place is still
#: taken for the editor's echo of it, in seconds.
ECHO_S = 600.0
#: How much of a note must be the same for it to be an echo, in bytes.
ECHO_BYTES = 200
#: How long a task's note may be gone before what waits for it is withdrawn, in seconds.
MISSING_S = 60.0


@dataclass(frozen=True)
class Pace:
    settle_s: float
    stable_s: float


@dataclass
class Claimed:
    """What one look at the tasks found: which to run, and what a person should know. `more`
    says that some were left for want of room."""

    tasks: list[tuple[str, Entry]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    wake_at: list[float] = field(default_factory=list)
    frozen: set[str] = field(default_factory=set)
    more: bool = False


class Claims:
    def __init__(self, vault: Vault, shelf: Shelf, ledger: Ledger, runs: Runs, pace: Pace) -> None:
        self.vault = vault
        self.shelf = shelf
        self.ledger = ledger
        self.runs = runs
        self.pace = pace
        self.identities = Identities(vault, shelf, ledger, runs)
        self.enrolment = Enrolment(vault, ledger)
        self.kept_out = KeptOut(vault.root, shelf.reader)
        self._gone: dict[str, float] = {}
        self._here: dict[str, Entry] = {}
        self._whole = False

    def look(self, listing: Listing, now: float, mono: float, room: int) -> Claimed:
        """Claims what is ready, at most `room` new tasks, and says which of ours may run.

        Where there is too much to be read in one look it does neither, and wants to be called
        again at once."""
        known = self.identities.look(listing)
        ids, self._whole = known.ids, known.whole
        found = Claimed(problems=known.problems, frozen=known.frozen)
        self._here = {ids[e.path]: e for e in listing.entries if e.path in ids}
        if not self._whole:
            found.wake_at.append(mono)
            return found
        for entry in sorted(listing.within(State.NEEDS_ACTION), key=lambda e: e.mtime):
            try:
                room -= self._consider(entry, ids.get(entry.path, ""), found, now, mono, room)
            except Changed:
                continue
            except FileNotFoundError:
                continue  # another instance was first
            except OSError as refused:
                if disk.failing(refused):
                    raise
                found.problems.append(Problem(entry.path, disk.said(refused)))
        for entry in listing.within(State.IN_PROGRESS, State.WAITING):
            if entry.instance == self.vault.instance:
                self._resume(entry, ids.get(entry.path, ""), found, now)
        self._missing(listing, ids, now, mono)
        return found

    def lies(self, task: str) -> bool:
        """Whether the last look found a note of this task anywhere, or has not found out yet."""
        return task in self._here or not self._whole

    def found(self, task: str) -> Entry | None:
        """The task's note as the last look found it, or where it was taken to since."""
        return self._here.get(task)

    def is_gone(self, task: str) -> bool:
        """Whether the task's note cannot be seen now: nothing of it is carried out meanwhile."""
        return task in self._gone

    # -- a note in Needs_Action

    def _consider(
        self, entry: Entry, id: str, found: Claimed, now: float, mono: float, room: int
    ) -> int:
        """Claims the note if it is ready; returns how many were claimed (0 or 1)."""
        try:
            note = self.shelf.note(entry)
        except NoteError:
            return 0  # listed already
        if id in found.frozen or entry.name in found.frozen:
            return 0
        row = self.ledger.task(id) if id else None
        if why := self._refusal(note, id, row, found):
            found.problems.append(Problem(entry.path, why))
            return 0
        if room <= 0:
            found.more = True
            return 0  # it is looked at when there is room for it
        if row is None and not self._ready(entry, note, found, mono, now):
            return 0
        fallen = self._fallen_back(entry, note) if row is None else ""
        if row is None and not fallen and self._echo(entry, note, now):
            return 0
        if row is not None and self.runs.latest(row.id) is not None:
            self.runs.withdraw(row.id, "you moved the task back to Needs_Action", now)
            self.runs.current(row.id, now)  # before the move, or the next look takes it for stale
        path = self._claim(entry)
        failpoint.hit("claim.renamed")
        id, claimed = self.enrolment.adopt(
            path, note, id or fallen, self.vault.relative(entry.path), now
        )
        here = claimed_entry(entry, claimed, self.vault.instance)
        self._here[id] = here
        found.tasks.append((id, here))
        return 1

    def _refusal(self, note: Note, id: str, row: TaskRow | None, found: Claimed) -> str:
        """Why it is left where it lies, whenever that is; or an empty string."""
        if names.is_id(note.props.get("id"), "a"):
            return (
                "is a card, not a task. Move it back to Pending_Approval, Approved or Rejected; to "
                "have the work done again, move the task's own note here"
            )
        if id and self.runs.finished_copy(id):
            found.frozen.add(id)
            return "stands also in Done. Remove one of the two"
        return self.kept_out.why(note, row)

    def _ready(self, entry: Entry, note: Note, found: Claimed, mono: float, now: float) -> bool:
        """A person's note: when it says `go` or `ready`, or has lain still; never while it
        is empty or on hold."""
        if not note.body.strip() or note.props.get("hold") is True:
            return False
        still_s = self.shelf.still_s(entry, mono)
        eager = ends_with_go(note.body) or note.props.get("ready") is True
        needed_s = self.pace.stable_s if eager else self.pace.settle_s
        unchanged_s = max(still_s, now - entry.mtime) if still_s >= self.pace.stable_s else still_s
        if unchanged_s >= needed_s:
            return True
        found.wake_at.append(mono + max(self.pace.stable_s - still_s, needed_s - unchanged_s))
        return False

    def _fallen_back(self, entry: Entry, note: Note) -> str:
        """The id of the task that was claimed from here, if its note is nowhere else: a power
        cut took the claim back, and the task goes on under its id."""
        row = self.ledger.task_from(self.vault.relative(entry.path))
        if row is None or not row.original or row.id in self._here or self.runs.is_over(row.id):
            return ""
        return row.id if note.raw.startswith(row.original[:ECHO_BYTES]) else ""

    def _echo(self, entry: Entry, note: Note, now: float) -> bool:
        """An editor that had the note open saved it again at its old place."""
        row = self.ledger.task_from(self.vault.relative(entry.path))
        if row is None or not row.original:
            return False
        begins = row.original[:ECHO_BYTES]
        open_still = not self.runs.is_over(row.id)
        recent = now - row.created < ECHO_S
        if not note.raw.startswith(begins) or not (open_still or recent):
            return False
        added = added_text(row.original, note.raw)
        if added and not open_still:
            return False  # the task is over and this says something new: a task of its own
        there = self._here.get(row.id)
        if added and there is not None:
            task = self.shelf.note(there)
            self.vault.rewrite(there.path, task.raw, with_addition(task.raw, added))
        self.ledger.event("added", now, task=row.id, text=added)
        self.vault.put_aside(entry.path)
        return True

    def _claim(self, entry: Entry) -> Path:
        folder = self.vault.folder(State.IN_PROGRESS)
        mark = names.new_id("t")[2:6]
        target = folder / entry.name
        if (self.vault.folder(State.WAITING) / entry.name).exists():
            target = folder / f"{disk.beginning(entry.path.stem, 200)}_{mark}.md"
        return self.vault.move_beside(entry.path, target, mark, durable=False)

    # -- a note in our In_Progress

    def _resume(self, entry: Entry, id: str, found: Claimed, now: float) -> None:
        try:
            note = self.shelf.note(entry)
        except NoteError:
            return
        if id in found.frozen or entry.name in found.frozen:
            return
        if says_never(note.props):
            found.problems.append(Problem(entry.path, NEVER))
            return
        row = self.ledger.task(id) if id else None
        if row is None:  # claimed, and then we died
            origin = f"Needs_Action/{entry.name}"
            id, _ = self.enrolment.adopt(entry.path, note, id, origin, now)
            row = self.ledger.task(id)
        elif not task_id(note):
            self.enrolment.put_id(entry.path, note, id)
        self.enrolment.lower(row, entry.name, note, now)
        if row is not None and row.name != entry.name:
            self.ledger.rename_task(id, entry.name)
        latest = self.runs.latest(id)
        if latest is not None and latest.projected:
            self._stale(entry, id, now)
        else:
            found.tasks.append((id, entry))

    def _stale(self, entry: Entry, id: str, now: float) -> None:
        """The note of a task that is over came back into In_Progress: sync brought an old
        copy, or it had been gone so long that the task was withdrawn. It runs nothing."""
        if self.runs.finished_copy(id):
            self.vault.put_aside(entry.path)
        else:
            self.vault.move_beside(
                entry.path, self.vault.folder(State.FAILED) / entry.name, id[2:6]
            )
        self.ledger.event("replay", now, task=id, name=entry.name, found=entry.state.value)

    # -- a note that went away

    def _missing(self, listing: Listing, ids: dict[Path, str], now: float, mono: float) -> None:
        """A waiting task that was deleted or moved away: what waits for it is withdrawn."""
        lie = listing.within(State.NEEDS_ACTION, State.IN_PROGRESS, State.WAITING)
        here = {ids[e.path] for e in lie if e.path in ids}
        unreadable = {e.name for e in lie if e.path not in ids} | listing.present
        failed = {ids[e.path] for e in listing.within(State.FAILED) if e.path in ids}
        for task in self.runs.unfinished():
            if task in here:
                self._gone.pop(task, None)
                continue
            row = self.ledger.task(task)
            if row is not None and row.name in unreadable:
                self._gone.pop(task, None)
            elif row is not None and self.runs.arrived(task, row.name):
                continue  # it had got to its end just before a crash
            elif task in failed:
                self.runs.withdraw(task, "you moved the task to Failed", now)
            elif mono - self._gone.setdefault(task, mono) >= MISSING_S:
                self.runs.withdraw(task, "its note was moved away or deleted", now)


def claimed_entry(entry: Entry, path: Path, instance: str) -> Entry:
    return Entry(
        State.IN_PROGRESS,
        path,
        entry.size_bytes,
        entry.mtime,
        entry.signature,
        entry.links,
        instance,
    )


def added_text(original: bytes, now: bytes) -> str:
    """What a person typed after the note had been claimed; all of it if it was rewritten."""
    if now.startswith(original):
        return now[len(original) :].decode(errors="replace").strip()
    return now.decode(errors="replace").strip()


def with_addition(raw: bytes, text: str) -> bytes:
    return append(raw, f"## Added by you\n\n{text}\n")
