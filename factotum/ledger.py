"""The deeds: one SQLite file outside the vault, for what must not happen twice.

It holds which tasks exist and whose words they carry, what was thought (runs and steps),
what was sealed, decided, attempted and what came of it, and one event row for each of
these, from which the audit log is written. It is never the queue: where a task *is* is
said by its folder.

Rows of the gate's tables are written there (`gate/sealing.py`, `register.py` and
`attempts.py`); this module owns the events, the task rows and what was seen. The file and its
transactions are in `ledger_file.py`, its tables in `schema.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factotum.ledger_file import LedgerError, LedgerFile
from factotum.model import Task, Trust
from factotum.redaction import without_ours

__all__ = ["BY_ITSELF", "ORIGINAL_BYTES", "Event", "Ledger", "LedgerError", "TaskRow", "dumps"]

#: Tasks of these kinds nobody asks for at the moment that they begin.
BEGIN_BY_THEMSELVES = ("schedule", "heartbeat")
#: The fact of a task that one of those, or one of its own such tasks, handed on.
BY_ITSELF = "by_itself"


@dataclass(frozen=True)
class TaskRow:
    """What the ledger knows of a task. `original` is what the person's note held when it
    was claimed (at most ORIGINAL_BYTES of it), `facts` what the drop knew (sender, …)."""

    id: str
    name: str
    kind: str
    title: str
    trust: Trust
    source: str
    source_id: str
    origin: str
    original: bytes
    facts: Mapping[str, Any]
    created: float
    missing: float | None

    @property
    def words(self) -> Trust:
        """Whose words the task itself says, whatever it has read since."""
        return Trust(self.facts.get("words", self.trust))

    @property
    def by_itself(self) -> bool:
        """Whether a schedule or the heartbeat began this task, or the one that handed it on."""
        return self.kind in BEGIN_BY_THEMSELVES or self.facts.get(BY_ITSELF) is True

    def task(self) -> Task:
        """The task as it is judged: whose it is and what it answers, without its text."""
        return Task(
            self.id,
            self.kind,
            self.title,
            "",
            self.trust,
            self.source,
            str(self.facts.get("sender") or ""),
            str(self.facts.get("sender_name") or ""),
            properties=self.facts.get("properties") or {},
            by_itself=self.by_itself,
            words=self.words,
        )


@dataclass(frozen=True)
class Event:
    seq: int
    at: float
    kind: str
    task: str
    card: str
    data: Mapping[str, Any]


#: How much of a claimed note's first state is kept to recognise an editor's echo, in bytes.
ORIGINAL_BYTES = 64 * 1024


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Ledger(LedgerFile):
    """One connection. Use it from one thread; other processes open their own."""

    # -- meta and events

    def meta(self, key: str, default: str = "") -> str:
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row["value"]) if row else default

    def set_meta(self, key: str, value: str) -> None:
        with self.tx() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def epoch(self) -> str:
        return self.meta("epoch")

    def event(self, kind: str, now: float, task: str = "", card: str = "", **data: Any) -> None:
        """Adds a row to the journal of deeds, without the secrets that we were given. Call it
        inside the deed's own transaction."""
        with self.tx() as db:
            db.execute(
                "INSERT INTO event (at, kind, task, card, data) VALUES (?, ?, ?, ?, ?)",
                (now, kind, task, card, dumps(without_ours(data))),
            )

    def events(self, after: int = 0, *, task: str = "", limit: int = 10_000) -> list[Event]:
        where = "seq > ?" + (" AND task = ?" if task else "")
        rows = self.db.execute(
            f"SELECT * FROM event WHERE {where} ORDER BY seq LIMIT ?",
            (after, task, limit) if task else (after, limit),
        )
        return [
            Event(
                row["seq"],
                row["at"],
                row["kind"],
                row["task"],
                row["card"],
                json.loads(row["data"]),
            )
            for row in rows
        ]

    def last_event(self) -> int:
        row = self.db.execute("SELECT max(seq) AS seq FROM event").fetchone()
        return int(row["seq"] or 0)

    # -- tasks

    def add_task(self, row: TaskRow) -> None:
        """Registers a task; a second registration under the same id changes nothing."""
        with self.tx() as db:
            done = db.execute(
                "INSERT OR IGNORE INTO task VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                (
                    row.id,
                    row.name,
                    row.kind,
                    row.title,
                    row.trust,
                    row.source,
                    row.source_id,
                    row.origin,
                    row.original[:ORIGINAL_BYTES],
                    dumps(row.facts),
                    row.created,
                ),
            )
            if done.rowcount:
                self.event(
                    "task",
                    row.created,
                    task=row.id,
                    title=row.title,
                    source=row.source,
                    trust=row.trust,
                    name=row.name,
                )

    def task(self, id: str) -> TaskRow | None:
        return self._task("id = ?", id)

    def task_named(self, name: str) -> TaskRow | None:
        """The newest task whose note has this file name, or None."""
        return self._task("name = ? ORDER BY created DESC", name)

    def task_from(self, origin: str) -> TaskRow | None:
        """The newest task that was claimed from this path, or None."""
        return self._task("origin = ? ORDER BY created DESC", origin)

    def _task(self, where: str, value: str) -> TaskRow | None:
        row = self.db.execute(f"SELECT * FROM task WHERE {where} LIMIT 1", (value,)).fetchone()
        if row is None:
            return None
        return TaskRow(
            **{**dict(row), "trust": Trust(row["trust"]), "facts": json.loads(row["facts"])}
        )

    def lower_trust(self, id: str, trust: Trust, now: float, *, words: bool = False) -> None:
        """Lets the task's label fall to `trust`; one that is lower already stays. With `words`
        the label of what the task itself says falls with it: it turned out to be theirs, and not
        only something that the task has read."""
        row = self.task(id)
        if row is None:
            return
        trust, own = row.trust.lowest(trust), row.words.lowest(trust) if words else row.words
        if (trust, own) == (row.trust, row.words):
            return
        with self.tx() as db:
            db.execute(
                "UPDATE task SET trust = ?, facts = json_set(facts, '$.words', ?) WHERE id = ?",
                (trust, own, id),
            )
            self.event("label", now, task=id, trust=trust, was=row.trust)

    def rename_task(self, id: str, name: str) -> None:
        with self.tx() as db:
            db.execute("UPDATE task SET name = ? WHERE id = ?", (name, id))

    def seen(self, source: str, source_id: str) -> str | None:
        """The task that was made of this item, empty when it was only marked seen, or None."""
        row = self.db.execute(
            "SELECT task FROM seen WHERE source = ? AND source_id = ?", (source, source_id)
        ).fetchone()
        return None if row is None else str(row["task"])

    def mark_seen(self, source: str, source_id: str, task: str, now: float) -> None:
        with self.tx() as db:
            db.execute(
                "INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?)", (source, source_id, task, now)
            )
