"""What was done in a span of time, from the ledger alone: never from what a model said of it."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from factotum.gate.facets import recipients
from factotum.gate.rows import row_of
from factotum.ledger import Ledger
from factotum.worker.heartbeat import is_quiet

#: How many of a kind are read: more than that nobody does in a day.
ROWS_MOST = 2000

#: What a card's outcome says of the world.
HAPPENED = ("SUCCEEDED", "HAPPENED")
UNKNOWN = ("UNKNOWN",)
NOT = ("FAILED_CLEAN", "DID_NOT", "CANCELLED")


@dataclass(frozen=True)
class Deed:
    """One effect and what came of it. `to` are those it reached, `subject` what tells it from
    others to them; `who` gave the yes on `channel`, of which “rule” is a rule of the house that is
    called `who`."""

    card: str
    title: str
    tool: str
    to: tuple[str, ...]
    subject: str
    status: str
    at: float
    channel: str
    who: str
    rule: str

    @property
    def left(self) -> bool:
        """Whether something left the house by it."""
        return row_of(self.tool).egress

    @property
    def own(self) -> bool:
        """Whether it wrote nothing but drafts and notes of ours."""
        row = row_of(self.tool)
        return row.writes_own and not (row.egress or row.mutates)


_DEEDS = (
    "SELECT c.id, c.title, s.tool, s.args, s.rule, o.status, o.at, d.channel, d.who"
    " FROM outcome o JOIN card c ON c.id = o.card"
    " JOIN seal s ON s.card = o.card AND s.version = o.version"
    " LEFT JOIN decision d ON d.card = o.card AND d.version = o.version"
    " WHERE o.at >= ? AND o.at < ? AND c.kind = 'effect'"
    " ORDER BY o.at DESC, o.rowid DESC LIMIT ?"
)


def deeds(ledger: Ledger, since: float, till: float) -> list[Deed]:
    """The effects that came to an end from `since` to before `till` (epoch seconds), the last
    ones, oldest first."""
    rows = ledger.db.execute(_DEEDS, (since, till, ROWS_MOST)).fetchall()
    return [_deed(row) for row in reversed(rows)]


def _deed(row: sqlite3.Row) -> Deed:
    args = json.loads(row["args"])
    to, subject = tuple(recipients(row["tool"], args)), str(args.get("subject") or "")
    told = (row["channel"] or "", row["who"] or "", row["rule"])
    return Deed(row["id"], row["title"], row["tool"], to, subject, row["status"], row["at"], *told)


@dataclass(frozen=True)
class Refusal:
    title: str
    at: float
    channel: str
    who: str


def refusals(ledger: Ledger, since: float, till: float) -> list[Refusal]:
    """What a person said no to."""
    rows = ledger.db.execute(
        "SELECT c.title, d.at, d.channel, d.who FROM decision d JOIN card c ON c.id = d.card"
        " WHERE d.verdict = 'reject' AND d.at >= ? AND d.at < ? ORDER BY d.at LIMIT ?",
        (since, till, ROWS_MOST),
    )
    return [Refusal(*row) for row in rows]


@dataclass(frozen=True)
class Finished:
    """A run of a task that ended; `result` is done, failed or withdrawn."""

    task: str
    title: str
    result: str
    at: float


def finished(ledger: Ledger, since: float, till: float) -> list[Finished]:
    """The tasks that ended, but for a heartbeat that had nothing to say."""
    rows = ledger.db.execute(
        "SELECT r.task, t.title, r.result, r.ended, r.reason FROM run r"
        " JOIN task t ON t.id = r.task WHERE r.ended >= ? AND r.ended < ? ORDER BY r.ended",
        (since, till),
    )
    return [
        Finished(row["task"], row["title"], row["result"] or "", row["ended"])
        for row in rows
        if not is_quiet(row["reason"] or "")
    ]


def spent_usd(ledger: Ledger, since: float, till: float) -> float:
    """What models cost, or may have cost where nobody knows yet."""
    row = ledger.db.execute(
        "SELECT coalesce(sum(coalesce(cost, reserved)), 0) AS micros FROM spend"
        " WHERE at >= ? AND at < ?",
        (since, till),
    ).fetchone()
    return int(row["micros"]) / 1_000_000


def first_at(ledger: Ledger) -> float | None:
    """When the ledger begins, None while it is empty."""
    row = ledger.db.execute("SELECT at FROM event ORDER BY seq LIMIT 1").fetchone()
    return None if row is None else float(row["at"])
