"""Several requests in one message, where they came together and little is at stake.

Each is shown whole, for one yes to all that are shown is a yes to each. One that is changed, or
of which the outcome is lost, leaves the message and has one of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from factotum.channels.buttons import Choice
from factotum.channels.cards import mark, outcome, subject
from factotum.channels.choices import would_go_out
from factotum.channels.contract import Message
from factotum.channels.split import utf16
from factotum.channels.window import Window
from factotum.channels.words import Words
from factotum.gate.facets import pays
from factotum.gate.records import Card
from factotum.gate.strength import needs_strong
from factotum.inert import one_line, uninert, visible
from factotum.model import Call
from factotum.outbox import CARD, Row

KIND = "batch"
#: From how many on they are shown together, and how many at most.
LEAST, MOST = 3, 6
#: How long what one of them would send may be, so that all of it is shown, and how long their
#: message, in UTF-16 units.
WHOLE_UNITS, MESSAGE_UNITS = 400, 4000
FACTS_CHARS = 140

#: How the stage of a card's own row begins while its batch shows it.
IN = "batch "


@dataclass(frozen=True)
class Member:
    card: str
    digest: str


def fits(card: Card) -> bool:
    """Whether little is at stake, and all of it can be shown beside others."""
    return (
        card.status == "pending"
        and card.kind == "effect"
        and card.version == 1
        and not needs_strong(card)
        and not card.seal.about.get("stranger")
        and not card.remark
        and not pays(Call(card.seal.tool, card.seal.args))
        and not card.seal.attachments
        and not any(str(line).startswith("⚠") for line in _told(card))
        and len(uninert(str(card.seal.about.get("who", "")))) <= FACTS_CHARS
        and utf16(would_go_out(card)) <= WHOLE_UNITS
    )


def _told(card: Card) -> list[str]:
    """What else is known of it, of which a batch tells nothing."""
    return [*card.seal.about.get("known", ()), *card.seal.about.get("lines", ())]


def members(row: Row) -> list[Member]:
    """Whom the message of this row is about."""
    return [Member(*one) for one in json.loads(row.stage or "[]")]


class Batches:
    def __init__(self, window: Window) -> None:
        self.window = window

    def begin(self, chat: str, cards: Sequence[Card], now: float) -> bool:
        """Shows these in one message (or several) if they are enough; else False."""
        if len(cards) < LEAST:
            return False
        groups = _groups(cards)
        if len(groups) > 1 and len(groups[-1]) == 1:
            groups[-1].insert(0, groups[-2].pop())  # one alone is no batch
        with self.window.ledger.tx():
            for group in groups:
                self._begin(chat, group, now)
        return True

    def _begin(self, chat: str, group: Sequence[Card], now: float) -> None:
        outbox, name = self.window.outbox, self.window.name
        row = outbox.ensure(
            chat=chat, channel=name, key=f"batch {group[0].id}", now=now, kind=KIND, rank=CARD
        )
        outbox.set_stage(row.seq, json.dumps([[one.id, one.seal.digest] for one in group]))
        for card in group:
            own = outbox.ensure(name, chat, f"card {card.id}", now, kind="card", rank=CARD)
            outbox.drop(own.seq, "it is shown with others")
            outbox.set_stage(own.seq, f"{IN}{row.seq}")
        self._show(outbox.of(row.seq), now)

    def holds(self, own: Row) -> bool:
        """Whether the card of this row is shown in a batch, and not by itself."""
        return own.stage.startswith(IN)

    def refresh(self, own: Row, card: Card, now: float) -> bool:
        """Has the batch show the card as it stands now; False where it must leave it."""
        row = self.window.outbox.of(int(own.stage.removeprefix(IN)))
        known = {one.card: one.digest for one in members(row)}
        stays = card.seal.digest == known.get(card.id) and card.status not in {"unknown", "expired"}
        if not stays:
            self.window.outbox.set_stage(own.seq, "")
        self._show(row, now)
        return stays

    def leave_all(self, row: Row) -> list[str]:
        """The cards of a batch that still wait: from now on each has a message of its own."""
        waiting = [one.card for one in members(row) if self._card(one).status == "pending"]
        for id in waiting:
            own = self.window.outbox.row(row.channel, row.chat, f"card {id}")
            if own is not None and self.holds(own):
                self.window.outbox.set_stage(own.seq, "")
        return waiting

    def show(self, row: Row, now: float) -> None:
        self._show(row, now)

    def _card(self, member: Member) -> Card:
        return self.window.register.card(member.card)

    def _show(self, row: Row, now: float) -> None:
        found = [(self._card(one), one.digest) for one in members(row)]
        here = [(card, self._is_here(row, card, digest)) for card, digest in found]
        waiting = [card for card, still in here if still and card.status == "pending"]
        made_of = repr([(card.id, card.version, card.status, still) for card, still in here])
        if row.made_of == made_of:
            return
        if not waiting and row.state in {"waiting", "failed", "dropped"} and row.wanted:
            self.window.outbox.drop(row.seq, "all was decided before it was said")
            return
        head = f"✋ {len(waiting)} wait for your yes" if waiting else "All of these are decided"
        parts = [Words.bold(head)]
        for n, (card, still) in enumerate(here, 1):
            parts += _one(n, card, still=still)
        going = any(card.status == "approved" for card, still in here if still)
        choices = _choices(len(waiting), going=going)
        words = Words.join("\n", parts)
        message = Message(words, self.window.buttons.draw(row.seq, choices, now, text=words.text))
        hold = self.window.not_before(now, answers=self.window.chat_of_card(here[0][0])[1])
        self.window.outbox.want(row, message.to_json(), made_of=made_of, not_before=hold)

    def _is_here(self, row: Row, card: Card, digest: str) -> bool:
        own = self.window.outbox.row(row.channel, row.chat, f"card {card.id}")
        return own is not None and own.stage == f"{IN}{row.seq}" and card.seal.digest == digest


def _groups(cards: Sequence[Card]) -> list[list[Card]]:
    """As many together as one message holds."""
    groups: list[list[Card]] = [[]]
    left = MESSAGE_UNITS
    for card in cards:
        needs = utf16(Words.join("\n", _one(MOST, card, still=True)).text) + len("\n")
        if len(groups[-1]) == MOST or (groups[-1] and needs > left):
            groups.append([])
            left = MESSAGE_UNITS
        groups[-1].append(card)
        left -= needs
    return groups


def _one(n: int, card: Card, *, still: bool) -> list[Words]:
    sign = "" if card.status == "pending" else f"{mark(card)} "
    title = Words.bold(f"{n}. {sign}{one_line(visible(outcome(card)), 150)}")
    about = Words.join(" · ", [title, *([subject(card)] if subject(card) else [])])
    if not still:
        return [about + " (by itself below)"]
    if card.status != "pending":
        return [about]
    who = one_line(uninert(str(card.seal.about.get("who", ""))), FACTS_CHARS)
    why = one_line(f"Why I ask: {visible(card.seal.rule)}", FACTS_CHARS)
    facts = [Words.of(" · ".join(part for part in (who, why) if part))]
    return [title, *facts, Words.whole(would_go_out(card) or "(nothing is given to it)")]


def _choices(waiting: int, *, going: bool) -> Sequence[Sequence[Choice]]:
    undo: list[Choice] = [("Undo", "undo all")] if going else []
    if not waiting:
        return [undo] if undo else []
    yes: list[Choice] = [(f"Yes to all {waiting} shown", "all")] if waiting > 1 else []
    return [[*yes, ("One by one", "each"), *undo]]
