"""What is not worth a task of its own, collected in the ledger till it is told together.

A row is there before its thing counts as seen, and goes when the task that tells of it was
dropped: nothing is lost in between, and nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from factotum import names
from factotum.drop import Bundle, Drop
from factotum.inert import one_line
from factotum.ledger import Ledger
from factotum.model import Trust

#: How much of each thing is kept, in characters, and of how many in one bundle; of the others
#: there is the title, and of very many only that they are there.
TEXT_CHARS = 500
TITLE_CHARS = 200
TEXTS_MOST = 200
TITLES_MOST = 1000


@dataclass(frozen=True)
class Item:
    title: str
    sender: str
    text: str
    received: float


@dataclass(frozen=True)
class Full:
    """A bundle whose time has come, and the id of the task that tells of it."""

    task: str
    source: str
    key: str
    heading: str
    trust: Trust
    n: int
    items: tuple[Item, ...]


class Bundles:
    """Use it on the thread that owns the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def add(self, drop: Drop, bundle: Bundle, now: float) -> None:
        """Puts it in; the same thing again changes nothing."""
        (n,) = self.ledger.db.execute(
            "SELECT count(*) FROM bundled WHERE source = ? AND bundle = ? AND task = ''",
            (drop.source, bundle.key),
        ).fetchone()
        text = drop.body.strip()[:TEXT_CHARS] if n < TEXTS_MOST else ""
        title = one_line(drop.title, TITLE_CHARS) if n < TITLES_MOST else ""
        received = drop.received.timestamp() if drop.received else now
        with self.ledger.tx() as db:
            db.execute(
                "INSERT OR IGNORE INTO bundled (source, source_id, bundle, heading, due, title,"
                " sender, text, trust, received) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(drop.source, drop.source_id, bundle.key, bundle.title, bundle.due),
                    *(title, one_line(drop.sender, TITLE_CHARS), text, drop.trust, received),
                ),
            )

    def next_due(self, source: str) -> float | None:
        """When the next bundle of this source is to be told, in epoch seconds."""
        row = self.ledger.db.execute(
            "SELECT min(due) AS due FROM bundled WHERE source = ?", (source,)
        ).fetchone()
        return None if row["due"] is None else float(row["due"])

    def due(self, source: str, now: float) -> list[Full]:
        """The bundles whose time has come; what comes later goes into the next of that key."""
        with self.ledger.tx() as db:
            rows = db.execute(
                "SELECT bundle, min(seq) AS first, min(due) AS due FROM bundled"
                " WHERE source = ? AND task = '' GROUP BY bundle",
                (source,),
            ).fetchall()
            for row in rows:
                if row["due"] <= now:
                    task = names.id_of("t", "bundle", source, row["bundle"], str(row["first"]))
                    db.execute(
                        "UPDATE bundled SET task = ? WHERE source = ? AND bundle = ? AND task = ''",
                        (task, source, row["bundle"]),
                    )
        tasks = self.ledger.db.execute(
            "SELECT DISTINCT task FROM bundled WHERE source = ? AND task <> ''", (source,)
        ).fetchall()
        return [self._full(row["task"]) for row in tasks]

    def _full(self, task: str) -> Full:
        rows = self.ledger.db.execute(
            "SELECT * FROM bundled WHERE task = ? ORDER BY seq", (task,)
        ).fetchall()
        first = rows[0]
        trust = Trust.OWNER
        for row in rows:
            trust = trust.lowest(Trust(row["trust"]))
        items = tuple(
            Item(row["title"], row["sender"], row["text"], row["received"])
            for row in rows
            if row["title"]
        )
        return Full(
            task, first["source"], first["bundle"], first["heading"], trust, len(rows), items
        )

    def told(self, tasks: Sequence[str]) -> None:
        """The tasks of these were dropped."""
        with self.ledger.tx() as db:
            db.executemany("DELETE FROM bundled WHERE task = ?", [(task,) for task in tasks])
