"""Conversations: what was said before in one, bounded, so that a long one costs no more.

Each message of the owner is a task; what it came to is the answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from factotum.ledger import Ledger, TaskRow
from factotum.model import Trust

#: How many exchanges before this one the model is told, and how much of each side.
EXCHANGES_MOST = 8
SIDE_CHARS = 1500


@dataclass(frozen=True)
class History:
    """Earlier messages, oldest first, and the lowest label of what they hold."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    trust: Trust = Trust.OWNER


@dataclass
class Talks:
    ledger: Ledger

    def add(self, conversation: str, task: str, now: float) -> None:
        """Makes a task the next message of a conversation."""
        with self.ledger.tx() as db:
            db.execute("INSERT OR IGNORE INTO talk VALUES (?, ?, ?)", (conversation, task, now))

    def before(self, row: TaskRow) -> History:
        """What was said before this message in its conversation."""
        conversation = str(row.facts.get("conversation") or "")
        if not conversation:
            return History()
        rows = self.ledger.db.execute(
            "SELECT t.title, t.trust, t.facts, r.reason FROM talk k"
            " JOIN task t ON t.id = k.task"
            " JOIN run r ON r.task = t.id AND r.n = (SELECT max(n) FROM run WHERE task = t.id)"
            " WHERE k.conversation = ? AND k.at <= ? AND t.id <> ? AND r.ended IS NOT NULL"
            " ORDER BY k.at DESC LIMIT ?",
            (conversation, row.created, row.id, EXCHANGES_MOST),
        ).fetchall()
        messages, trust = [], Trust.OWNER
        for said in reversed(rows):
            trust = trust.lowest(Trust(said["trust"]))
            asked = str(json.loads(said["facts"]).get("said") or said["title"])
            messages += [
                {"role": "user", "content": asked[:SIDE_CHARS]},
                {"role": "assistant", "content": (said["reason"] or "…")[:SIDE_CHARS]},
            ]
        return History(messages, trust)
