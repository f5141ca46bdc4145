"""Deciding: what people said of the cards, and what they wish for besides.

Every rule that must hold between processes is a condition inside one SQL transaction
here: the first decision wins, a version that was superseded cannot be decided any more.
"""

from __future__ import annotations

from factotum.gate import grants
from factotum.gate.attempts import ATTEMPTS_MOST
from factotum.gate.records import (
    Card,
    Decision,
    Ended,
    GateError,
    NoSuchCard,
    NotOpen,
    Proposal,
    TooWeak,
)
from factotum.gate.sealing import Sealing
from factotum.gate.strength import too_weak
from factotum.ledger import dumps
from factotum.model import Cancelled

__all__ = [
    "ATTEMPTS_MOST",
    "Card",
    "Decision",
    "Ended",
    "GateError",
    "NoSuchCard",
    "NotOpen",
    "Proposal",
    "Register",
    "TooWeak",
]


class Register(Sealing):
    def remark(self, card: str, text: str) -> None:
        with self.ledger.tx() as db:
            db.execute("UPDATE card SET remark = ? WHERE id = ?", (text, card))

    def shown(self, card: Card, now: float) -> None:
        """The card was delivered: from now on its time runs."""
        with self.ledger.tx() as db:
            first = db.execute(
                "UPDATE seal SET shown = ?, deadline = ? + ttl_s"
                " WHERE card = ? AND version = ? AND shown IS NULL",
                (now, now, card.id, card.version),
            )
            if first.rowcount:
                self.ledger.event("shown", now, task=card.task, card=card.id, version=card.version)

    def shift_deadlines(self, by_s: float) -> None:
        """Moves every open deadline: the time in which nobody could decide does not count."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE seal SET deadline = deadline + ? WHERE closed IS NULL AND deadline IS NOT"
                " NULL AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.card = seal.card"
                " AND d.version = seal.version)",
                (by_s,),
            )

    def close(self, card: Card, reason: str, now: float) -> bool:
        """Closes an undecided version as `expired` or `withdrawn`; False when it is too late."""
        with self.ledger.tx() as db:
            done = db.execute(
                "UPDATE seal SET closed = ? WHERE card = ? AND version = ?"
                " AND (closed IS NULL OR closed = 'expired')"
                " AND NOT EXISTS (SELECT 1 FROM decision d"
                " WHERE d.card = seal.card AND d.version = seal.version)",
                (reason, card.id, card.version),
            )
            if done.rowcount:
                self.ledger.event(reason, now, task=card.task, card=card.id, version=card.version)
            return bool(done.rowcount)

    # -- deciding

    def decide(
        self,
        card: str,
        digest: str,
        verdict: str,
        channel: str,
        who: str,
        now: float,
        why: str = "",
        also: str = "",
    ) -> Card:
        """Records a person's word on the version with this digest; the first one wins. A no may
        come late: to what nobody decided in time.

        `verdict` is approve, reject or answer; with a yes, `also` is the permission that goes
        with it (“thread”, “tonight” or a number). Raises GrantError for one that cannot be
        given, NotOpen (with what was said before),
        TooWeak for a yes that needs another channel, or NoSuchCard. May be called from any
        process of the same user.
        """
        with self.ledger.tx() as db:
            found = self.card(card)
            late_no = verdict == "reject" and found.status == "expired"
            closed = found.seal.closed and not late_no
            if found.decision or closed or found.ended:
                raise NotOpen(f"{found.name}: {self.said(found)}")
            if found.seal.digest != digest:
                raise NotOpen(
                    f"{found.name} was changed meanwhile; look at version {found.version}"
                )
            if verdict == "approve" and (why_not := too_weak(found, channel, self.ledger)):
                raise TooWeak(f"{found.name}: {why_not}")
            word = Decision(verdict, channel, who, digest, why, now)
            self._record(card, found.version, found.task, word)
            if late_no:  # from now on it is refused, and on record by whom
                db.execute(
                    "UPDATE seal SET closed = NULL WHERE card = ? AND version = ?",
                    (card, found.version),
                )
            if also and verdict == "approve":
                grants.give(self.ledger, found, grants.wish(also), channel, who, now)
            self.remark(card, "")  # what was to be minded before is decided now
            return self.card(card)

    def reason(self, card: str, digest: str, why: str, channel: str, who: str, now: float) -> None:
        """Adds to a no, which stands already, why it was said. Raises NotOpen where that is
        known, or it was no no."""
        with self.ledger.tx() as db:
            found = self.card(card)
            done = db.execute(
                "UPDATE decision SET why = ? WHERE card = ? AND digest = ?"
                " AND verdict = 'reject' AND why = ''",
                (why, card, digest),
            )
            if not done.rowcount:
                raise NotOpen(f"{found.name}: {self.said(found)}")
            self.ledger.event(
                "reason",
                now,
                task=found.task,
                card=card,
                version=found.version,
                digest=digest,
                channel=channel,
                who=who,
                why=why,
            )

    def cancel(self, card: str, channel: str, who: str, now: float) -> Card:
        """Stops an approved effect that is not under way, also between two tries. Raises
        NotOpen when it is too late."""
        with self.ledger.tx():
            found = self.card(card)
            if found.status != "approved":
                raise NotOpen(f"{found.name}: {self.said(found)}")
            if self.in_flight(found):
                raise NotOpen(f"{found.name}: too late, it is being carried out")
            self.end(found, Cancelled(f"{who} ({channel})"), now)
            return self.card(card)

    def wish(self, card: str, what: str, channel: str, who: str, now: float) -> None:
        """Asks the executor for `send_now` or `wake`; whether it can be done it will see."""
        with self.ledger.tx() as db:
            found = self.card(card)
            needed = {"send_now": "approved", "wake": "expired"}[what]
            if found.status != needed:
                raise NotOpen(f"{found.name}: {self.said(found)}")
            db.execute(
                "INSERT INTO wish (card, what, channel, who, at) VALUES (?, ?, ?, ?, ?)",
                (card, what, channel, who, now),
            )
            self.ledger.event(what, now, task=found.task, card=card, channel=channel, who=who)

    def wishes(self) -> list[tuple[int, str, str]]:
        """What was wished for and not granted yet: (number, card, what)."""
        rows = self.ledger.db.execute("SELECT seq, card, what FROM wish WHERE granted IS NULL")
        return [(row["seq"], row["card"], row["what"]) for row in rows]

    def hurried(self, card: Card) -> bool:
        """Whether somebody wishes that it be sent now."""
        return any(id == card.id and what == "send_now" for _, id, what in self.wishes())

    def granted(self, seq: int, now: float) -> None:
        with self.ledger.tx() as db:
            db.execute("UPDATE wish SET granted = ? WHERE seq = ?", (now, seq))

    def resolve(self, card: str, choice: str, channel: str, who: str, now: float) -> Card:
        """A person's word on an Unknown: `happened`, `did-not` or `leave`.

        `did-not` closes this card for good and proposes the same again under a new id,
        which needs a new yes. Raises NotOpen when there is nothing to resolve.
        """
        with self.ledger.tx() as db:
            found = self.card(card)
            if found.status != "unknown" or found.ended is None:
                raise NotOpen(f"{found.name}: {self.said(found)}")
            self.ledger.event(
                "resolved",
                now,
                task=found.task,
                card=card,
                version=found.version,
                digest=found.seal.digest,
                choice=choice,
                channel=channel,
                who=who,
            )
            if choice == "leave":
                return found
            status = {"happened": "HAPPENED", "did-not": "DID_NOT"}[choice]
            by = f"{who} ({channel})"
            evidence = {**found.ended.evidence, "resolved_by": by, "resolved_at": now}
            db.execute(
                "UPDATE outcome SET status = ?, evidence = ? WHERE card = ? AND version = ?",
                (status, dumps(evidence), card, found.version),
            )
            if choice == "did-not":
                self._propose(found.task, found.run, found.proposal(), found.again + 1, now)
            return self.card(card)

    def settle(self, card: Card, settled: bool = True) -> None:
        """The card's note lies where it ends (or, False, must be looked after again)."""
        with self.ledger.tx() as db:
            db.execute("UPDATE card SET settled = ? WHERE id = ?", (int(settled), card.id))

    def lies(self, card: Card, where: str, wrote: str) -> None:
        """Remembers in which folder the card's note was last put, and the sha256 of the text
        that was written there, by which a person's change is told from our own words."""
        if (card.lies, card.wrote) != (where, wrote):
            with self.ledger.tx() as db:
                db.execute(
                    "UPDATE card SET lies = ?, wrote = ? WHERE id = ?", (where, wrote, card.id)
                )
