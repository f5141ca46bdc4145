"""Sealing: what a task asks for becomes a card, and a card that changed its next version.

A version is never changed once it is written; it is closed, and the next one takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

from factotum import names
from factotum.gate import grants
from factotum.gate.attempts import Attempts
from factotum.gate.records import Card, Decision, NotOpen, Proposal
from factotum.gate.seal import Seal, nonce, normalised
from factotum.ledger import dumps

#: Whoever can write in the vault, as the ledger names them.
OWNER = "you"

_COLUMNS = [one.name for one in fields(Seal)]
_INSERT = (
    f"INSERT INTO seal ({', '.join(_COLUMNS)})"
    f" VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
)


class Sealing(Attempts):
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
            by_rule = Decision("approve", "rule", p.allowed_by, seal.digest, "", now)
            self._record(id, 1, task, by_rule)
        return id

    def _seal(self, card: str, version: int, p: Proposal, now: float) -> Seal:
        draft = Seal(
            card=card,
            version=version,
            tool=p.tool,
            pin=p.pin,
            args=normalised(p.args),
            attachments=p.attachments,
            account=p.account,
            trust=p.trust,
            policy=p.policy,
            ttl_s=p.ttl_s,
            nonce=nonce(),
            epoch=self.ledger.epoch,
            effect=p.effect,
            risk=p.risk,
            rule=p.rule,
            about=normalised(p.about),
            created=now,
        )
        seal = replace(draft, digest=draft.computed_digest())
        written = {
            "args": dumps(seal.args),
            "attachments": dumps([vars(one) for one in seal.attachments]),
            "about": dumps(seal.about),
        }
        self.ledger.db.execute(_INSERT, {**vars(seal), **written})
        return seal

    def reseal(
        self,
        card: Card,
        now: float,
        remark: str,
        changed: Proposal | None = None,
        lies: str = "",
        by: str = "",
    ) -> Card:
        """Makes the next version of a card that is not being attempted, as it is or `changed`;
        the old one is closed in the same transaction and can never run. `lies` is the folder in
        which the old one was found: that it lies there says nothing of the new one; `by` is the
        channel of the owner's who wanted it, if that is on record nowhere else. Raises NotOpen."""
        proposal = changed or card.proposal()
        with self.ledger.tx() as db:
            latest = self.card(card.id)
            stopped = latest.ended is not None and latest.ended.status != "CANCELLED"
            overtaken = latest.version != card.version or latest.decision != card.decision
            if overtaken or self.in_flight(latest) or stopped:
                raise NotOpen(f"{card.name}: {self.said(latest)}")
            db.execute(
                "UPDATE seal SET closed = coalesce(closed, 'superseded')"
                " WHERE card = ? AND version = ?",
                (card.id, card.version),
            )
            db.execute(
                "UPDATE card SET version = ?, remark = ?, settled = 0, lies = ?, title = ?"
                " WHERE id = ?",
                (card.version + 1, remark, lies or card.lies, proposal.title, card.id),
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
                **({"channel": by, "who": OWNER} if by else {}),
            )
            return self.card(card.id)

    def _record(self, card: str, version: int, task: str, said: Decision) -> None:
        """Writes down the word on one version, within the caller's transaction."""
        word = (said.verdict, said.channel, said.who, said.digest, said.why, said.at)
        self.ledger.db.execute(
            "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (card, version, *word)
        )
        self.ledger.event(
            "decided",
            said.at,
            task=task,
            card=card,
            verdict=said.verdict,
            channel=said.channel,
            who=said.who,
            version=version,
            digest=said.digest,
            why=said.why,
        )
