"""The mailroom: what a watcher hands in becomes one task, whoever is killed when.

First its files are kept, then the ledger learns of the task with its label and facts, then its
note is dropped into Needs_Action, then it counts as seen. Each step done twice is done once, so
that handing it in again does what is left. Nothing that stands in the note is believed later:
the label and the facts are the ledger's. May run beside the executor, in a process of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from factotum import failpoint, names
from factotum.bundles import Bundles, digest
from factotum.drop import Bundle, Drop
from factotum.flood import Flood, Limits
from factotum.intake_note import facts_of, note_of
from factotum.joined import Joined, JoinedBook
from factotum.keeping import Keeper
from factotum.ledger import Ledger, TaskRow
from factotum.model import FOLDERS, KINDS, Attachment, State, Trust
from factotum.progress import has_begun
from factotum.reading import Reading
from factotum.reading.shape import Part
from factotum.threads import FOLLOWS, Follows, Joins, Threads, TooMany
from factotum.vault import Vault
from factotum.whereabouts import lies


@dataclass
class Mailroom:
    """`vault` may be a guest's; `keeper` keeps the files that come with it. Without `limits`
    nothing is too much. `wake` is called when a mail joined a task that is open already."""

    vault: Vault
    ledger: Ledger
    keeper: Keeper
    zone: Callable[[float], datetime]
    limits: Limits | None = None
    wake: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.bundles = Bundles(self.ledger)
        self.joined = JoinedBook(self.ledger)
        self.threads = Threads(self.joined)
        self.made = 0  # how many tasks, since it was opened
        self._floods: dict[str, Flood] = {}

    def take(self, drop: Drop, now: float, cursor: str = "") -> str:
        """Makes a task of it, once; returns its id. With `cursor`, how far the watcher has come
        is remembered in the same moment. Raises OSError; then it is to be handed in again."""
        (id,) = self.take_all([drop], now, cursor)
        return id

    def take_all(
        self, drops: Sequence[Drop], now: float, cursor: str = "", part: str = "", teller: str = ""
    ) -> list[str]:
        """The same for many at once, with one cursor for all; of what is only collected the id
        is empty. `teller` is the source that hands them in, if they do not bear its name: the
        cursor and what is collected are kept under that."""
        teller = teller or (drops[0].source if drops else "")
        new = self.unseen(drops)
        fates = [(one, self._bundle_of(one, now)) for one in new]
        tasks = [one for one, bundle in fates if bundle is None]
        self._make([(_id(one), one) for one in tasks], now, teller)
        with self.ledger.tx():
            for one, bundle in fates:
                if bundle:
                    self.bundles.add(teller, one, bundle, now)
                self.ledger.mark_seen(one.source, one.source_id, "" if bundle else _id(one), now)
                if one.known_as:
                    task = self.ledger.seen(one.source, one.source_id) or ""
                    self.ledger.mark_seen(one.source, one.known_as, task, now)
            if cursor and teller:
                self.remember(teller, cursor, part)
        failpoint.hit("watch.seen")
        return [self.ledger.seen(one.source, one.source_id) or "" for one in drops]

    def unseen(self, drops: Sequence[Drop]) -> list[Drop]:
        """Those that were not handed in before, each once."""
        each: dict[tuple[str, str], Drop] = {}
        for one in drops:
            each.setdefault((one.source, one.source_id), one)
        return [one for key, one in each.items() if self.ledger.seen(*key) is None]

    def _bundle_of(self, drop: Drop, now: float) -> Bundle | None:
        if self.ledger.task(_id(drop)) is not None:
            return None  # what a crash cut short is a task, and was counted
        return drop.bundle or self._too_much(drop, now)

    def _make(self, tasks: Sequence[tuple[str, Drop]], now: float, teller: str) -> None:
        """Has each of them be a task with its note, or be part of one that is open. Raises
        OSError; then some may be."""
        if not tasks:
            return
        files = self.keeper.keep_all([_reading(drop) for _, drop in tasks])
        failpoint.hit("watch.kept")
        put = []
        with self.ledger.tx():
            for (id, drop), kept in zip(tasks, files, strict=True):
                fresh = self.ledger.task(id) is None
                place = self.threads.place(drop, now) if fresh else None
                if isinstance(place, TooMany) and kept:
                    place = Follows(place.task)  # what is told with others has no files
                if isinstance(place, Joins | TooMany):
                    self._put_with(place, drop, kept, now, teller)
                    continue
                if isinstance(place, Follows):
                    drop = replace(drop, ours={**drop.ours, FOLLOWS: place.task})
                put.append((*self.register(id, drop, kept, now), fresh))
        if len(put) < len(tasks):
            self.wake()
        failpoint.hit("watch.registered")
        self._put_all(put)
        failpoint.hit("watch.dropped")
        self.made += sum(1 for *_, fresh in put if fresh)

    def _put_with(
        self,
        place: Joins | TooMany,
        drop: Drop,
        files: tuple[Attachment, ...],
        now: float,
        teller: str,
    ) -> None:
        """Has it be part of something else, and counts it as seen, in one transaction."""
        match place:
            case Joins(task):
                self.joined.join(drop, task, files, now)
            case TooMany(_, bundle):
                self.bundles.add(teller, drop, bundle, now)
                self.ledger.mark_seen(drop.source, drop.source_id, "", now)

    def make_anew(self, one: Joined, now: float) -> str:
        """Makes a task of a mail that joined another one too late; returns its id. Once more
        changes nothing."""
        id = _id(one.drop)
        drop = replace(one.drop, ours={**one.drop.ours, FOLLOWS: one.task})
        with self.ledger.tx():
            row, note = self.register(id, drop, one.files, now)
        self.put(row, note)
        failpoint.hit("join.anew")
        self.joined.made_anew(one, id)
        return id

    def cursor(self, source: str, part: str = "") -> str:
        """How far the watcher had come; empty at first."""
        return self.ledger.meta(_cursor(source, part))

    def remember(self, source: str, cursor: str, part: str = "") -> None:
        """How far the watcher has come."""
        self.ledger.set_meta(_cursor(source, part), cursor)

    def deliver(self, source: str, now: float, *, early: bool = False) -> float | None:
        """Makes a task of each bundle of this source whose time has come, or, `early`, of all;
        when the next one's comes, in epoch seconds."""
        for full in self.bundles.due(source, math.inf if early else now):
            self._make([(full.task, digest(full, self.zone))], now, source)
            self.bundles.told([full.task])
        return self.bundles.next_due(source)

    def _too_much(self, drop: Drop, now: float) -> Bundle | None:
        if self.limits is None:
            return None
        if drop.source not in self._floods:
            self._floods[drop.source] = Flood(self.ledger, drop.source, self.limits, now)
        return self._floods[drop.source].check(drop, now)

    def register(
        self, id: str, drop: Drop, files: tuple[Attachment, ...], now: float
    ) -> tuple[TaskRow, bytes]:
        """Has the ledger know the task; its row, and its note."""
        reading = _reading(drop)
        known = self.ledger.task(id)
        if known is None:
            known = _row(id, drop, reading, files, now)
            self.ledger.add_task(known)
        source = "" if known.trust is Trust.OWNER else drop.source
        followed = known.facts.get(FOLLOWS)
        before = self.ledger.task(str(followed)) if followed else None
        after = before.name.removesuffix(".md") if before else ""
        return known, note_of(id, source, reading, files, self.zone(now), after, drop.enclosed)

    def put(self, row: TaskRow, note: bytes) -> None:
        """Drops the task's note, unless it was dropped before: then it lies somewhere on its
        way, or a run of it has begun."""
        self._put_all([(row, note, False)])

    def _put_all(self, tasks: Sequence[tuple[TaskRow, bytes, bool]]) -> None:
        """The same for many, each with whether the ledger heard of it just now: then its note
        lies nowhere, unless another process handed the same in and the executor was quick."""
        needs_action = self.vault.folder(State.NEEDS_ACTION)
        self.vault.drop_all(
            [
                (needs_action / row.name, note)
                for row, note, fresh in tasks
                if not has_begun(self.ledger, row.id)
                and (fresh or not lies(self.vault.root, row.name))
            ]
        )


def _id(drop: Drop) -> str:
    return names.id_of("t", drop.source, drop.source_id)


def _cursor(source: str, part: str) -> str:
    return f"cursor:{source}:{part}" if part else f"cursor:{source}"


def _reading(drop: Drop) -> Reading:
    kind = drop.kind if drop.kind in KINDS else "note"
    parts = tuple(Part(names.safe_file_name(one.name), one.data) for one in drop.attachments)
    return Reading(
        kind,
        drop.title,
        drop.body,
        drop.sender,
        drop.sender_name,
        drop.received,
        parts,
        drop.remarks,
        drop.properties,
    )


def _row(
    id: str, drop: Drop, reading: Reading, files: tuple[Attachment, ...], now: float
) -> TaskRow:
    first = reading.sender_name.partition(" ")[0]
    name = names.note_name(reading.title, first, id=id, fallback=reading.kind)
    origin = f"{FOLDERS[State.NEEDS_ACTION]}/{name}"
    row = TaskRow(
        id,
        name,
        reading.kind,
        reading.title,
        drop.trust,
        drop.source,
        drop.source_id,
        origin,
        b"",
        {**facts_of(reading, files), **drop.ours},
        now,
        None,
    )
    return replace(row, title=row.title or name)
