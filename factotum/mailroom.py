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

from factotum import mailauth, names
from factotum.drop import Drop, File
from factotum.gate.contact import Contact
from factotum.intake_note import facts_of, note_of
from factotum.keeping import Keeper
from factotum.ledger import Ledger, TaskRow
from factotum.mailauth import Sender
from factotum.model import FOLDERS, KINDS, WAITING_FOLDER, Attachment, State, Trust
from factotum.reading import Reading
from factotum.reading.shape import Part
from factotum.settings import Settings
from factotum.vault import Vault


def own_servers(settings: Settings) -> tuple[str, ...]:
    """The names by which the owner's mail servers sign what they found out about a sender."""
    written = settings.text("MAIL_AUTHSERV").split(",")
    return tuple(name.strip() for name in written if name.strip())


def label_of(
    raw: bytes, own_servers: Sequence[str], contact: Callable[[str], Contact]
) -> tuple[Trust, Sender]:
    """Whose words the mail `raw` holds, and who wrote it as far as that is proved.

    Somebody known: a contact, whose address the owner's own mail server vouches for, and to whom
    the owner has written, here or by their word. Nobody is the owner by mail.
    """
    sender = mailauth.verify(raw, own_servers)
    known = sender.verified and contact(sender.address).may_be_known
    return (Trust.KNOWN if known else Trust.STRANGER), sender


def letter(
    raw: bytes,
    source: str,
    source_id: str,
    own_servers: Sequence[str],
    contact: Callable[[str], Contact],
    read: Callable[[bytes, str], Reading],
) -> Drop:
    """The mail `raw`, as its watcher fetched it from the owner's mailbox, ready to be handed in.

    `read` is `reading.read`. Where who wrote it is proved, it is that address that replies go
    to, whatever another program would make of its From line.
    """
    trust, sender = label_of(raw, own_servers, contact)
    found = read(raw, "mail.eml")
    facts = {key: value for key, value in found.properties.items() if key != "verified"}
    if sender.verified:
        facts["verified"] = True
    return Drop(
        source,
        source_id,
        found.kind,
        found.title,
        found.text,
        trust,
        sender.address if sender.verified else found.sender,
        found.sender_name,
        found.received,
        tuple(File(part.name, part.data) for part in found.attachments),
        facts,
        found.remarks,
    )


@dataclass
class Mailroom:
    """`vault` may be a guest's; `keeper` keeps the files that come with it."""

    vault: Vault
    ledger: Ledger
    keeper: Keeper
    zone: Callable[[float], datetime]

    def take(self, drop: Drop, now: float, cursor: str = "") -> str:
        """Makes a task of it, once; returns its id. With `cursor`, how far the watcher has come
        is remembered in the same moment. Raises OSError; then it is to be handed in again."""
        id = names.id_of("t", drop.source, drop.source_id)
        if self.ledger.seen(drop.source, drop.source_id) is None:
            row, note = self.register(id, drop, now)
            self.put(row, note)
        self.done(id, drop, now, cursor)
        return id

    def cursor(self, source: str) -> str:
        """How far the watcher had come; empty at first."""
        return self.ledger.meta(f"cursor:{source}")

    def register(self, id: str, drop: Drop, now: float) -> tuple[TaskRow, bytes]:
        """Keeps its files, then has the ledger know the task; its row, and its note."""
        reading = _reading(drop)
        files = self.keeper.keep_parts(reading)
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

    def done(self, id: str, drop: Drop, now: float, cursor: str = "") -> None:
        """From now on it is not made into a task again, wherever its note goes."""
        with self.ledger.tx():
            self.ledger.mark_seen(drop.source, drop.source_id, id, now)
            if cursor:
                self.ledger.set_meta(f"cursor:{drop.source}", cursor)

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
        facts_of(reading, files),
        now,
        None,
    )
    return replace(row, title=row.title or name)
