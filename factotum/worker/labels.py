"""Whose words a note carries: from the ledger, and from nothing that the note could claim.

What a note says of itself can only lower its label: that it was clipped from a page, or that
a task made it which this ledger does not know. Of all that is on record the lowest counts.
Names are compared as a disk does that knows no case.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from factotum import names
from factotum.ledger import Ledger, dumps
from factotum.model import FOLDERS, State, Trust
from factotum.note import Note, fenced_under
from factotum.privacy import fold
from factotum.worker.brief import ENCLOSED

#: The property of a note that a task wrote: the card by which it was written.
MADE_BY = "made_by"

#: What code writes there is made of other people's words: titles, names of files.
OTHERS_WORDS = tuple(
    fold(where)
    for where in (
        "Dashboard.md",
        "Logs/",
        "Briefings/",
        "Office/Attachments/",
        "Office/Updates/",
        *(f"{FOLDERS[state]}/" for state in (State.INBOX, State.PENDING, State.APPROVED)),
        f"{FOLDERS[State.REJECTED]}/",
    )
)

_TRUST_MADE = "SELECT trust FROM made"

#: How the names of our notes end, so that a link to a task of another ledger is known.
_OURS = re.compile(r"(?:^|_)[a-z2-7]{6}\Z")
#: How the names of files end that came with a task.
_KEPT = re.compile(r"_[0-9a-f]{6}(?:-\d+)?\.md\Z")


class Labels:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def of(self, path: str, note: Note) -> Trust:
        """The label of the note at `path`."""
        own = self._of(path, note)
        enclosed = ENCLOSED in note.body and fenced_under(note.body, ENCLOSED) is not None
        return Trust.STRANGER if enclosed else own  # of its task only once that was told of it

    def _of(self, path: str, note: Note) -> Trust:
        task = _lowest(tasks := list(self._tasks(path, note.props)))
        known = [*tasks, *self._known(path, note)]
        if task is not Trust.OWNER:
            return _lowest(known)  # it says where it came from, as we wrote it
        if not known and names.is_id(note.props.get("id")):
            return Trust.STRANGER  # of a task of another machine, or of another ledger
        return _lowest([*known, self._said(note.props, bool(known))])

    def at_claim(self, path: str, note: Note) -> Trust:
        """The label of a note that becomes a task: what is on record of other tasks that had
        its name says nothing of it, and an id is no word of anybody's."""
        known = list(self._known(path, note))
        return _lowest([*known, self._said(note.props, bool(known))])

    def _known(self, path: str, note: Note) -> Iterator[Trust]:
        name = path.rpartition("/")[2]
        if fold(path).startswith(OTHERS_WORDS):
            yield Trust.STRANGER
        yield from self._cards(name)
        yield from self._made(path, note)
        if _KEPT.search(name):
            yield from self._came(name)

    def _said(self, props: Mapping[str, Any], known: bool) -> Trust:
        """What the note says of itself; of one that nothing is on record of, also by a link."""
        if known:
            return told(props)
        made = Trust.STRANGER if MADE_BY in props else Trust.OWNER
        return _lowest([made, told(props), self._linked(props.get("task"))])

    def _linked(self, link: object) -> Trust:
        """The label of the task that a note of ours (its plan, say) links to."""
        if not isinstance(link, str) or not link.startswith("[["):
            return Trust.OWNER
        name = link.removeprefix("[[").partition("]]")[0].partition("|")[0].rpartition("/")[2]
        name = name.removesuffix(".md")
        if found := list(self._tasks(f"{name}.md", {})):
            return _lowest(found)
        return Trust.STRANGER if _OURS.search(name) else Trust.OWNER

    # -- what is on record

    def _tasks(self, path: str, props: Mapping[str, Any]) -> Iterator[Trust]:
        """Of the tasks whose notes had this name; of the one alone whose id the note carries,
        if that is one of them."""
        rows = self._rows("SELECT id, trust FROM task", "task", path.rpartition("/")[2])
        mine = [row for row in rows if row["id"] in (props.get("id"), props.get("factotum_id"))]
        for row in mine or rows:
            yield Trust(row["trust"])

    def _cards(self, name: str) -> Iterator[Trust]:
        for card in self._rows("SELECT id, version FROM card", "card", name):
            yield from self._trusts("SELECT trust FROM seal WHERE card = ? AND version = ?", *card)

    def _made(self, path: str, note: Note) -> Iterator[Trust]:
        for key in (path.rpartition("/")[2], _place(path), _content(note.raw)):
            for row in self._rows(_TRUST_MADE, "made", key):
                yield Trust(row["trust"])
        if MADE_BY in note.props:
            made_by = str(note.props[MADE_BY])
            yield from self._trusts("SELECT trust FROM made WHERE card = ?", made_by)

    def _came(self, name: str) -> Iterator[Trust]:
        """Of the tasks, and of the mails that joined one, with which a file of this name came."""
        written = dumps(f"/{name}")[1:-1]
        yield from self._trusts("SELECT trust FROM task WHERE instr(facts, ?) > 0", f'{written}"')
        joined = "SELECT json_extract(what, '$.trust') AS trust FROM joined"
        yield from self._trusts(f"{joined} WHERE instr(files, ?) > 0", f'{written}"')

    def _rows(self, select: str, table: str, name: str) -> list[Any]:
        """The rows with this name in any case. The inner question is answered by the index."""
        where = f"WHERE rowid IN (SELECT rowid FROM {table} WHERE name = ? COLLATE NOCASE)"
        return self.ledger.db.execute(f"{select} {where}", (name,)).fetchall()

    def _trusts(self, select: str, *values: object) -> Iterator[Trust]:
        for row in self.ledger.db.execute(select, values):
            yield Trust(row["trust"])

    # -- putting on record

    def made(self, name: str, card: str, trust: Trust, now: float) -> None:
        """Remembers who made the note of this name, before it is written; a label that is
        lower already stays."""
        row = self.ledger.db.execute("SELECT trust FROM made WHERE name = ?", (name,)).fetchone()
        if row and Trust(row["trust"]).lowest(trust) is Trust(row["trust"]):
            return
        with self.ledger.tx() as db:
            db.execute(
                "INSERT INTO made VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE"
                " SET trust = excluded.trust",
                (name, card, trust, now),
            )

    def changed(self, path: str, raw: bytes, card: str, trust: Trust, now: float) -> None:
        """Remembers whose words a person's note holds from now on: at this path whatever is
        edited there, and under any other name as long as it holds just this."""
        with self.ledger.tx():
            for key in (_place(path), _content(raw)):
                self.made(key, card, trust, now)

    def at(self, path: str) -> str:
        """What is on record of the place itself, by which a change of it is noticed."""
        return " ".join(str(row["trust"]) for row in self._rows(_TRUST_MADE, "made", _place(path)))

    def vouched(self, path: str, raw: bytes, channel: str, who: str, now: float) -> None:
        """Forgets that others' words were put into the note at this path: the owner has read
        it as it stands and takes it for their own."""
        with self.ledger.tx() as db:
            for key in (_place(path), _content(raw)):
                db.execute("DELETE FROM made WHERE name = ? COLLATE NOCASE", (key,))
            self.ledger.event("vouched", now, name=path, channel=channel, who=who)


def _place(path: str) -> str:
    return f"/{path}"


def _content(raw: bytes) -> str:
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def _lowest(labels: Iterable[Trust]) -> Trust:
    return functools.reduce(Trust.lowest, labels, Trust.OWNER)


def told(props: Mapping[str, Any]) -> Trust:
    """Whether a note says that it was taken from somewhere, be it an empty word."""
    clipped = any(key.strip().casefold() in ("source", "url") for key in props)
    return Trust.STRANGER if clipped else Trust.OWNER
