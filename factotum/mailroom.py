"""The mailroom: what a watcher hands in becomes one task, whoever is killed when.

First its files are kept, then the ledger learns of the task with its label and facts, then its
note is dropped into Needs_Action, then it counts as seen. Each step done twice is done once, so
that handing it in again does what is left. Nothing that stands in the note is believed later:
the label and the facts are the ledger's. May run beside the executor, in a process of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from factotum import failpoint, names
from factotum.bundles import Bundles, Full
from factotum.drop import Bundle, Drop
from factotum.flood import Flood, Limits
from factotum.intake_note import facts_of, note_of
from factotum.keeping import Keeper
from factotum.ledger import Ledger, TaskRow
from factotum.model import FOLDERS, KINDS, WAITING_FOLDER, Attachment, State, Trust
from factotum.reading import Reading
from factotum.reading.shape import Part
from factotum.vault import Vault


@dataclass
class Mailroom:
    """`vault` may be a guest's; `keeper` keeps the files that come with it. Without `limits`
    nothing is too much."""

    vault: Vault
    ledger: Ledger
    keeper: Keeper
    zone: Callable[[float], datetime]
    limits: Limits | None = None

    def __post_init__(self) -> None:
        self.bundles = Bundles(self.ledger)
        self._floods: dict[str, Flood] = {}

    def take(self, drop: Drop, now: float, cursor: str = "") -> str:
        """Makes a task of it, once; returns its id. With `cursor`, how far the watcher has come
        is remembered in the same moment. Raises OSError; then it is to be handed in again."""
        (id,) = self.take_all([drop], now, cursor)
        return id

    def take_all(
        self, drops: Sequence[Drop], now: float, cursor: str = "", part: str = ""
    ) -> list[str]:
        """The same for many at once, with one cursor for all; of what is only collected the id
        is empty. All of one source."""
        new = [one for one in drops if self.ledger.seen(one.source, one.source_id) is None]
        fates = [(one, one.bundle or self._too_much(one, now)) for one in new]
        files = {id(one): self.keep(one) for one, bundle in fates if not bundle}
        failpoint.hit("watch.kept")
        with self.ledger.tx():
            rows = [
                self.register(_id(one), one, files[id(one)], now)
                for one, bundle in fates
                if not bundle
            ]
        failpoint.hit("watch.registered")
        for row, note in rows:
            self.put(row, note)
        failpoint.hit("watch.dropped")
        with self.ledger.tx():
            for one, bundle in fates:
                if bundle:
                    self.bundles.add(one, bundle, now)
                self.ledger.mark_seen(one.source, one.source_id, "" if bundle else _id(one), now)
            if cursor and drops:
                self.remember(drops[0].source, cursor, part)
        failpoint.hit("watch.seen")
        return [self.ledger.seen(one.source, one.source_id) or "" for one in drops]

    def cursor(self, source: str, part: str = "") -> str:
        """How far the watcher had come; empty at first."""
        return self.ledger.meta(_cursor(source, part))

    def remember(self, source: str, cursor: str, part: str = "") -> None:
        """How far the watcher has come."""
        self.ledger.set_meta(_cursor(source, part), cursor)

    def deliver(self, source: str, now: float) -> float | None:
        """Makes a task of each bundle of this source whose time has come; when the next one's
        comes, in epoch seconds."""
        for full in self.bundles.due(source, now):
            drop = _digest(full, self.zone)
            with self.ledger.tx():
                row, note = self.register(full.task, drop, (), now)
            self.put(row, note)
            self.bundles.told([full.task])
        return self.bundles.next_due(source)

    def _too_much(self, drop: Drop, now: float) -> Bundle | None:
        if self.limits is None or self.ledger.task(_id(drop)) is not None:
            return None  # what a crash cut short was counted
        if drop.source not in self._floods:
            self._floods[drop.source] = Flood(self.ledger, drop.source, self.limits, now)
        return self._floods[drop.source].check(drop, now)

    def keep(self, drop: Drop) -> tuple[Attachment, ...]:
        """Stores the files that came with it; once more changes nothing."""
        return self.keeper.keep_parts(_reading(drop))

    def register(
        self, id: str, drop: Drop, files: tuple[Attachment, ...], now: float
    ) -> tuple[TaskRow, bytes]:
        """Has the ledger know the task; its row, and its note."""
        reading = _reading(drop)
        known = self.ledger.task(id)
        if known is None:
            self.ledger.add_task(_row(id, drop, reading, files, now))
            known = self.ledger.task(id)
        assert known is not None
        source = "" if known.trust is Trust.OWNER else drop.source
        return known, note_of(id, source, reading, files, self.zone(now))

    def put(self, row: TaskRow, note: bytes) -> None:
        """Drops the task's note, unless it was dropped before: then it lies somewhere on its
        way, or a run of it has begun."""
        if self._begun(row.id) or any(os.path.lexists(f / row.name) for f in self._folders()):
            return
        try:
            self.vault.drop(self.vault.folder(State.NEEDS_ACTION) / row.name, note)
        except FileExistsError:
            pass  # another process handed the same thing in

    def _begun(self, task: str) -> bool:
        row = self.ledger.db.execute("SELECT 1 FROM run WHERE task = ?", (task,)).fetchone()
        return row is not None

    def _folders(self) -> Iterator[Path]:
        """Where the note may lie, in the order in which it goes its way: while one folder is
        looked at, it can only have come further."""
        root = self.vault.root
        yield root / FOLDERS[State.NEEDS_ACTION]
        for instance in _within(root / FOLDERS[State.IN_PROGRESS]):
            yield instance
            yield instance / WAITING_FOLDER
        yield root / FOLDERS[State.FAILED]
        yield from _within(root / FOLDERS[State.DONE])


def _within(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _id(drop: Drop) -> str:
    return names.id_of("t", drop.source, drop.source_id)


def _cursor(source: str, part: str) -> str:
    return f"cursor:{source}:{part}" if part else f"cursor:{source}"


def _digest(full: Full, zone: Callable[[float], datetime]) -> Drop:
    """The one task that tells of many things."""
    lines = []
    for item in full.items:
        at = zone(item.received)
        lines.append(f"- {item.title} ({item.sender}{', ' * bool(item.sender)}{at:%d %b %H:%M})")
        lines += [f"  {line}" for line in item.text.splitlines() if line.strip()]
    if left := full.n - len(full.items):
        lines.append(f"- … and {left} more, not listed")
    return Drop(
        full.source,
        full.task,
        "message",
        full.heading.replace("{n}", str(full.n)),
        "\n".join(lines),
        full.trust,
        ours={"bundle": full.key, "items": full.n},
    )


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
