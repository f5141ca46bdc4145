"""The mails that joined a task that was open: what the ledger has of them, and how far they got.

Rows alone: whether a mail joins is decided by `threads.py`, and brought to the task's note, cards
and run by `worker/joins.py`. One that no run will hear of becomes a task of its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from factotum import names
from factotum.drop import Drop
from factotum.ledger import Ledger, dumps
from factotum.model import Attachment, Trust


@dataclass(frozen=True)
class Joined:
    """A mail that joined a task. `drop` comes without its files: `files` says where they are
    kept. `applied` is when the note and the run's cards heard of it."""

    seq: int
    task: str
    drop: Drop
    files: tuple[Attachment, ...]
    at: float
    applied: float | None

    @property
    def who(self) -> str:
        """Who wrote it, with the address: anybody can call themselves anything."""
        name, address = self.drop.sender_name, self.drop.sender
        return f"{name} ({address})" if name else address


class JoinedBook:
    """Use it on the thread that owns the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def join(self, drop: Drop, task: str, files: tuple[Attachment, ...], now: float) -> None:
        """Has it be part of the task, in the caller's transaction; and it counts as seen. The
        same words under the same Message-ID, from another folder say, are not joined twice."""
        bare = replace(drop, attachments=())
        message_id = str(drop.properties.get("message_id") or "")
        copies = (
            one for one in self.of_task(task) if one.drop.properties.get("message_id") == message_id
        )
        is_copy = bool(message_id) and any(one.drop.body == drop.body for one in copies)
        with self.ledger.tx() as db:
            if not is_copy:
                db.execute(
                    "INSERT OR IGNORE INTO joined"
                    " (source, source_id, task, message_id, what, files, at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        *(drop.source, drop.source_id, task, message_id, json.dumps(_plain(bare))),
                        *(dumps([vars(one) for one in files]), now),
                    ),
                )
            for id in filter(None, (drop.source_id, drop.known_as)):
                self.ledger.mark_seen(drop.source, id, task, now)

    def of_task(self, task: str) -> list[Joined]:
        """All that joined it, the first one first."""
        return self._rows("task = ? AND anew IS NULL", task)

    def waiting(self) -> list[Joined]:
        """What no run has heard of yet, and is no task of its own either."""
        return self._rows("told IS NULL AND anew IS NULL")

    def untold(self, task: str) -> bool:
        """Whether the note has words that its run has not heard."""
        row = self.ledger.db.execute(
            "SELECT 1 FROM joined WHERE task = ? AND applied IS NOT NULL AND told IS NULL"
            " AND anew IS NULL",
            (task,),
        ).fetchone()
        return row is not None

    def applied(self, one: Joined, now: float) -> None:
        """The note has it, and the cards say so; its files are files of the task."""
        with self.ledger.tx() as db:
            self._add_files(one)
            db.execute("UPDATE joined SET applied = ? WHERE seq = ?", (now, one.seq))
            self.ledger.event("joined", now, task=one.task, who=one.who)

    def _add_files(self, one: Joined) -> None:
        task = self.ledger.task(one.task)
        known = list(task.facts.get("attachments") or ()) if task else []
        new = [vars(file) for file in one.files if vars(file) not in known]
        if task and new:
            facts = {**task.facts, "attachments": [*known, *new]}
            self.ledger.db.execute(
                "UPDATE task SET facts = ? WHERE id = ?", (dumps(facts), one.task)
            )

    def tell(self, task: str, now: float) -> list[Joined]:
        """What a run is to hear at its next turn: all that its note has; from now on it was
        told."""
        told = [one for one in self.of_task(task) if one.applied is not None]
        if self.untold(task):
            with self.ledger.tx() as db:
                db.execute(
                    "UPDATE joined SET told = ? WHERE task = ? AND applied IS NOT NULL"
                    " AND told IS NULL AND anew IS NULL",
                    (now, task),
                )
        return told

    def made_anew(self, one: Joined, task: str) -> None:
        """It came too late for its task: this one was made of it."""
        with self.ledger.tx() as db:
            db.execute("UPDATE joined SET anew = ? WHERE seq = ?", (task, one.seq))
            db.execute(
                "UPDATE seen SET task = ? WHERE source = ? AND source_id IN (?, ?)",
                (task, one.drop.source, one.drop.source_id, one.drop.known_as),
            )

    def mark(self, one: Joined) -> str:
        """By what the note shows that it has it; nobody outside can know it."""
        return names.id_of("t", self.ledger.epoch, "joined", one.drop.source, one.drop.source_id)

    def _rows(self, where: str, *values: str) -> list[Joined]:
        rows = self.ledger.db.execute(f"SELECT * FROM joined WHERE {where} ORDER BY seq", values)
        return [_joined(row) for row in rows.fetchall()]


def _plain(drop: Drop) -> dict[str, Any]:
    received = drop.received.isoformat() if drop.received else ""
    told = {key: value for key, value in vars(drop).items() if key not in ("attachments", "bundle")}
    properties = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in drop.properties.items()
    }
    return {
        **told,
        "received": received,
        "properties": properties,
        "remarks": list(drop.remarks),
        "ours": dict(drop.ours),
    }


def _joined(row: Any) -> Joined:
    told = json.loads(row["what"])
    received = datetime.fromisoformat(told["received"]) if told["received"] else None
    drop = Drop(
        **{
            **told,
            "received": received,
            "trust": Trust(told["trust"]),
            "remarks": tuple(told["remarks"]),
        }
    )
    files = tuple(Attachment(**one) for one in json.loads(row["files"]))
    return Joined(row["seq"], row["task"], drop, files, row["at"], row["applied"])
