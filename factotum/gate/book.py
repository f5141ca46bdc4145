"""Looking things up in the gate's rows. Changes nothing."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import fields
from typing import Any

from factotum.gate.records import Card, Decision, Ended, NoSuchCard
from factotum.gate.seal import Seal
from factotum.ledger import Ledger
from factotum.model import Attachment, Effect, Risk, Trust


class Book:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def card(self, id: str) -> Card:
        """Raises NoSuchCard."""
        found = self._cards("c.id = ?", (id,))
        if not found:
            raise NoSuchCard(f"there is no card {id}; see: factotum status")
        return found[0]

    def find(self, id: str) -> Card | None:
        found = self._cards("c.id = ?", (id,))
        return found[0] if found else None

    def unsettled(self) -> list[Card]:
        return self._cards("c.settled = 0", ())

    def of_run(self, task: str, run: int) -> list[Card]:
        return self._cards("c.task = ? AND c.run = ?", (task, run))

    def of_task(self, task: str) -> list[Card]:
        return self._cards("c.task = ?", (task,))

    def done_before(self, task: str) -> list[Card]:
        """What was done for this task, or perhaps done, with a person's yes, in any run."""
        return self._cards(
            "c.task = ? AND c.kind = 'effect' AND d.channel <> 'rule'"
            " AND o.status IN ('SUCCEEDED', 'HAPPENED', 'UNKNOWN')",
            (task,),
        )

    def named(self, name: str) -> Card | None:
        found = self._cards("c.name = ?", (name,))
        return found[0] if found else None

    def versions(self, card: str) -> list[Seal]:
        rows = self.ledger.db.execute("SELECT * FROM seal WHERE card = ? ORDER BY version", (card,))
        return [_seal(row) for row in rows]

    def _cards(self, where: str, values: tuple[Any, ...]) -> list[Card]:
        rows = self.ledger.db.execute(
            f"{_WHOLE} WHERE {where} ORDER BY c.created, c.task, c.run, c.idx, c.again", values
        )
        return [_card(row) for row in rows.fetchall()]

    def said(self, card: Card) -> str:
        """What became of a card, as one plain clause."""
        by = f" by {card.decision.who} ({card.decision.channel})" if card.decision else ""
        resolve = f"factotum resolve {card.id} happened|did-not|leave"
        return {
            "pending": "it still waits for a decision",
            "approved": f"it was approved{by} and is about to be carried out",
            "rejected": f"it was refused{by}",
            "answered": f"it was answered{by}",
            "expired": f"it has expired; wake it: factotum wake {card.id}",
            "withdrawn": "it was withdrawn with its task",
            "superseded": "a newer version has taken its place",
            "succeeded": f"it is done already, approved{by}",
            "failed_clean": "it failed before anything left; nothing was sent",
            "cancelled": "it was cancelled; nothing was sent",
            "unknown": f"whether it happened is unknown: {resolve}",
            "happened": "a person found that it happened",
            "did_not": "a person found that it did not happen; a new card asks again",
        }[card.status]


#: A card with its current version and all that became of that, in one question.
_WHOLE = (
    "SELECT s.*, c.id, c.task, c.run, c.idx, c.again, c.kind, c.title, c.name, c.remark,"
    " c.settled, c.lies, c.wrote, c.created AS began,"
    " d.verdict, d.channel, d.who, d.digest AS decided, d.why, d.at AS decided_at,"
    " o.status, o.evidence, o.at AS ended_at,"
    " (SELECT count(*) FROM attempt a WHERE a.card = c.id AND a.version = c.version) AS tries"
    " FROM card c JOIN seal s ON s.card = c.id AND s.version = c.version"
    " LEFT JOIN decision d ON d.card = c.id AND d.version = c.version"
    " LEFT JOIN outcome o ON o.card = c.id AND o.version = c.version"
)


def _card(row: sqlite3.Row) -> Card:
    decided, ended = row["verdict"] is not None, row["status"] is not None
    return Card(
        row["id"],
        row["task"],
        row["run"],
        row["idx"],
        row["again"],
        row["kind"],
        row["title"],
        row["name"],
        row["version"],
        row["remark"],
        bool(row["settled"]),
        row["lies"],
        row["wrote"],
        row["began"],
        _seal(row),
        Decision(*(row[name] for name in _DECISION)) if decided else None,
        row["tries"],
        Ended(row["status"], json.loads(row["evidence"]), row["ended_at"]) if ended else None,
    )


_DECISION = ("verdict", "channel", "who", "decided", "why", "decided_at")
_SEAL = tuple(one.name for one in fields(Seal))


def _seal(row: sqlite3.Row) -> Seal:
    plain = {name: row[name] for name in _SEAL}
    plain["args"] = json.loads(plain["args"])
    plain["about"] = json.loads(plain["about"])
    plain["attachments"] = tuple(Attachment(**one) for one in json.loads(plain["attachments"]))
    plain["trust"] = Trust(plain["trust"])
    plain["effect"] = Effect(plain["effect"])
    plain["risk"] = Risk(plain["risk"])
    return Seal(**plain)
