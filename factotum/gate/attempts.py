"""Acting: the rows that stand before and after an effect, each written once.

`begin` is the only way to an attempt; its conditions are one transaction's.
"""

from __future__ import annotations

import sqlite3

from factotum.gate import pause
from factotum.gate.book import Book
from factotum.gate.records import Card, GateError, NotOpen
from factotum.gate.strength import STRONG, TYPED, needs_strong
from factotum.ledger import dumps
from factotum.model import Cancelled, FailedClean, Lost, Outcome, Succeeded

#: How often a clean failure may be tried again under the same seal.
ATTEMPTS_MOST = 3


class Attempts(Book):
    def begin(self, card: Card, key: str, now: float) -> int:
        """Commits, with fsync, that the effect is about to be attempted; returns which try.

        Only where an approving decision for exactly this digest exists, the digest is that
        of the stored arguments, the ledger is the one that sealed it, and nothing came of
        it yet, nor is it under way, and nobody paused everything. Raises GateError otherwise;
        then nothing may be done.
        """
        with self.ledger.tx() as db:
            found = self._may_begin(card)
            n = found.attempts + 1
            db.execute(
                "INSERT INTO attempt VALUES (?, ?, ?, ?, ?, NULL)",
                (card.id, card.version, n, key, now),
            )
            self.ledger.event(
                "attempt",
                now,
                task=found.task,
                card=card.id,
                tool=found.seal.tool,
                n=n,
                digest=found.seal.digest,
                version=card.version,
            )
            return n

    def _may_begin(self, card: Card) -> Card:
        """The card as it stands now, in the transaction of the attempt. Raises GateError."""
        if paused := pause.current(self.ledger):
            raise NotOpen(f"{card.name}: {pause.said(paused)}")
        found = self.card(card.id)
        seal, decision = found.seal, found.decision
        if found.version != card.version or found.ended or seal.closed:
            raise NotOpen(f"{found.name}: {self.said(found)}")
        if decision is None or decision.verdict != "approve":
            raise GateError(f"{found.name} was not approved")
        if needs_strong(found) and decision.channel not in (*STRONG, TYPED, "rule"):
            raise GateError(f"{found.name} was approved by a channel that is too weak for it")
        if not decision.digest == seal.digest == seal.computed_digest():
            raise GateError(f"{found.name}: what is stored is not what was approved")
        if seal.epoch != self.ledger.epoch:
            raise GateError(f"{found.name} was sealed before the ledger was restored")
        last = self.last_try(found)
        if last is not None and last[2] is None:
            raise NotOpen(f"{found.name}: it is being carried out")
        if found.attempts >= ATTEMPTS_MOST:
            raise GateError(f"{found.name} was tried {found.attempts} times")
        return found

    def failed_try(self, card: Card, n: int, reason: str, now: float) -> None:
        """Notes that one try failed before anything left; the seal may be tried again."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE attempt SET clean = ? WHERE card = ? AND version = ? AND n = ?",
                (reason, card.id, card.version, n),
            )
            self.ledger.event("try_failed", now, task=card.task, card=card.id, n=n, reason=reason)

    def end(self, card: Card, outcome: Outcome, now: float) -> None:
        """Records what came of it, once. A second outcome for the same version is refused."""
        match outcome:
            case Succeeded(receipt):
                status, evidence = "SUCCEEDED", dict(receipt)
            case FailedClean(reason):
                status, evidence = "FAILED_CLEAN", {"reason": reason}
            case Lost(last_known):
                status, evidence = "UNKNOWN", {"last_known": last_known, "key": self.key(card)}
            case Cancelled(by):
                status, evidence = "CANCELLED", {"by": by}
        with self.ledger.tx() as db:
            try:
                db.execute(
                    "INSERT INTO outcome VALUES (?, ?, ?, ?, ?)",
                    (card.id, card.version, status, dumps(evidence), now),
                )
            except sqlite3.IntegrityError:
                raise NotOpen(f"{card.name} has an outcome already; it stands") from None
            self.ledger.event(
                "outcome",
                now,
                task=card.task,
                card=card.id,
                tool=card.seal.tool,
                status=status,
                evidence=evidence,
                digest=card.seal.digest,
                version=card.version,
            )

    def key(self, card: Card) -> str:
        """The key (of a mail: the Message-ID) under which it was begun, by which it can be
        looked for; empty where it was not."""
        row = self.ledger.db.execute(
            "SELECT key FROM attempt WHERE card = ? AND version = ? ORDER BY n DESC LIMIT 1",
            (card.id, card.version),
        ).fetchone()
        return str(row["key"]) if row else ""

    def in_flight(self, card: Card) -> bool:
        """Whether a try was begun of which nothing is known yet."""
        last = self.last_try(card)
        return card.ended is None and last is not None and last[2] is None

    def last_try(self, card: Card) -> tuple[int, float, str | None] | None:
        """(number, when begun, why it failed cleanly or None) of the last try, or None."""
        row = self.ledger.db.execute(
            "SELECT n, at, clean FROM attempt WHERE card = ? AND version = ?"
            " ORDER BY n DESC LIMIT 1",
            (card.id, card.version),
        ).fetchone()
        return None if row is None else (row["n"], row["at"], row["clean"])
