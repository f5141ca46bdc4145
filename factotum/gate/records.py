"""What the gate's rows say, as data: proposals, decisions, outcomes, cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from factotum.gate.seal import Seal
from factotum.model import Attachment, Effect, Risk, Trust


class GateError(Exception):
    """The wish cannot be granted; the message says what became of the card instead."""


class NoSuchCard(GateError):
    pass


class NotOpen(GateError):
    """It is decided, expired, withdrawn or superseded already."""


class TooWeak(GateError):
    """A yes to this counts only by a channel that knows who is speaking; nothing was decided."""


@dataclass(frozen=True)
class Proposal:
    """What a run asks for: one call of its turn, ready to be sealed. `allowed_by` is the
    rule that lets it happen without asking, empty when a person is asked."""

    idx: int
    tool: str
    args: Mapping[str, Any]
    title: str
    effect: Effect
    risk: Risk
    rule: str
    ttl_s: float
    trust: Trust
    policy: str
    pin: str = ""
    account: str = ""
    attachments: tuple[Attachment, ...] = ()
    kind: str = "effect"
    allowed_by: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    verdict: str
    channel: str
    who: str
    digest: str
    why: str
    at: float


@dataclass(frozen=True)
class Ended:
    """How an effect ended. `status` is SUCCEEDED, FAILED_CLEAN, UNKNOWN, CANCELLED, or after
    a person's word on an Unknown HAPPENED or DID_NOT."""

    status: str
    evidence: Mapping[str, Any]
    at: float


@dataclass(frozen=True)
class Card:
    """A proposed effect or a question, with its current version and all that became of it."""

    id: str
    task: str
    run: int
    idx: int
    again: int
    kind: str
    title: str
    name: str
    version: int
    remark: str
    settled: bool
    lies: str
    wrote: str
    created: float
    seal: Seal
    decision: Decision | None
    attempts: int
    ended: Ended | None

    @property
    def status(self) -> str:
        """pending, expired, withdrawn, approved, rejected, answered, or how it ended."""
        if self.ended:
            return self.ended.status.lower()
        if self.seal.closed:
            return self.seal.closed
        if self.decision:
            return {"approve": "approved", "reject": "rejected", "answer": "answered"}[
                self.decision.verdict
            ]
        return "pending"

    @property
    def over(self) -> bool:
        """Whether the task need not wait for it any longer."""
        return self.status not in {"pending", "approved", "expired", "unknown"}

    def proposal(self) -> Proposal:
        """What stands in its seal, as it would be asked for once more."""
        old = self.seal
        return Proposal(
            idx=self.idx,
            tool=old.tool,
            args=old.args,
            title=self.title,
            effect=old.effect,
            risk=old.risk,
            rule=old.rule,
            ttl_s=old.ttl_s,
            trust=old.trust,
            policy=old.policy,
            pin=old.pin,
            account=old.account,
            attachments=old.attachments,
            kind=self.kind,
            about=old.about,
        )
