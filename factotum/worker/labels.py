"""Whose words a note carries: from the ledger, and from nothing that the note could claim.

What a note says of itself can only lower its label: that it was clipped from a page, or that
a task made it which this ledger does not know.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from factotum import names
from factotum.ledger import Ledger
from factotum.model import FOLDERS, State, Trust
from factotum.note import Note

#: The property of a note that a task wrote: the card by which it was written.
MADE_BY = "made_by"

#: What code writes there is made of other people's words: titles, names of files.
OTHERS_WORDS = (
    "Dashboard.md",
    "Logs/",
    "Briefings/",
    "Office/Attachments/",
    "Office/Updates/",
    *(f"{FOLDERS[state]}/" for state in (State.INBOX, State.PENDING, State.APPROVED)),
    f"{FOLDERS[State.REJECTED]}/",
)

#: How the names of our notes end, so that a link to a task of another ledger is known.
_OURS = re.compile(r"(?:^|_)[a-z2-7]{6}\Z")


class Labels:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def of(self, path: str, note: Note) -> Trust:
        """The label of the note at `path`."""
        name = path.rpartition("/")[2]
        if task := self.ledger.task_named(name):
            mine = task.trust is Trust.OWNER  # and another note may have its name
            return _told(note.props) if mine else task.trust
        if (label := self._card(name) or self._made(name, note.props)) is not None:
            return label.lowest(_told(note.props))
        return Trust.STRANGER if path.startswith(OTHERS_WORDS) else self._unknown(note.props)

    def _unknown(self, props: Mapping[str, Any]) -> Trust:
        """Of a note that nothing is on record of."""
        if MADE_BY in props or names.is_id(props.get("id")):
            return Trust.STRANGER  # made by a task of another machine, or of another ledger
        return _told(props).lowest(self._task(props.get("task")))

    def _task(self, link: object) -> Trust:
        """The label of the task that a note of ours (its plan, say) links to."""
        if not isinstance(link, str) or not link.startswith("[["):
            return Trust.OWNER
        name = link.removeprefix("[[").partition("]]")[0].partition("|")[0].rpartition("/")[2]
        name = name.removesuffix(".md")
        if task := self.ledger.task_named(f"{name}.md"):
            return task.trust
        return Trust.STRANGER if _OURS.search(name) else Trust.OWNER

    def _made(self, name: str, props: Mapping[str, Any]) -> Trust | None:
        rows = self.ledger.db.execute(
            "SELECT trust FROM made WHERE name = ? OR card = ?",
            (name, str(props.get(MADE_BY) or "")),
        )
        found = [Trust(row["trust"]) for row in rows]
        return functools.reduce(Trust.lowest, found) if found else None

    def _card(self, name: str) -> Trust | None:
        row = self.ledger.db.execute(
            "SELECT s.trust FROM card c JOIN seal s ON s.card = c.id AND s.version = c.version"
            " WHERE c.name = ?",
            (name,),
        ).fetchone()
        return Trust(row["trust"]) if row else None

    def made(self, name: str, card: str, trust: Trust, now: float) -> None:
        """Remembers who made the note of this name, before it is written; a label that is
        lower already stays."""
        with self.ledger.tx() as db:
            row = db.execute("SELECT trust FROM made WHERE name = ?", (name,)).fetchone()
            lowest = trust.lowest(Trust(row["trust"])) if row else trust
            db.execute(
                "INSERT INTO made VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE"
                " SET trust = excluded.trust",
                (name, card, lowest, now),
            )


def _told(props: Mapping[str, Any]) -> Trust:
    """Whether a note says that it was taken from somewhere."""
    clipped = any(key.casefold() in ("source", "url") and props[key] for key in props)
    return Trust.STRANGER if clipped else Trust.OWNER
