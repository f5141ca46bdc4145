"""The task that a line makes, and what the ledger knows of lines and their tasks."""

from __future__ import annotations

from factotum.drop import Drop
from factotum.ledger import Ledger
from factotum.model import Trust
from factotum.progress import is_over
from factotum.worker.echo import LINES
from factotum.worker.mentions import Line

SOURCE = "notes"


def drop_of(name: str, line: Line, n: int, id: str, mention: str) -> Drop:
    place = name.removesuffix(".md").removeprefix("../")
    body = "\n".join(part for part in (line.title, line.below) if part)
    return Drop(
        SOURCE,
        id,
        "note",
        line.title,
        f"{body}\n\n(Written in the note [[{place}]].)",
        Trust.OWNER,
        ours={"line": {"note": name, "text": line.words, "n": n, "mention": mention}},
    )


def all_known(ledger: Ledger) -> dict[str, str]:
    rows = ledger.db.execute(
        "SELECT key, value FROM meta WHERE substr(key, 1, ?) = ?", (len(LINES), LINES)
    )
    return {row["key"].removeprefix(LINES): row["value"] for row in rows}


def is_open(ledger: Ledger, id: str) -> bool:
    """Whether the task that was made of a line is not over."""
    task = ledger.seen(SOURCE, id) or ""
    return task != "" and not is_over(ledger, task)
