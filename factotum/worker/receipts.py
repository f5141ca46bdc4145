"""What was really done, in lines, from the ledger alone: for the note, for the model, for a
task that had another one do a part of it."""

from __future__ import annotations

from collections.abc import Iterable

from factotum.gate.register import Card
from factotum.inert import code, inert, one_line
from factotum.words import dated, local

VERBS = {
    "succeeded": "Done",
    "happened": "Done, by your word",
    "answered": "Answered",
    "rejected": "Refused by you",
    "cancelled": "Cancelled, not sent",
    "withdrawn": "Withdrawn, not sent",
    "failed_clean": "Failed, nothing left the house",
    "did_not": "Did not happen, by your word",
}


def receipt(card: Card, more: str = "") -> str:
    """One line of Markdown on what became of a card; `more` is what is known of it besides."""
    ended = card.ended
    at = ended.at if ended else card.decision.at if card.decision else card.created
    parts = [headline(card), dated(local(at))]
    if card.decision and card.decision.channel != "rule":
        decided = dated(local(card.decision.at))
        when = "" if decided in parts else f", {decided}"
        parts.append(f"decided by {card.decision.who} ({card.decision.channel}){when}")
        parts.append(f"[[{card.name.removesuffix('.md')}]]")
    elif card.decision:
        parts.append(f"rule: {card.decision.who}")
    if card.decision and card.decision.why:
        parts.append(f"“{inert(one_line(card.decision.why, 200))}”")
    parts += [more] if more else []
    parts += list(_evidence(card))
    return f"- {' · '.join(parts)}"


def headline(card: Card) -> str:
    """What became of it and what it was, in a few words."""
    return f"{VERBS.get(card.status, card.status)}: {inert(one_line(card.title, 120))}"


def _evidence(card: Card) -> Iterable[str]:
    evidence = card.ended.evidence if card.ended else {}
    for key in ("to", "message_id", "server_reply", "sent_copy", "note", "reason", "last_known"):
        value = evidence.get(key)
        if value:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield f"{key.replace('_', ' ')} {shown if key == 'note' else code(shown)}"
