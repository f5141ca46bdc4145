"""Which mail belongs to a task that is open already: what is joined, and what goes on from it.

A mail joins the task in whose thread it answers, if whoever wrote it took part in that thread:
somebody else who quotes a Message-ID makes a task of their own. Here is only decided and
remembered (`joined.py`); the note and the run hear of it by `worker/joins.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from factotum.addresses import exact
from factotum.drop import Bundle, Drop
from factotum.gate.facets import recipients
from factotum.gate.rows import row_of
from factotum.joined import JoinedBook
from factotum.ledger import TaskRow
from factotum.progress import goes_on

#: How many mails may join one task in an hour, the others are told together; and how many in
#: all, those after them are tasks of their own: a note has to stay one that can be read.
JOINS_AN_HOUR = 10
JOINS_MOST = 20
#: A longer mail is a task of its own, in bytes.
BODY_MOST_BYTES = 24 * 1024
HOUR_S = 3600.0
#: How many tasks of one Message-ID are looked at, the newest first: who writes it chooses it.
TASKS_MOST = 20
#: How many Message-IDs of one mail are looked for.
IDS_MOST = 20
#: The fact of a task that goes on from another one that is over: the other's id.
FOLLOWS = "follows"


@dataclass(frozen=True)
class Joins:
    """It is more of what this open task is about."""

    task: str


@dataclass(frozen=True)
class TooMany:
    """It would join the task, but so many did that it is told with others."""

    task: str
    bundle: Bundle


@dataclass(frozen=True)
class Follows:
    """It is a task of its own that goes on from this one."""

    task: str


Place = Joins | TooMany | Follows | None


class Threads:
    """Use it on the thread that owns the ledger."""

    def __init__(self, book: JoinedBook) -> None:
        self.book = book
        self.ledger = book.ledger

    def place(self, drop: Drop, now: float) -> Place:
        """Where the mail belongs; None for a task of its own that goes on from nothing. Call it
        in the transaction that acts by it: another process may end a task meanwhile."""
        if drop.kind != "email" or not drop.sender or drop.bundle:
            return None
        over = ""
        for task in self._tasks(drop):
            if not self._took_part(task, drop):
                continue
            if goes_on(self.ledger, task.id):
                return self._within(task, drop, now)
            over = over or task.id
        return Follows(over) if over else None

    def _within(self, task: TaskRow, drop: Drop, now: float) -> Place:
        row = self.ledger.db.execute(
            "SELECT count(*) AS n, coalesce(sum(at > ?), 0) AS lately FROM joined WHERE task = ?",
            (now - HOUR_S, task.id),
        ).fetchone()
        if row["n"] >= JOINS_MOST or len(drop.body.encode(errors="replace")) > BODY_MOST_BYTES:
            return Follows(task.id)
        if row["lately"] >= JOINS_AN_HOUR:
            title = task.title[:80].replace("{", "(").replace("}", ")")
            heading = f"{{n}} more mails in “{title}”"
            return TooMany(task.id, Bundle(f"thread {task.id}", heading, now + HOUR_S))
        return Joins(task.id)

    def _tasks(self, drop: Drop) -> Iterator[TaskRow]:
        """The tasks of whose threads the Message-IDs are that it answers, each once, the
        likeliest first: of very many with one Message-ID those of whom it is from."""
        told = set()
        proved = drop.properties.get("verified") is True
        whose = {"writer": exact(drop.sender), "proved": proved, "most": TASKS_MOST}
        for id in answered(drop.properties):
            for row in self.ledger.db.execute(_TASKS, {"id": id, **whose}).fetchall():
                if row["id"] not in told and (task := self.ledger.task(row["id"])):
                    told.add(task.id)
                    yield task

    def _took_part(self, task: TaskRow, drop: Drop) -> bool:
        """Whether who wrote it wrote in that thread before, or was written to in it. Whose
        address was proved once must prove it again; and who proves it now did not write what
        somebody only said was theirs."""
        writer = exact(drop.sender)
        proved = drop.properties.get("verified") is True
        wrote = [(_sender(task), _is_proved(task.facts.get("properties")))]
        wrote += [
            (one.drop.sender, _is_proved(one.drop.properties)) for one in self.book.of_task(task.id)
        ]
        known = [was_proved for address, was_proved in wrote if exact(address) == writer]
        if known:
            return proved is any(known)
        return writer in self._written_to(task.id)

    def _written_to(self, task: str) -> set[str]:
        """To whom mails went out for this task, as far as one can know."""
        rows = self.ledger.db.execute(_SENT, (task,)).fetchall()
        return {
            exact(address)
            for row in rows
            if row_of(row["tool"]).egress
            for address in recipients(row["tool"], json.loads(row["args"]))
        }


#: How far a mail is from one that is known by the same Message-ID, which anybody can write.
_FAR = """CASE WHEN lower(json_extract({of}, '$.sender')) IS NOT :writer THEN 3
 WHEN coalesce(json_extract({of}, '$.properties.verified'), 0) <> :proved THEN 2 ELSE 1 END"""

#: Of whose thread a Message-ID is: of the task for which we sent it, that the mail made, or that
#: it joined.
_TASKS = f"""
SELECT id, min(far) AS far, created FROM (
SELECT t.id, t.created, 0 AS far FROM attempt a JOIN card c ON c.id = a.card
 JOIN task t ON t.id = c.task WHERE a.key = :id
UNION ALL SELECT id, created, {_FAR.format(of="facts")} FROM task WHERE kind = 'email'
 AND json_extract(facts, '$.properties.message_id') = :id
UNION ALL SELECT t.id, t.created, {_FAR.format(of="j.what")} FROM joined j
 JOIN task t ON t.id = j.task WHERE j.message_id = :id AND j.anew IS NULL
) GROUP BY id ORDER BY far, created DESC LIMIT :most
"""

#: What was sent for a task, or may have been.
_SENT = """
SELECT DISTINCT s.tool, s.args FROM card c JOIN seal s ON s.card = c.id
 JOIN attempt a ON a.card = s.card AND a.version = s.version
 LEFT JOIN outcome o ON o.card = s.card AND o.version = s.version
 WHERE c.task = ? AND coalesce(o.status, '') NOT IN ('FAILED_CLEAN', 'CANCELLED', 'DID_NOT')
"""


def answered(properties: Mapping[str, Any]) -> list[str]:
    """The Message-IDs that a mail answers: its In-Reply-To, then its References from the last;
    of very many also the one that began it all."""
    ids = [str(properties.get("in_reply_to") or "")]
    ids += reversed(str(properties.get("references") or "").split())
    each = [id for id in dict.fromkeys(ids) if id]
    return each[: IDS_MOST - 1] + each[IDS_MOST - 1 :][-1:]


def _sender(task: TaskRow) -> str:
    """Who wrote the mail that the task was made of; not what a typed note says of itself."""
    return str(task.facts.get("sender") or "") if task.kind == "email" and not task.original else ""


def _is_proved(properties: Any) -> bool:
    return isinstance(properties, Mapping) and properties.get("verified") is True
