"""The file of the ledger: opened, checked, brought up to date, and written in transactions.

`synchronous=FULL`: a commit that returned survives a power cut (NORMAL may lose the last
ones). What the rows mean is not its business.
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from factotum.schema import SCHEMA_VERSION, STEPS

#: "Fact" in ASCII: lets `file` and our own check tell a ledger from any other database.
APPLICATION_ID = 0x46616374

#: How long another process may hold the ledger before we give up, in seconds.
BUSY_S = 5.0


class LedgerError(Exception):
    """The ledger cannot be used; the message names the file, the cause and the remedy."""


class LedgerFile:
    """One connection, and the transactions on it."""

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
