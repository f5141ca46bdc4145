"""What is not worth a task of its own, collected in the ledger till it is told together.

A row is there before its thing counts as seen, and goes when the task that tells of it was
dropped: nothing is lost in between, and nothing is told twice. However many come, a bundle keeps
a bounded number of rows, and its task stays readable; of the others it is known how many.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from factotum import names
from factotum.drop import Bundle, Drop
from factotum.inert import one_line, visible
from factotum.ledger import Ledger
from factotum.model import Trust
from factotum.words import size

#: How much of each thing is kept, in characters, and of how many in one bundle; of the others
#: there is the title, and of very many only that they are there.
TEXT_CHARS = 500
TEXT_LINES = 6
TITLE_CHARS = 200
TEXTS_MOST = 200
TITLES_MOST = 1000
#: How long the task that tells of them may become: a model reads it, and it must fit in a note.
LISTED_BYTES = 128 * 1024


@dataclass(frozen=True)
class Item:
    title: str
    sender: str
    text: str
    received: float


@dataclass(frozen=True)
class Full:
    """A bundle whose time has come, and the id of the task that tells of it. `n` is how many
    things it holds; `items` are those of which more is known."""

    task: str
    source: str
    key: str
    heading: str
    trust: Trust
    n: int
    items: tuple[Item, ...]


class Bundles:
    """Use it on the thread that owns the ledger. `source` is the one that hands things in."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def add(self, source: str, drop: Drop, bundle: Bundle, now: float) -> None:
        """Puts it in. Call it in the transaction in which it comes to count as seen."""
        with self.ledger.tx() as db:
            n, last = db.execute(
                "SELECT count(*), max(seq) FROM bundled"
                " WHERE source = ? AND bundle = ? AND task = ''",
                (source, bundle.key),
            ).fetchone()
            if n >= TITLES_MOST:
                self._count(last, drop.trust)
                return
            received = drop.received.timestamp() if drop.received else now
            db.execute(
                "INSERT INTO bundled (source, source_id, bundle, heading, due, title, sender, text,"
                " trust, received) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(source, drop.source_id, bundle.key, bundle.title, bundle.due),
                    *(one_line(drop.title, TITLE_CHARS), one_line(drop.sender, TITLE_CHARS)),
                    *(_text(drop) if n < TEXTS_MOST else "", drop.trust, received),
                ),
            )

    def _count(self, seq: int, trust: Trust) -> None:
        """One more, of which nothing else is kept; but a label falls to the lowest of all."""
        with self.ledger.tx() as db:
            (was,) = db.execute("SELECT trust FROM bundled WHERE seq = ?", (seq,)).fetchone()
            lowest = Trust(was).lowest(trust)
            db.execute("UPDATE bundled SET n = n + 1, trust = ? WHERE seq = ?", (lowest, seq))

    def sources(self) -> list[str]:
        """Of which sources something waits to be told."""
        rows = self.ledger.db.execute("SELECT DISTINCT source FROM bundled ORDER BY source")
        return [row["source"] for row in rows]

    def next_due(self, source: str) -> float | None:
        """When the next bundle of this source is to be told, in epoch seconds."""
        row = self.ledger.db.execute(
            "SELECT min(due) AS due FROM bundled WHERE source = ?", (source,)
        ).fetchone()
        return None if row["due"] is None else float(row["due"])

    def due(self, source: str, now: float) -> Iterator[Full]:
        """The bundles whose time has come; what comes later goes into the next of that key, whose
        task has another id: no `seq` is ever given twice."""
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
        return (self._full(row["task"]) for row in tasks)

    def _full(self, task: str) -> Full:
        rows = self.ledger.db.execute(
            "SELECT * FROM bundled WHERE task = ? ORDER BY seq", (task,)
        ).fetchall()
        first, n = rows[0], sum(row["n"] for row in rows)
        trust = Trust.OWNER
        for row in rows:
            trust = trust.lowest(Trust(row["trust"]))
        items = tuple(
            Item(row["title"], row["sender"], row["text"], row["received"]) for row in rows
        )
        return Full(task, first["source"], first["bundle"], first["heading"], trust, n, items)

    def told(self, tasks: Sequence[str]) -> None:
        """The tasks of these were dropped."""
        with self.ledger.tx() as db:
            db.executemany("DELETE FROM bundled WHERE task = ?", [(task,) for task in tasks])


def digest(full: Full, zone: Callable[[float], datetime]) -> Drop:
    """The one task that tells of many things."""
    lines: list[str] = []
    listed, left = 0, LISTED_BYTES
    for item in full.items:
        some = _told(item, zone)
        left -= sum(len(line.encode()) + 1 for line in some)
        if left < 0:
            break
        lines += some
        listed += 1
    if more := full.n - listed:
        lines.append(f"- … and {more} more, not listed")
    title = full.heading.replace("{n}", str(full.n))
    ours = {"bundle": full.key, "items": full.n}
    body = "\n".join(lines)
    return Drop(full.source, full.task, "message", title, body, full.trust, ours=ours)


def _told(item: Item, zone: Callable[[float], datetime]) -> list[str]:
    about = f"{item.sender}{', ' * bool(item.sender)}{zone(item.received):%d %b %H:%M}"
    text = [f"  {line}" for line in item.text.splitlines()]
    return [f"- {item.title or '(no title)'} ({about})", *text]


def _text(drop: Drop) -> str:
    """How it begins, in a few lines; and that files came with it, which nobody kept."""
    some = visible(drop.body.strip()[:TEXT_CHARS])
    lines = [line.rstrip() for line in re.split(r"[\n\v\f\x85\u2028\u2029]", some) if line.strip()]
    lines = lines[:TEXT_LINES]
    if drop.attachments:
        n, bytes_ = len(drop.attachments), sum(len(one.data) for one in drop.attachments)
        lines.append(f"({n} {'file' if n == 1 else 'files'}, {size(bytes_)}, not kept)")
    return "\n".join(lines)
