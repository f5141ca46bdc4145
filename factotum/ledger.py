"""The deeds: one SQLite file outside the vault, for what must not happen twice.

It holds which tasks exist and whose words they carry, what was thought (runs and steps),
what was sealed, decided, attempted and what came of it, and one event row for each of
these, from which the audit log is written. It is never the queue: where a task *is* is
said by its folder.

`synchronous=FULL`: a commit that returned survives a power cut (NORMAL may lose the last
ones). Rows of the gate's tables are written there (`gate/sealing.py`, `register.py` and
`attempts.py`); this module owns the file, its transactions, the events and the task rows.
Its tables are in `schema.py`.
"""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factotum.model import Trust
from factotum.redaction import without_ours
from factotum.schema import SCHEMA_VERSION, STEPS

#: "Fact" in ASCII: lets `file` and our own check tell a ledger from any other database.
APPLICATION_ID = 0x46616374

#: How long another process may hold the ledger before we give up, in seconds.
BUSY_S = 5.0


class LedgerError(Exception):
    """The ledger cannot be used; the message names the file, the cause and the remedy."""


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


class Ledger:
    """One connection. Use it from one thread; other processes open their own."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the ledger. Raises LedgerError when it is newer than this
        program, damaged, or no ledger at all."""
        self.path = path
        fresh = not path.exists()
        try:
            if fresh:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            self.db = sqlite3.connect(
                path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
            self.db.row_factory = sqlite3.Row
            self._pragmas()
            self._check()
            self._migrate()
        except FileExistsError:
            raise LedgerError(f"{path} was created by another process; try again") from None
        except sqlite3.OperationalError as refused:  # the ledger itself may be sound
            raise LedgerError(
                f"{path}: the ledger cannot be opened now ({refused}). Leave it where it is. Is "
                f"another process busy with it, the disk full or mounted read-only, or the file "
                f"not yours? Mend that and start again"
            ) from refused
        except sqlite3.DatabaseError as broken:
            raise LedgerError(
                f"{path}: the ledger cannot be read ({broken}). Nothing will be sent. "
                f"Move the file away and put back a copy from a backup"
            ) from broken
        self._depth = 0

    def _pragmas(self) -> None:
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute("PRAGMA fullfsync = ON")  # macOS: plain fsync leaves it in the drive
        self.db.execute("PRAGMA foreign_keys = ON")
        self.db.execute("PRAGMA cache_size = -2000")

    def _check(self) -> None:
        (version,) = self.db.execute("PRAGMA user_version").fetchone()
        (application,) = self.db.execute("PRAGMA application_id").fetchone()
        if version and application != APPLICATION_ID:
            raise LedgerError(f"{self.path} is not a ledger of Factotum; move it away")
        if version > SCHEMA_VERSION:
            raise LedgerError(
                f"{self.path} has schema {version}, this program knows {SCHEMA_VERSION}: it was "
                f"written by a newer Factotum. Install that version again; nothing was changed"
            )
        (verdict,) = self.db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise LedgerError(
                f"{self.path} is damaged ({verdict}). Nothing will be sent. "
                f"Move it away and put back a copy from a backup"
            )

    def _migrate(self) -> None:
        (version,) = self.db.execute("PRAGMA user_version").fetchone()
        if version == SCHEMA_VERSION:
            return
        self.db.execute("BEGIN EXCLUSIVE")
        (version,) = self.db.execute("PRAGMA user_version").fetchone()
        for step in STEPS[version:]:
            for statement in step.split(";\n"):
                if statement.strip():
                    self.db.execute(statement)
        if version == 0:
            self.db.execute("INSERT INTO meta VALUES ('epoch', ?)", (uuid.uuid4().hex,))
            self.db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self.db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self.db.execute("COMMIT")

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def tx(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction, committed with fsync on the way out; inner ones join it, and the
        outermost says whether it is durable.

        A killed process loses nothing of one that is not, a power cut may take it back, and
        with it all that was not durable since the last that was. Only for what is simply done
        again then: that a run began, what it plans, what it read, where its note lies.
        """
        lazy = not durable and self._depth == 0
        if lazy:
            self.db.execute("PRAGMA synchronous = NORMAL")
        try:
            with self._tx() as db:
                yield db
        finally:
            if lazy:
                self.db.execute("PRAGMA synchronous = FULL")

    @contextmanager
    def _tx(self) -> Iterator[sqlite3.Connection]:
        if self._depth == 0:
            self.db.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield self.db
        except BaseException:
            self._depth -= 1
            if self._depth == 0 and self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise
        self._depth -= 1
        if self._depth == 0:
            try:
                self.db.execute("COMMIT")
            except sqlite3.Error:
                if self.db.in_transaction:  # a full disk: else nothing could be begun any more
                    self.db.execute("ROLLBACK")
                raise

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
