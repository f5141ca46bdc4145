"""Brings the messages of cards to what there is to show of them.

A card has one message. It is made when the card asks something, changed in place with all that
becomes of the card, wherever that was decided, and never sent twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from factotum.channels import cards
from factotum.channels.batches import Batches, fits
from factotum.channels.cards import Changed
from factotum.channels.changes import changed_of, keep_promises
from factotum.channels.choices import LATER, OPEN
from factotum.channels.contract import Message
from factotum.channels.window import Window
from factotum.channels.words import Words
from factotum.gate import pause
from factotum.gate.observe import quiet as by_rule
from factotum.gate.records import Card
from factotum.outbox import ANSWER, CARD, Row
from factotum.vault import stop_lies

KIND = "card"
ASKING = frozenset({"pending", "unknown", "expired"})
#: How long a request that nobody waits for is held for others that may come with it, in seconds.
GATHER_S = 3.0
MOVED = "⬇️ It stands below, once more."


def key_of(card: str) -> str:
    return f"card {card}"


class CardMessages:
    def __init__(self, window: Window) -> None:
        self.window = window
        self.batches = Batches(window)

    def look(self, found: Sequence[Card], now: float) -> None:
        """Brings the messages of these cards up to date."""
        for card in found:
            self.refresh(card, now)
            keep_promises(self.window, card)
        self.gather(now)

    def gather(self, now: float) -> None:
        """Has those that wait to be said, and of which little is at stake, be said together."""
        by_chat: dict[str, list[Card]] = {}
        for row in self.window.outbox.unsaid(self.window.name, KIND):
            card = self.window.register.find(row.key.removeprefix("card "))
            if card is not None and self._asks(card) and fits(card):
                by_chat.setdefault(row.chat, []).append(card)
        for chat, cards_there in by_chat.items():
            self.batches.begin(chat, cards_there, now)

    def row(self, card: str) -> Row | None:
        """The message of a card, in whichever owner's chat it is: one that whoever was an owner
        once has seen does not count."""
        rows = self.window.outbox.by_key(self.window.name, key_of(card))
        owners = self.window.chats().owners if rows else ()
        return next((row for row in rows if row.chat in owners), None)

    def _asks(self, card: Card) -> bool:
        return card.status in ASKING and not by_rule(card)

    def refresh(self, card: Card, now: float, *, stage: str | None = None) -> None:
        """Has its message show it as it stands; `stage` is where the person has come to."""
        outbox = self.window.outbox
        chat, answers = self.window.chat_of_card(card)
        answers = answers or stage is not None  # the person is at it
        row = self.row(card.id)
        if row is None and (not chat or not self._asks(card)):
            return
        with self.window.ledger.tx():
            row = row or outbox.ensure(
                self.window.name,
                chat,
                key_of(card.id),
                now,
                kind=KIND,
                rank=ANSWER if answers else CARD,
            )
            if self.batches.holds(row) and stage is None:
                if self.batches.refresh(row, card, now):
                    return
                stage = OPEN  # it has left its batch, and has a message of its own from now on
            stage = _goes_on(row, card) if stage is None else stage
            stage = stage if card.status == "pending" else OPEN
            self._show(row, card, stage, now, answers=answers)

    def _show(self, row: Row, card: Card, stage: str, now: float, *, answers: bool) -> None:
        outbox = self.window.outbox
        if row.stage != stage:
            outbox.set_stage(row.seq, stage)
        if not self._asks(card) and row.state in {"waiting", "failed", "dropped"}:
            outbox.drop(row.seq, f"it was decided before it was said: {card.status}")
            return
        changed, going = changed_of(self.window.ledger, card), self._going(card)
        held = self._held() if card.status == "approved" else ""
        made_of = _signature(card, stage, changed, going=going, held=held)
        if row.made_of == made_of and row.state != "dropped":
            return
        shown = cards.shown(
            card, stage, now, self.window.regret_s, changed,
            strong=self.window.strong, replies=self.window.limits.replies, going=going, held=held,
        )  # fmt: skip
        buttons = self.window.buttons.draw(
            row.seq, shown.rows, now, card.id, card.seal.digest, shown.words.text
        )
        message = Message(shown.words, buttons, reply_to=self._reply_to(card, row))
        hold = self.window.not_before(now, answers=answers)
        if row.made_of == "" and not answers and fits(card):
            hold = max(hold, now + GATHER_S)
        anew = not row.made_of.startswith(f"{card.version} ")
        outbox.want(row, message.to_json(), made_of=made_of, not_before=hold, anew=anew)

    def _going(self, card: Card) -> bool:
        """Whether it is being carried out: begun, and nothing came of it yet."""
        if card.status != "approved" or not card.attempts:
            return False
        last = self.window.register.last_try(card)
        return last is not None and last[2] is None

    def _held(self) -> str:
        """Till when nothing is begun; empty while it is."""
        return pause.till(self.window.ledger, stop_lies(self.window.root), "/resume")

    def _reply_to(self, card: Card, row: Row) -> str:
        task = self.window.ledger.task(card.task)
        same = task is not None and self.window.chat_of_task(task) == row.chat
        return str(task.facts.get("message") or "") if task and same else ""

    def again(self, card: Card, now: float) -> None:
        """Shows it once more at the end of the chat; where it stood it says so."""
        row = self.row(card.id)
        if row is None:
            self.refresh(card, now)
            return
        note = Message(Words.italic(MOVED)).to_json()
        with self.window.ledger.tx():
            self.window.outbox.move(row, note, now)
            self.refresh(card, now, stage=OPEN)


def _goes_on(row: Row, card: Card) -> str:
    """How far the person has come with it. What was chosen below other words than those that
    stand there now is chosen anew: of two taps both are for the same."""
    same = row.made_of.startswith(f"{card.version} ")
    return row.stage if same or row.stage == LATER else OPEN


def _signature(card: Card, stage: str, changed: Changed | None, *, going: bool, held: str) -> str:
    """Of what a message is made: equal for as long as it would say the same."""
    parts = (
        card.status,
        stage,
        card.remark,
        card.attempts,
        going,
        card.seal.deadline,
        card.decision and (card.decision.who, card.decision.why),
        changed,
        *([held] if held else []),
    )
    return f"{card.version} {hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"
