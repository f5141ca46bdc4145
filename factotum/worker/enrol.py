"""Under which id the ledger knows a claimed note, whose words it is, and that the note says so.

Registers and writes the id; whether a note is claimed at all is decided by the caller.
"""

from __future__ import annotations

from pathlib import Path

from factotum import addresses, failpoint, log, names
from factotum.ledger import ORIGINAL_BYTES, Ledger, TaskRow
from factotum.model import KINDS, Trust
from factotum.note import Note, NoteError, set_props
from factotum.vault import Changed, Vault
from factotum.worker.labels import Labels, told

logger = log.get("factotum.enrol")


class Enrolment:
    def __init__(self, vault: Vault, ledger: Ledger) -> None:
        self.vault = vault
        self.ledger = ledger
        self.labels = Labels(ledger)

    def adopt(self, path: Path, note: Note, id: str, origin: str, now: float) -> tuple[str, Path]:
        """Registers a claimed note under an id and sees to it that the note carries it."""
        id = id or names.new_id("t")
        if self.ledger.task(id) is None:
            self.ledger.add_task(self._row(path, note, id, origin, now))
        self.lower(self.ledger.task(id), path.name, note, now)
        failpoint.hit("claim.registered")
        self.put_id(path, note, id)
        return id, path

    def lower(self, row: TaskRow | None, name: str, note: Note, now: float) -> None:
        """A clipped note that carries the id of a task is not what the ledger knows the task
        by: the task's label falls to that of the clip. Notes that we drop below the owner's
        label say where they came from themselves, under the name that we gave them."""
        if row is not None and (row.words is Trust.OWNER or row.name != name):
            self.ledger.lower_trust(row.id, told(note.props), now, words=True)

    def _row(self, path: Path, note: Note, id: str, origin: str, now: float) -> TaskRow:
        props = note.props
        trust = self.labels.at_claim(origin, note)
        name, sender = addresses.first(str(props.get("from") or ""))
        kind = str(props.get("type") or "")
        facts = {
            "sender": sender,
            "sender_name": name,
            "subject": str(props.get("subject") or ""),
        }
        return TaskRow(
            id,
            path.name,
            kind if kind in KINDS else "note",
            title_of(note, path.stem),
            trust,
            str(props.get("source") or ("" if trust is Trust.OWNER else "note")),
            "",
            origin,
            note.raw[:ORIGINAL_BYTES],
            facts,
            now,
            None,
        )

    def put_id(self, path: Path, note: Note, id: str) -> None:
        if task_id(note) == id:
            return
        key = "factotum_id" if note.props.get("id") not in (None, "", id) else "id"
        try:
            self.vault.rewrite(path, note.raw, set_props(note.raw, {key: id}), durable=False)
        except Changed:
            return  # an editor is at it; the next look puts it
        except NoteError as full:  # too many properties for one more: the note's name tells it
            logger.warning("no id could be written", extra={"task": id, "reason": str(full)})


def task_id(note: Note) -> str:
    """The task id that a note carries, or an empty string."""
    for key in ("id", "factotum_id"):
        value = note.props.get(key)
        if isinstance(value, str) and names.is_id(value, "t"):
            return value
    return ""


def title_of(note: Note, stem: str) -> str:
    """What a person called the task: its title, its first heading, or the note's name."""
    if title := note.props.get("title"):
        return str(title)
    for line in note.body.splitlines():
        if line.startswith("# "):
            return line[2:].strip()
    return stem
