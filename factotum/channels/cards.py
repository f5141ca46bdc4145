"""How a card reads where it is no note: its words, and the choices below it. Pure.

What is said of it is what its note says; what would go out stands there whole, or it is said
how much of it does not. What is of high risk is chosen twice, or typed.
"""

from __future__ import annotations

from dataclasses import dataclass

from factotum.channels.buttons import Choice
from factotum.channels.card_facts import facts, receipt
from factotum.channels.choices import (
    CHANGE,
    CONTENT_UNITS,
    EXCERPT_UNITS,
    LATER,
    SURE,
    choices,
    unread,
    would_go_out,
)
from factotum.channels.split import fitted, utf16
from factotum.channels.words import Words
from factotum.gate import card as cards
from factotum.gate.facets import pays
from factotum.gate.records import Card
from factotum.gate.rows import row_of
from factotum.gate.strength import needs_strong
from factotum.inert import one_line, uninert, visible
from factotum.model import Call, Effect
from factotum.words import local, size, when

#: How long the message may be, in UTF-16 units. What would go out always has its place; where all
#: of it is too long, the rest gives way.
MOST_UNITS = 4096
#: How many of the files that go with it are named, and how much of a subject is told.
FILES_MOST, SUBJECT_CHARS = 5, 60
#: Up to this length what they wrote stands there without its line breaks.
SHORT_CHARS = 160
#: Stands above what a stranger wants of which much is at stake.
STRANGER = "⚠️ A STRANGER WANTS THIS, not you. I have done nothing. If unsure: No."
BROUGHT = "⚠️ WHAT YOU SENT WANTS THIS, not you. I have done nothing. If unsure: No."
#: What is said while it is carried out, when nothing can be stopped any more.
GOING = Words.of("It goes out at this moment.")
#: How a question is answered: where no message can be replied to, what is typed next is it.
TO_ANSWER = ("I need your answer.", "Reply to this message with your answer.")
#: How much of all but that is told, from try to try.
SPARING = (1.0, 0.5, 0.2)

MARKS = {
    "approved": "⏳",
    "succeeded": "✅",
    "happened": "✅",
    "answered": "✅",
    "unknown": "⚠️",
    "expired": "⌛",
}
HEADS = {"mail": "✉️", "notes": "📝", "web": "🌐", "shell": "⚙️", "schedule": "🗓"}


@dataclass(frozen=True)
class Shown:
    """A card as it is to be shown on a channel now."""

    words: Words
    rows: tuple[tuple[Choice, ...], ...]


@dataclass(frozen=True)
class Changed:
    """What became of a change that the person wanted: the lines that differ, each behind its
    sign, or why there is none; `under_way` while it is made."""

    lines: tuple[tuple[str, str], ...] = ()
    order: str = ""
    why: str = ""
    under_way: bool = False


def shown(
    card: Card,
    stage: str,
    now: float,
    regret_s: float,
    changed: Changed | None = None,
    *,
    strong: bool = True,
    going: bool = False,
    replies: bool = True,
    held: str = "",
) -> Shown:
    """The card, for a person who has come to `stage` with it; `going` while it is carried out,
    `held` till when nothing is begun."""
    changing = changed is not None and changed.under_way
    found = choices(card, stage, changing=changing, strong=strong)
    rows = tuple(tuple(row) for row in found if row)
    if card.status == "pending" and stage == LATER:
        return Shown(_put_off(card, now), rows)
    for share in SPARING:
        parts = [_head(card), *facts(card, share), *_remark(card, share)]
        if card.status in {"pending", "expired", "unknown", "approved"}:
            parts += [*_excerpt(card, share), *_changed(changed, share), *_content(card)]
        if card.status == "pending" and card.kind == "question":
            parts.append(Words.italic(f"{TO_ANSWER[replies]}{_bounds(card, now)}"))
        else:
            parts += [GOING] if going else _tail(card, stage, now, regret_s, changed, held)
        words = Words.join("\n", [part for part in parts if part])
        if utf16(words.text) <= MOST_UNITS:
            break
    return Shown(words, () if going else rows)


def outcome(card: Card) -> str:
    """What is asked, or what became of it, in a line."""
    said = uninert(cards.headline(card))
    return said if card.status == "pending" else said.removesuffix("?")


def subject(card: Card) -> str:
    """What tells it from another one to the same people, in quotation marks; empty where nothing
    does."""
    said = card.seal.args.get("subject")
    return f"“{one_line(visible(said), SUBJECT_CHARS)}”" if said and isinstance(said, str) else ""


# -- the words


def _head(card: Card) -> Words:
    if card.status == "pending" and card.kind == "question":
        return Words.bold(f"❓ {_question(card)}")
    said = Words.bold(f"{mark(card)} {outcome(card)}")
    if card.status == "pending" and needs_strong(card) and card.seal.about.get("stranger"):
        wants = BROUGHT if card.seal.about.get("brought") else STRANGER
        return Words.join("\n", [Words.bold(wants), said])
    return said


def _question(card: Card) -> str:
    return one_line(visible(card.title), 300)


def mark(card: Card) -> str:
    """A picture of what it is about, or of what became of it."""
    return _icon(card) if card.status == "pending" else MARKS.get(card.status, "🚫")


def _icon(card: Card) -> str:
    tool = card.seal.tool
    if pays(Call(tool, card.seal.args)):
        return "💶"
    return HEADS.get(tool.partition("__")[0], "✋")


def _remark(card: Card, share: float) -> list[Words]:
    said = one_line(visible(card.remark), int(400 * share))
    return [Words.of(f"⚠ {said}")] if said and not card.over else []


def _excerpt(card: Card, share: float) -> list[Words]:
    text = str(card.seal.about.get("excerpt") or "").strip()
    if not text or card.status != "pending":
        return []
    if len(text) <= SHORT_CHARS:
        text = " ".join(text.split())
    most = int(EXCERPT_UNITS * share)
    return [Words.of("They wrote:"), Words.quote(fitted(Words.of(text), most))]


def _changed(changed: Changed | None, share: float) -> list[Words]:
    if changed is None or not changed.lines:
        return []
    rows = "\n".join(f"{sign} {line}" for sign, line in changed.lines)
    shown = fitted(Words.of(rows), int(700 * share))
    return [Words.of("What you had changed:"), Words.pre(shown)]


def _content(card: Card) -> list[Words]:
    if card.kind == "question":
        asked = str(card.seal.args.get("question", ""))
        more = asked if " ".join(visible(asked).split()) != _question(card) else ""
        if told := str(card.seal.args.get("explained") or ""):
            return [fitted(Words.of(told), CONTENT_UNITS)]
        return [Words.whole(fitted(Words.of(more), CONTENT_UNITS))] if more else []
    text = would_go_out(card)
    if not text:
        return []
    said = "What would be sent:" if row_of(card.seal.tool).egress else "What would be done:"
    head = said if card.status == "pending" else said.replace("would be", "is")
    if 0 < len(card.seal.attachments) <= FILES_MOST and not unread(card):
        text = _without_files(text, card)
    shown = Words.whole(fitted(Words.of(text), CONTENT_UNITS))
    return [Words.of(head), shown, *_files(card)]


def _without_files(text: str, card: Card) -> str:
    """The text without its last lines that name the files, for those stand below it."""
    names = [one.name for one in card.seal.attachments]
    text = text.removesuffix("".join(f"\n+ {name}" for name in names))
    return text.removesuffix(f"\nAttachments: {', '.join(names)}")


def _files(card: Card) -> list[Words]:
    """What goes with it, where no text can stand in for it or hide it."""
    if not card.seal.attachments:
        return []
    names = [f"{one_line(one.name, 60)} ({size(one.size_bytes)})" for one in card.seal.attachments]
    more = f" and {len(names) - FILES_MOST} more" if len(names) > FILES_MOST else ""
    return [Words.of(f"📎 {', '.join(names[:FILES_MOST])}{more}")]


def _tail(
    card: Card, stage: str, now: float, regret_s: float, changed: Changed | None, held: str
) -> list[Words]:
    match card.status:
        case "pending":
            return _asking(card, stage, now, changed)
        case "approved" if held:
            return [Words.of(f"{_by(card)} Everything is stopped: it waits {held}.".strip())]
        case "approved" if card.attempts:
            return [Words.of(f"{_by(card)} It is tried again; till it is out you can stop it.")]
        case "approved" if card.seal.effect is Effect.OPAQUE and card.decision:
            at = when(local(card.decision.at + regret_s), local(now))
            return [Words.of(f"{_by(card)} It goes out {at} at the earliest.")]
        case "unknown":
            return [Words.of(_unknown(card))]
        case "expired":
            return [Words.of("Nobody decided it in time. Nothing was sent.")]
        case "cancelled":
            by = one_line(visible(str(card.ended.evidence["by"] if card.ended else "you")), 90)
            return [Words.of(f"{_by(card)} Then it was stopped by {by}. Nothing was sent.".strip())]
        case "rejected" | "withdrawn":
            return [Words.of(f"{_by(card)} Nothing was sent.".strip()), *_why(card)]
        case "answered":
            return [Words.of(_by(card)), *_why(card)]
        case _:
            return [Words.of(_by(card)), *receipt(card)]


def _bounds(card: Card, now: float) -> str:
    """Till when it waits and whether it can be undone, as a sentence behind another."""
    said = "; ".join(cards.bounds(card, now))
    if said.startswith("till "):
        return f" Waits {said}."
    return f" {said[:1].upper()}{said[1:]}." if said else ""


def _asking(card: Card, stage: str, now: float, changed: Changed | None) -> list[Words]:
    why = f"Why I ask: {one_line(visible(card.seal.rule), 200)}."
    told = [Words.italic(f"{why}{_bounds(card, now)}")]
    if missing := unread(card):
        told.append(Words.bold(f"⚠ You have not read {missing} of it: “Read all”."))
    if changed is not None and changed.under_way:
        told.append(Words.bold("✏️ It is being changed…"))
    if changed is not None and changed.why:
        told.append(Words.of(f"⚠ It was not changed: {one_line(visible(changed.why), 300)}"))
    if stage == SURE:
        told.append(Words.bold(f"Once more: {outcome(card)}"))
    if stage == CHANGE:
        told.append(Words.bold("How is it to be changed?"))
    return told


def _by(card: Card) -> str:
    said = card.decision
    if said is None or said.channel == "rule":
        return ""
    verb = {"approve": "Approved", "reject": "Refused", "answer": "Answered"}[said.verdict]
    at = local(said.at)
    return f"{verb} by {one_line(visible(said.who), 60)} ({said.channel}), {at:%a %H:%M}."


def _why(card: Card) -> list[Words]:
    why = card.decision.why if card.decision else ""
    return [Words.quote(Words.of(one_line(visible(why), 300)))] if why else []


def _unknown(card: Card) -> str:
    evidence = card.ended.evidence if card.ended else {}
    last = one_line(visible(str(evidence.get("last_known", ""))), 300)
    key = one_line(visible(str(evidence.get("key", ""))), 200)
    check = f" To check, search Sent for the Message-ID {key}." if key else ""
    return (
        f"It was begun, and what came of it is lost: {last}.{check}\n"
        f"I do not try it again by myself. What happened?"
    )


def _put_off(card: Card, now: float) -> Words:
    till = ""
    if card.seal.deadline is not None:
        till = f" It waits till {when(local(card.seal.deadline), local(now))}."
    return Words.of(f"💤 Later: {outcome(card)}{till}")
