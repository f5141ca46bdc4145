"""Looking things up in the gate's rows. Changes nothing."""

from __future__ import annotations

import json
import sqlite3
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

    def named(self, name: str) -> Card | None:
        found = self._cards("c.name = ?", (name,))
        return found[0] if found else None

    def versions(self, card: str) -> list[Seal]:
        rows = self.ledger.db.execute("SELECT * FROM seal WHERE card = ? ORDER BY version", (card,))
        return [_seal(row) for row in rows]

    def _cards(self, where: str, values: tuple[Any, ...]) -> list[Card]:
        rows = self.ledger.db.execute(
            "SELECT c.* FROM card c"
            f" WHERE {where} ORDER BY c.created, c.task, c.run, c.idx, c.again",
            values,
        ).fetchall()
        return [self._load(row) for row in rows]

    def _load(self, row: sqlite3.Row) -> Card:
        key = (row["id"], row["version"])
        one = self.ledger.db.execute
        seal = one("SELECT * FROM seal WHERE card = ? AND version = ?", key).fetchone()
        decided = one("SELECT * FROM decision WHERE card = ? AND version = ?", key).fetchone()
        ended = one("SELECT * FROM outcome WHERE card = ? AND version = ?", key).fetchone()
        (tries,) = one(
            "SELECT count(*) FROM attempt WHERE card = ? AND version = ?", key
        ).fetchone()
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
            row["created"],
            _seal(seal),
            Decision(*tuple(decided)[2:]) if decided else None,
            tries,
            Ended(ended["status"], json.loads(ended["evidence"]), ended["at"]) if ended else None,
        )

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


def _seal(row: sqlite3.Row) -> Seal:
    files = tuple(Attachment(**one) for one in json.loads(row["attachments"]))
    plain = {
        **dict(row),
        "args": json.loads(row["args"]),
        "about": json.loads(row["about"]),
        "attachments": files,
        "trust": Trust(row["trust"]),
        "effect": Effect(row["effect"]),
        "risk": Risk(row["risk"]),
    }
    return Seal(**plain)
