"""Proposing and deciding: cards, their sealed versions, and what people said of them.

Every rule that must hold between processes is a condition inside one SQL transaction
here: the first decision wins, a version that was superseded cannot be decided any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from factotum import names
from factotum.gate import grants
from factotum.gate.attempts import ATTEMPTS_MOST, Attempts
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
from factotum.gate.seal import Seal, nonce, normalised
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


class Register(Attempts):
    # -- proposing

    def propose(self, task: str, run: int, proposals: Iterable[Proposal], now: float) -> list[str]:
        """Seals what a turn asks for, all in one transaction; returns the cards' ids.

        There is one card for a task, a run and a place in the turn, so that a step which is
        repeated after a crash changes nothing. Raises Spent, and seals nothing, where the
        permission that allowed one of them has ended since.
        """
        with self.ledger.tx():
            return [self._propose(task, run, one, 0, now) for one in proposals]

    def _propose(self, task: str, run: int, p: Proposal, again: int, now: float) -> str:
        place = (task, run, p.idx, again)
        known = self.ledger.db.execute(
            "SELECT id FROM card WHERE task = ? AND run = ? AND idx = ? AND again = ?", place
        ).fetchone()
        if known is not None:
            return str(known["id"])
        # Two machines may work on one task, one after the other: each has cards of its own.
        id = names.id_of("a", self.ledger.epoch, *map(str, place))
        name = names.note_name(p.title, id=id, fallback="request")
        self.ledger.db.execute(
            "INSERT INTO card (id, task, run, idx, again, kind, title, name, version, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
            (id, *place, p.kind, p.title, name, now),
        )
        seal = self._seal(id, 1, p, now)
        self.ledger.event(
            "sealed",
            now,
            task=task,
            card=id,
            tool=p.tool,
            version=1,
            digest=seal.digest,
            risk=p.risk,
            rule=p.rule,
            trust=p.trust,
        )
        if p.allowed_by:
            grants.spend(self.ledger, p.allowed_by, now)
            self._insert_decision(
                id, 1, "approve", "rule", p.allowed_by, seal.digest, "", now, task
            )
        return id

    def _seal(self, card: str, version: int, p: Proposal, now: float) -> Seal:
        draft = Seal(
            card,
            version,
            p.tool,
            p.pin,
            normalised(p.args),
            p.attachments,
            p.account,
            p.trust,
            p.policy,
            p.ttl_s,
            nonce(),
            self.ledger.epoch,
            p.effect,
            p.risk,
            p.rule,
            normalised(p.about),
            now,
        )
        digest = draft.computed_digest()
        files = [vars(a) for a in p.attachments]
        self.ledger.db.execute(
            "INSERT INTO seal VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,NULL,NULL,NULL)",
            (
                card,
                version,
                p.tool,
                p.pin,
                dumps(draft.args),
                dumps(files),
                p.account,
                p.trust,
                p.policy,
                p.ttl_s,
                draft.nonce,
                draft.epoch,
                digest,
                p.effect,
                p.risk,
                p.rule,
                dumps(draft.about),
                now,
            ),
        )
        return Seal(**{**vars(draft), "digest": digest})

    def reseal(
        self,
        card: Card,
        now: float,
        remark: str,
        *,
        args: Mapping[str, Any] | None = None,
        pin: str | None = None,
        about: Mapping[str, Any] | None = None,
        title: str = "",
        lies: str = "",
    ) -> Card:
        """Makes the next version of a card that is not being attempted; the old one is
        closed in the same transaction and can never run. `lies` is the folder in which the
        old one was found: that it lies there says nothing of the new one. Raises NotOpen."""
        old = card.seal
        proposal = Proposal(
            card.idx,
            old.tool,
            old.args if args is None else args,
            card.title,
            old.effect,
            old.risk,
            old.rule,
            old.ttl_s,
            old.trust,
            old.policy,
            old.pin if pin is None else pin,
            old.account,
            old.attachments,
            card.kind,
            about=old.about if about is None else about,
        )
        with self.ledger.tx() as db:
            latest = self.card(card.id)
            stopped = latest.ended is not None and latest.ended.status != "CANCELLED"
            if latest.version != card.version or self.in_flight(latest) or stopped:
                raise NotOpen(f"{card.name}: {self.said(latest)}")
            db.execute(
                "UPDATE seal SET closed = coalesce(closed, 'superseded')"
                " WHERE card = ? AND version = ?",
                (card.id, card.version),
            )
            db.execute(
                "UPDATE card SET version = ?, remark = ?, settled = 0, lies = ?, title = ?"
                " WHERE id = ?",
                (card.version + 1, remark, lies or card.lies, title or card.title, card.id),
            )
            seal = self._seal(card.id, card.version + 1, proposal, now)
            self.ledger.event(
                "resealed",
                now,
                task=card.task,
                card=card.id,
                tool=seal.tool,
                version=seal.version,
                digest=seal.digest,
                why=remark,
            )
            return self.card(card.id)

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
        """Records a person's word on the version with this digest; the first one wins.

        `verdict` is approve, reject or answer; with a yes, `also` is the permission that goes
        with it (“thread”, “tonight” or a number). Raises GrantError for one that cannot be
        given, NotOpen (with what was said before),
        TooWeak for a yes that needs another channel, or NoSuchCard. May be called from any
        process of the same user.
        """
        with self.ledger.tx():
            found = self.card(card)
            if found.decision or found.seal.closed or found.ended:
                raise NotOpen(f"{found.name}: {self.said(found)}")
            if found.seal.digest != digest:
                raise NotOpen(
                    f"{found.name} was changed meanwhile; look at version {found.version}"
                )
            if verdict == "approve" and (why_not := too_weak(found, channel, self.ledger)):
                raise TooWeak(f"{found.name}: {why_not}")
            self._insert_decision(
                card, found.version, verdict, channel, who, digest, why, now, found.task
            )
            if also and verdict == "approve":
                grants.give(self.ledger, found, grants.wish(also), channel, who, now)
            self.remark(card, "")  # what was to be minded before is decided now
            return self.card(card)

    def _insert_decision(
        self,
        card: str,
        version: int,
        verdict: str,
        channel: str,
        who: str,
        digest: str,
        why: str,
        now: float,
        task: str,
    ) -> None:
        self.ledger.db.execute(
            "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (card, version, verdict, channel, who, digest, why, now),
        )
        self.ledger.event(
            "decided",
            now,
            task=task,
            card=card,
            verdict=verdict,
            channel=channel,
            who=who,
            version=version,
            digest=digest,
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
                "resolved", now, task=found.task, card=card, choice=choice, channel=channel, who=who
            )
            if choice == "leave":
                return found
            status = {"happened": "HAPPENED", "did-not": "DID_NOT"}[choice]
            evidence = {**found.ended.evidence, "resolved_by": who, "resolved_at": now}
            db.execute(
                "UPDATE outcome SET status = ?, evidence = ? WHERE card = ? AND version = ?",
                (status, dumps(evidence), card, found.version),
            )
            if choice == "did-not":
                self._propose_again(found, now)
            return self.card(card)

    def _propose_again(self, card: Card, now: float) -> None:
        old = card.seal
        proposal = Proposal(
            card.idx,
            old.tool,
            old.args,
            card.title,
            old.effect,
            old.risk,
            old.rule,
            old.ttl_s,
            old.trust,
            old.policy,
            old.pin,
            old.account,
            old.attachments,
            about=old.about,
        )
        self._propose(card.task, card.run, proposal, card.again + 1, now)

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
