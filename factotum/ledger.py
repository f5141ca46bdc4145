"""The deeds: one SQLite file outside the vault, for what must not happen twice.

It holds which tasks exist and whose words they carry, what was thought (runs and steps),
what was sealed, decided, attempted and what came of it, and one event row for each of
these, from which the audit log is written. It is never the queue: where a task *is* is
said by its folder.

`synchronous=FULL`: a commit that returned survives a power cut (NORMAL may lose the last
ones). Rows of the gate's tables are written by `gate/register.py`; this module owns the
file, its schema, its transactions, the events and the task rows.
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

#: The version of the schema below. A ledger with a higher one was written by a newer
#: Factotum and is refused; a lower one is brought up to date step by step.
SCHEMA_VERSION = 4

#: "Fact" in ASCII: lets `file` and our own check tell a ledger from any other database.
APPLICATION_ID = 0x46616374

#: How long another process may hold the ledger before we give up, in seconds.
BUSY_S = 5.0

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE task (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
  trust TEXT NOT NULL, source TEXT NOT NULL, source_id TEXT NOT NULL, origin TEXT NOT NULL,
  original BLOB NOT NULL, facts TEXT NOT NULL, created REAL NOT NULL, missing REAL
) STRICT;
CREATE INDEX task_origin ON task (origin);
CREATE INDEX task_name ON task (name);
CREATE TABLE seen (
  source TEXT NOT NULL, source_id TEXT NOT NULL, task TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (source, source_id)
) STRICT;
CREATE TABLE run (
  task TEXT NOT NULL REFERENCES task (id), n INTEGER NOT NULL, started REAL NOT NULL,
  plan TEXT, ended REAL, result TEXT, reason TEXT, final TEXT,
  projected INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (task, n)
) STRICT;
CREATE INDEX run_open ON run (projected) WHERE projected = 0;
CREATE TABLE step (
  task TEXT NOT NULL, run INTEGER NOT NULL, idx INTEGER NOT NULL,
  status TEXT NOT NULL, data TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (task, run, idx)
) STRICT;
CREATE TABLE card (
  id TEXT PRIMARY KEY, task TEXT NOT NULL REFERENCES task (id), run INTEGER NOT NULL,
  idx INTEGER NOT NULL, again INTEGER NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
  name TEXT NOT NULL, version INTEGER NOT NULL, remark TEXT NOT NULL DEFAULT '',
  settled INTEGER NOT NULL DEFAULT 0, lies TEXT NOT NULL DEFAULT '',
  wrote TEXT NOT NULL DEFAULT '',
  created REAL NOT NULL, UNIQUE (task, run, idx, again)
) STRICT;
CREATE INDEX card_open ON card (settled) WHERE settled = 0;
CREATE TABLE seal (
  card TEXT NOT NULL REFERENCES card (id), version INTEGER NOT NULL, tool TEXT NOT NULL,
  pin TEXT NOT NULL, args TEXT NOT NULL, attachments TEXT NOT NULL, account TEXT NOT NULL,
  trust TEXT NOT NULL, policy TEXT NOT NULL, ttl_s REAL NOT NULL, nonce TEXT NOT NULL,
  epoch TEXT NOT NULL, digest TEXT NOT NULL, effect TEXT NOT NULL, risk TEXT NOT NULL,
  rule TEXT NOT NULL, about TEXT NOT NULL, created REAL NOT NULL,
  shown REAL, deadline REAL, closed TEXT,
  PRIMARY KEY (card, version)
) STRICT;
CREATE TABLE decision (
  card TEXT NOT NULL, version INTEGER NOT NULL, verdict TEXT NOT NULL, channel TEXT NOT NULL,
  who TEXT NOT NULL, digest TEXT NOT NULL, why TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (card, version), FOREIGN KEY (card, version) REFERENCES seal (card, version)
) STRICT;
CREATE TABLE attempt (
  card TEXT NOT NULL, version INTEGER NOT NULL, n INTEGER NOT NULL, key TEXT NOT NULL,
  at REAL NOT NULL, clean TEXT,
  PRIMARY KEY (card, version, n), FOREIGN KEY (card, version) REFERENCES decision (card, version)
) STRICT;
CREATE TABLE outcome (
  card TEXT NOT NULL, version INTEGER NOT NULL, status TEXT NOT NULL, evidence TEXT NOT NULL,
  at REAL NOT NULL,
  PRIMARY KEY (card, version), FOREIGN KEY (card, version) REFERENCES seal (card, version)
) STRICT;
CREATE TABLE wish (
  seq INTEGER PRIMARY KEY, card TEXT NOT NULL, what TEXT NOT NULL, channel TEXT NOT NULL,
  who TEXT NOT NULL, at REAL NOT NULL, granted REAL
) STRICT;
CREATE TABLE event (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT NOT NULL,
  task TEXT NOT NULL, card TEXT NOT NULL, data TEXT NOT NULL
) STRICT;
"""

#: Version 2: what a model said and cost, whose words a note of ours carries, what was said
#: in one conversation. Money is in millionths of a dollar, so that sums stay exact.
THOUGHT = """
CREATE TABLE turn (
  task TEXT NOT NULL, run INTEGER NOT NULL, n INTEGER NOT NULL, reply TEXT NOT NULL,
  model TEXT NOT NULL, words INTEGER NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (task, run, n), FOREIGN KEY (task, run) REFERENCES run (task, n)
) STRICT;
CREATE TABLE spend (
  seq INTEGER PRIMARY KEY, root TEXT NOT NULL, task TEXT NOT NULL, run INTEGER NOT NULL,
  outside INTEGER NOT NULL, model TEXT NOT NULL, reserved INTEGER NOT NULL, cost INTEGER,
  sent INTEGER NOT NULL DEFAULT 0, answered INTEGER NOT NULL DEFAULT 0, at REAL NOT NULL
) STRICT;
CREATE INDEX spend_at ON spend (at);
CREATE INDEX spend_root ON spend (root);
CREATE INDEX spend_task ON spend (task, run);
CREATE TABLE made (
  name TEXT PRIMARY KEY, card TEXT NOT NULL, trust TEXT NOT NULL, at REAL NOT NULL
) STRICT;
CREATE TABLE talk (
  conversation TEXT NOT NULL, task TEXT NOT NULL REFERENCES task (id), at REAL NOT NULL,
  PRIMARY KEY (conversation, at, task)
) STRICT;
"""

#: Version 3: permissions with an end, what a person is to be told, how often a rule was used.
HOUSE = """
CREATE TABLE permission (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, tool TEXT NOT NULL, scope TEXT NOT NULL,
  task TEXT NOT NULL, trust TEXT NOT NULL, card TEXT NOT NULL, until REAL NOT NULL,
  most INTEGER NOT NULL, channel TEXT NOT NULL, who TEXT NOT NULL, at REAL NOT NULL,
  epoch TEXT NOT NULL, ended REAL
) STRICT;
CREATE INDEX permission_open ON permission (ended) WHERE ended IS NULL;
CREATE TABLE notice (
  seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, text TEXT NOT NULL,
  urgent INTEGER NOT NULL, at REAL NOT NULL, told REAL,
  card TEXT NOT NULL DEFAULT '', how TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX notice_open ON notice (told) WHERE told IS NULL;
CREATE INDEX decision_by_rule ON decision (who, at) WHERE channel = 'rule';
"""

#: Version 4: the place of each event in the audit chain, as `views/links.py` gives it. What
#: happened before that has none.
CHAIN = """
CREATE TABLE chain (
  n INTEGER PRIMARY KEY, seq INTEGER NOT NULL, mac BLOB NOT NULL, digest BLOB NOT NULL
) STRICT;
CREATE INDEX chain_seq ON chain (seq);
INSERT INTO meta SELECT 'chain_after', CAST(coalesce(max(seq), 0) AS TEXT) FROM event;
"""

#: What brings a ledger from each version to the next one.
STEPS = (SCHEMA, THOUGHT, HOUSE, CHAIN)


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

    def lower_trust(self, id: str, trust: Trust, now: float) -> None:
        """Lets the task's label fall to `trust`; one that is lower already stays."""
        row = self.task(id)
        if row is None or row.trust.lowest(trust) is row.trust:
            return
        with self.tx() as db:
            db.execute("UPDATE task SET trust = ? WHERE id = ?", (trust, id))
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
