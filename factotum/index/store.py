"""Finding notes by their words: an index of the vault in the state directory.

It is no second truth: whatever it says is looked up in the note itself before it is shown,
and a damaged index is thrown away and made anew. It is brought up to date only when somebody
searches, by size and time of each note, a bounded while at a time. What is private is not in
it: folders are not entered, and of a note that is private by what it holds only its path and
stamp are kept, so that it is not opened again and again.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from factotum.index.places import INDEXED_MOST_BYTES, Places, sweep, title_of
from factotum.index.query import TOKENIZE, expression, spaced
from factotum.note import NoteError, parse
from factotum.privacy import Private
from factotum.reader import Reader

T = TypeVar("T")

#: How long one look may read notes that changed, in seconds; what is left is read next time.
REFRESH_S = 2.0
#: How many notes are read for one commit.
BATCH = 200

#: Raised with every change of the schema: an index of another version is made anew.
VERSION = 1

SCHEMA = f"""
CREATE TABLE rules (hash TEXT NOT NULL) STRICT;
CREATE TABLE note (
  id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL, state TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE words USING fts5 (title, text, tokenize = "{TOKENIZE}");
"""

PRIVATE = "private"

#: From this version on SQLite can take every trace of a note out of its words at once.
SECURE_DELETE = (3, 42, 0)

#: What SQLite says of a file that is damaged, is no database, or has not our tables.
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}

Stamps = dict[str, tuple[int, int]]


class IndexFault(Exception):
    """The index cannot be used now; the message names the file, the cause and the remedy."""


class Index:
    def __init__(
        self,
        path: Path,
        places: Places,
        reader: Reader,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """The index at `path`, made when it is first needed. Use it from one thread."""
        self.path = path
        self.places = places
        self.reader = reader
        self.monotonic = monotonic
        self._odd: dict[str, str] = {}
        self._db: sqlite3.Connection | None = None

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    # -- bringing it up to date

    def refresh(self, private: Private, most_s: float = REFRESH_S, under: str = "") -> int:
        """Takes in what changed, for about `most_s`; returns how many notes are left to be
        read. What changed, is gone or is private is out of it in any case. With `under`, only
        what lies in that folder is looked at, however many notes there are. Raises IndexFault."""
        return self._safely(lambda db: self._refresh(db, private, most_s, under))

    def _refresh(self, db: sqlite3.Connection, private: Private, most_s: float, under: str) -> int:
        ends = self.monotonic() + most_s
        db = self._heed(db, private)
        seen = sweep(self.places, private, under)
        end = under[:-1] + "0" if under else "\U0010ffff"  # the letter after the slash
        rows = db.execute(
            "SELECT path, size, mtime_ns FROM note WHERE path >= ? AND path < ?", (under, end)
        )
        known = {row[0]: (row[1], row[2]) for row in rows}
        self._drop(db, [path for path in known if path not in seen.found])
        changed = [path for path, stamp in seen.found.items() if known.get(path) != stamp]
        changed.sort(key=lambda path: (-seen.found[path][1], path))
        left = changed
        while left and (left is changed or self.monotonic() < ends):
            left = left[self._take(db, left, seen.found, private, ends) :]
        self._drop(db, [path for path in left if path in known])
        odd = db.execute("SELECT path, state FROM note WHERE state NOT IN ('', ?)", (PRIVATE,))
        beside = {p: why for p, why in self._odd.items() if not p.startswith(under)}
        self._odd = {**beside, **seen.odd, **{str(path): str(state) for path, state in odd}}
        return len(left)

    def _heed(self, db: sqlite3.Connection, private: Private) -> sqlite3.Connection:
        """With other rules than last time nothing of the old index stays, not even unused
        pages of the file."""
        row = db.execute("SELECT hash FROM rules").fetchone()
        if row is not None and row[0] == private.rules:
            return db
        if row is not None:
            self._throw_away()
            db = self._open()
        db.execute("INSERT INTO rules VALUES (?)", (private.rules,))
        return db

    def _take(
        self,
        db: sqlite3.Connection,
        paths: list[str],
        stamps: Stamps,
        private: Private,
        ends: float,
    ) -> int:
        """Reads at most a batch of notes and commits them together; returns how many."""
        with transaction(db):
            for taken, path in enumerate(paths[:BATCH], 1):
                self._put(db, path, stamps[path], private)
                if self.monotonic() >= ends:
                    return taken
        return min(len(paths), BATCH)

    def _put(
        self, db: sqlite3.Connection, path: str, stamp: tuple[int, int], private: Private
    ) -> None:
        was_there = self._delete(db, path)
        try:
            note = parse(self.reader.read(self.places.file(path), INDEXED_MOST_BYTES))
            state = PRIVATE if private.hides(note) else ""
        except NoteError as broken:  # whether it keeps itself out cannot be told
            state = str(broken)
        except OSError:
            return  # it does not answer or went meanwhile: it is asked again next time
        added = db.execute("INSERT INTO note VALUES (NULL, ?, ?, ?, ?)", (path, *stamp, state))
        if state:
            self._wipe(db, was_there)
            return
        title, text = spaced(title_of(path, note)), spaced(note.body)
        db.execute(
            "INSERT INTO words (rowid, title, text) VALUES (?, ?, ?)",
            (added.lastrowid, title, text),
        )

    def _wipe(self, db: sqlite3.Connection, was_there: bool) -> None:
        """Takes the words of what was deleted out of the file, not only out of reach."""
        if was_there and sqlite3.sqlite_version_info < SECURE_DELETE:
            db.execute("INSERT INTO words (words) VALUES ('optimize')")

    def _drop(self, db: sqlite3.Connection, paths: list[str]) -> None:
        if paths:
            with transaction(db):
                for path in paths:
                    self._delete(db, path)

    def _delete(self, db: sqlite3.Connection, path: str) -> bool:
        row = db.execute("SELECT id FROM note WHERE path = ?", (path,)).fetchone()
        if row is None:
            return False
        db.execute("DELETE FROM words WHERE rowid = ?", (row[0],))
        db.execute("DELETE FROM note WHERE id = ?", (row[0],))
        return True

    # -- asking it

    def search(self, query: str, *, under: str = "", most: int = 20) -> list[str]:
        """The paths of the notes that hold all words of `query`, best first; if none does,
        of those that hold some. `under` is the beginning of a path. Raises IndexFault."""
        return self._safely(
            lambda db: (
                _matching(db, expression(query, every=True), under, most)
                or _matching(db, expression(query, every=False), under, most)
            )
        )

    def any_of(self, text: str, *, under: str = "", most: int = 20) -> list[str]:
        """The paths of the notes that hold some word of `text`, best first."""
        return self._safely(lambda db: _matching(db, expression(text, every=False), under, most))

    def newest(self, *, under: str = "", most: int = 20) -> list[str]:
        """The paths of the notes that were changed last."""
        query = (
            "SELECT path FROM note WHERE state = '' AND substr(path, 1, ?) = ?"
            " ORDER BY mtime_ns DESC, path LIMIT ?"
        )
        return self._safely(lambda db: _paths(db, query, (len(under), under, most)))

    def paths(self) -> list[str]:
        """Every note that may be read, as far as the index got."""
        query = "SELECT path FROM note WHERE state = '' ORDER BY path"
        return self._safely(lambda db: _paths(db, query, ()))

    def left_out(self) -> dict[str, str]:
        """The notes that the last look left out although nobody hid them, with the reasons."""
        return dict(self._odd)

    # -- the file

    def _safely(self, deed: Callable[[sqlite3.Connection], T]) -> T:
        """What `deed` returns; a damaged index is thrown away and the deed done once more."""
        try:
            try:
                return deed(self._open())
            except sqlite3.DatabaseError as broken:
                if (getattr(broken, "sqlite_errorcode", 0) or 0) & 0xFF not in _DAMAGED:
                    raise
            self._throw_away()
            return deed(self._open())
        except (sqlite3.Error, OSError) as broken:
            raise IndexFault(
                f"the notes cannot be searched now: {self.path.name} ({broken}). Is the disk full, "
                f"or the state directory not yours? The file may be removed: it is made anew"
            ) from broken

    def _open(self) -> sqlite3.Connection:
        if self._db is not None:
            return self._db
        if not self.path.exists():
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self._db = db
        db.execute("PRAGMA journal_mode = TRUNCATE")
        db.execute("PRAGMA synchronous = OFF")  # a power cut may damage it: it is made anew
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA cache_size = -4000")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            self._throw_away()
            return self._open()
        if version == 0:
            db.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
            if sqlite3.sqlite_version_info >= SECURE_DELETE:
                db.execute("INSERT INTO words (words, rank) VALUES ('secure-delete', 1)")
        return db

    def _throw_away(self) -> None:
        self.close()
        for name in (self.path.name, f"{self.path.name}-journal"):
            self.path.with_name(name).unlink(missing_ok=True)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """One transaction; what fails in it leaves nothing behind."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _paths(db: sqlite3.Connection, query: str, values: tuple[object, ...]) -> list[str]:
    return [str(row[0]) for row in db.execute(query, values)]


def _matching(db: sqlite3.Connection, wanted: str, under: str, most: int) -> list[str]:
    if not wanted:
        return []
    query = (
        "SELECT n.path FROM words JOIN note n ON n.id = words.rowid"
        " WHERE words MATCH ? AND substr(n.path, 1, ?) = ?"
        " ORDER BY round(bm25(words, 4.0, 1.0), 6), n.path LIMIT ?"
    )
    return _paths(db, query, (wanted, len(under), under, most))
