"""How a card reads, and what a person wrote on it. Pure: text in, text out.

One code path writes every card. The text that may be changed stands in a fence under its
own heading; the exact data is folded away; nothing that an outsider wrote stands outside
a fence without being made inert.
"""

from __future__ import annotations

import json
from typing import Any

from factotum.gate import grants, undo
from factotum.gate.content import callout, content
from factotum.gate.form import WHY_NOT, YOUR_ANSWER
from factotum.gate.register import Card
from factotum.gate.standing import Standing
from factotum.gate.strength import needs_strong, yes_by
from factotum.inert import code, inert, one_line
from factotum.model import Risk, State
from factotum.note import Note, fence
from factotum.words import dated, local, when

DATA = "Exact data"

#: In which folder the note of a card belongs, by the card's status.
PLACES: dict[str, State] = {
    "pending": State.PENDING,
    "expired": State.PENDING,
    "unknown": State.PENDING,
    "approved": State.APPROVED,
    "rejected": State.REJECTED,
    "cancelled": State.REJECTED,
    "withdrawn": State.REJECTED,
    "failed_clean": State.FAILED,
    "did_not": State.FAILED,
    "succeeded": State.DONE,
    "happened": State.DONE,
    "answered": State.DONE,
}

#: The checkbox properties that a card offers, by its status.
TICKS: dict[str, tuple[str, ...]] = {
    "pending": ("approve", "reject"),
    "approved": ("cancel", "send_now"),
    "expired": ("wake", "reject"),
    "unknown": ("happened", "did_not"),
}
ALL_TICKS = ("approve", "reject", "answered", "cancel", "send_now", "wake", "happened", "did_not")

NOBODY = "Nobody decided it."

#: The most of a remark that is shown, in characters.
REMARK_CHARS = 1000

#: What of a receipt is a moment, in epoch seconds.
MOMENTS = frozenset({"resolved_at"})

TYPES = {"effect": "approval", "question": "question"}


def ticks_of(card: Card) -> tuple[str, ...]:
    if card.kind == "question" and card.status == "pending":
        return ("answered", "reject")
    if card.status == "pending" and needs_strong(card):
        return ("reject",)
    return TICKS.get(card.status, ())


def ticked(note: Note) -> set[str]:
    """The names of the checkbox properties that a person has ticked."""
    return {name for name in ALL_TICKS if note.props.get(name) is True}


def props(card: Card, instance: str) -> dict[str, Any]:
    """The properties that we keep on a card's note; a None takes the property away."""
    seal = card.seal
    offered = ticks_of(card)
    unknown = card.status == "unknown"
    until = seal.deadline if card.status == "pending" else None
    return {
        "id": card.id,
        "type": "unknown_outcome" if unknown else TYPES[card.kind],
        "action": seal.tool,
        "status": card.status,
        "risk": seal.risk.value,
        "version": card.version,
        "instance": instance,
        "task": f"[[{seal.about.get('note', '')}]]",
        "created": _iso(card.created),
        "expires": _iso(until) if until is not None else None,
        **{name: (False if name in offered else None) for name in ALL_TICKS},
        **({} if card.status == "pending" else {grants.ALSO: None}),  # till then it is theirs
        "aliases": [card.title],
    }


def fresh_props(card: Card, instance: str) -> dict[str, Any]:
    """The properties of a note that is written for the first time."""
    also = {grants.ALSO: ""} if card.status == "pending" and grants.offered(card) else {}
    wanted = {**props(card, instance), **also}
    return {name: value for name, value in wanted.items() if value is not None}


def _iso(at: float) -> str:
    return local(at).isoformat(timespec="seconds")


def body(card: Card, now: float, regret_s: float, stands: Standing) -> str:
    """The whole text of the card's note below its properties, as things stand in the house."""
    about = card.seal.about
    parts = [*_danger(card), f"# {headline(card)}", facts(card, now), *_remark(card)]
    parts.append(_how(card, now, regret_s, stands))
    if card.kind == "question":
        parts += _choices(card)
        parts += [f"## {YOUR_ANSWER}", card.decision.why if card.decision else ""]
    else:
        parts += content(card)
        if card.status in {"pending", "rejected"}:
            why = card.decision.why if card.decision else ""
            parts += [f"## {WHY_NOT}", inert(why)]
    if card.ended:
        parts.append(_receipt(card))
    if excerpt := about.get("excerpt"):
        parts.append(callout("quote", "What they wrote", fence(str(excerpt))))
    parts.append(
        callout("info", f"Why I ask: {card.seal.rule}. {DATA}", fence(_data(card), "json"))
    )
    return "\n\n".join(parts) + "\n"


def _danger(card: Card) -> list[str]:
    """What a request of high risk begins with that a stranger caused."""
    wanted = card.status == "pending" and card.seal.risk is Risk.HIGH
    if not (wanted and card.seal.about.get("stranger")):
        return []
    who = "what you sent" if card.seal.about.get("brought") else "a stranger"
    return [f"> [!danger] Asked by {who}, not by you. Nothing has happened."]


def headline(card: Card) -> str:
    """What is asked, or what became of it, in a line made inert."""
    asked = inert(one_line(card.title, 120))
    return {
        "pending": asked,
        "expired": f"Expired, not sent: {asked}",
        "unknown": f"Unknown whether this happened: {asked}",
        "rejected": f"Refused: {asked}",
        "cancelled": f"Cancelled, not sent: {asked}",
        "withdrawn": f"Withdrawn, not sent: {asked}",
        "failed_clean": f"Failed, nothing left the house: {asked}",
        "did_not": f"Did not happen: {asked}",
        "succeeded": f"Done: {asked}",
        "happened": f"Done, by your word: {asked}",
        "answered": f"Answered: {asked}",
    }.get(card.status, asked)


def facts(card: Card, now: float) -> str:
    """What is known of it and of those whom it reaches, a line each, made inert."""
    first = [str(card.seal.about.get("who", "")), *bounds(card, now), place(card)]
    lines = [" · ".join(part for part in first if part), *told(card)]
    return "\n".join(line for line in lines if line)


def bounds(card: Card, now: float) -> list[str]:
    """Till when it waits, and whether it can be undone, while it waits."""
    if card.status != "pending":
        return []
    deadline, undone = card.seal.deadline, card.kind == "effect"
    till = [f"till {when(local(deadline), local(now))}"] if deadline is not None else []
    return [*till, *([undo.said(card.seal.tool)] if undone else [])]


def place(card: Card) -> str:
    """Which of several asked at once it is; empty for one alone."""
    about = card.seal.about
    return f"{about['place']} of {about['of']}" if int(about.get("of", 1)) > 1 else ""


def told(card: Card) -> list[str]:
    """How well those are known whom it reaches, and whose idea it was."""
    about = card.seal.about
    return list(map(str, [*about.get("known", ()), *about.get("lines", ())]))


def _remark(card: Card) -> list[str]:
    told = inert(one_line(card.remark, REMARK_CHARS))  # a server's own words may stand in it
    return [f"> [!warning] {told}"] if told else []


def _how(card: Card, now: float, regret_s: float, stands: Standing) -> str:
    """What the person can do about it now."""
    seal, decision = card.seal, card.decision
    by = "nobody"
    if decision:
        by = f"{decision.who} ({decision.channel}), {dated(local(decision.at))}"
    match card.status:
        case "pending" if card.kind == "question":
            return (
                f"Write under *{YOUR_ANSWER}* and tick `answered`, or move this note to Approved. "
                f"No answer: tick `reject`."
            )
        case "pending" if needs_strong(card):
            no = "**No:** tick `reject` or move this note to Rejected."
            return f"{yes_by(card, stands.strong)} {no}"
        case "pending":
            return (
                "**Yes:** tick `approve` or move this note to Approved. "
                f"**No:** tick `reject` or move it to Rejected.{grants.hint(card)}"
            )
        case "approved" if stands.held:
            return (
                f"Approved by {by}. Everything is stopped, so it waits {stands.held}; "
                f"tick `cancel` and it does not go out then either."
            )
        case "approved" if card.attempts:
            return f"Approved by {by}. It is tried again; till it is out tick `cancel` to stop it."
        case "cancelled":
            stopped = card.ended.evidence.get("by", "you") if card.ended else "you"
            then = f", {dated(local(card.ended.at))}" if card.ended else ""
            return f"Approved by {by}; then cancelled by {stopped}{then}. Nothing was sent."
        case "approved":
            at = when(local((decision.at if decision else now) + regret_s), local(now))
            return (
                f"Approved by {by}. It goes out {at}; till then tick `cancel` to stop it, "
                f"or `send_now`."
            )
        case "expired":
            return "Nothing was sent. To be asked again tick `wake`; to refuse it tick `reject`."
        case "unknown":
            return _unknown(card, now)
        case _:
            way = "" if undo.refusal(card) else f" To undo it: `factotum undo {card.id}`."
            return f"Decided by {by}, version {seal.version}.{way}" if decision else NOBODY


def _unknown(card: Card, now: float) -> str:
    evidence = card.ended.evidence if card.ended else {}
    key = str(evidence.get("key", "")).replace("`", "")
    check = f" To check, search Sent for this Message-ID: `{key}`." if key else ""
    return (
        f"It was begun, and what came of it is lost: {inert(str(evidence.get('last_known', '')))}."
        f"{check}\n\nI will not try it again by myself. **It happened:** tick `happened`. **It did "
        f"not:** tick `did_not`, and I will ask anew. Or leave this note: it stays. Moving it "
        f"decides nothing."
    )


def _choices(card: Card) -> list[str]:
    asked = str(card.seal.args.get("question", ""))
    text = [inert(asked)] if asked and asked != card.title else []
    choices = card.seal.args.get("choices") or []
    told = [inert(part) for part in str(card.seal.args.get("explained") or "").split(". ") if part]
    return text + (told or [f"- `{inert(one_line(str(choice), 80))}`" for choice in choices])


def _receipt(card: Card) -> str:
    assert card.ended is not None
    known = {key: _moment(key, value) for key, value in card.ended.evidence.items()}
    rows = [f"- {key}: {code(_plain(value))}" for key, value in known.items()]
    return "\n".join(["## Receipt", "", *rows])


def _moment(key: str, value: Any) -> Any:
    return dated(local(value)) if key in MOMENTS and isinstance(value, int | float) else value


def _plain(value: Any) -> str:
    match value:
        case list():
            return ", ".join(map(_plain, value))
        case dict():
            return ", ".join(f"{key} ({_plain(one)})" for key, one in value.items())
        case _:
            return str(value)


def _data(card: Card) -> str:
    seal = card.seal
    shown = {
        "id": card.id,
        "version": seal.version,
        "tool": seal.tool,
        "args": seal.args,
        "attachments": [{"name": a.name, "sha256": a.sha256} for a in seal.attachments],
        "checksum": seal.digest,
    }
    return json.dumps(shown, ensure_ascii=True, indent=1)
