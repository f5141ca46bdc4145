"""Prompts: what a person is asked to type, and what their answer to it means.

A prompt is a message of its own. It is bound to the card and the version that it is about, and
answered once, by a reply to it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from factotum.channels.buttons import stamp
from factotum.channels.card_messages import CardMessages
from factotum.channels.cards import outcome
from factotum.channels.changes import promise, under_way
from factotum.channels.contract import Message, Reply
from factotum.channels.window import Window
from factotum.channels.words import Words
from factotum.gate import redraft
from factotum.gate.records import Card, GateError
from factotum.gate.strength import TYPED, is_typed, typed_word
from factotum.inert import one_line
from factotum.outbox import ANSWER, Row

KIND = "prompt"

#: What is asked for, by what was chosen: the question, and what stands in the empty line.
ASKS: dict[str, tuple[str, str]] = {
    "why": ("Why not? It helps me to do better. You need not say.", "Why not?"),
    "text": ("Write the whole text as it is to go out, as a reply to this.", "The whole text"),
    "order": (
        "What is to be changed? Reply by text or voice, such as: shorter, say Thursday.",
        "What is to be changed?",
    ),
    "answer": ("Reply with your answer.", "Your answer"),
    "type": ("", "As it stands there"),
}

#: The same where a person cannot reply to a message: what they type next is the answer.
ASKS_HERE = {
    "text": "Write the whole text as it is to go out.",
    "order": "What is to be changed? Such as: shorter, say Thursday.",
    "answer": "Write your answer.",
}

OVER = (
    "That was answered already, and I took nothing of what you write now. To change the request, "
    "tap below it; for new work, write without a reply."
)
OVER_HERE = "That was answered already, and I took nothing of what you write now."


@dataclass(frozen=True)
class Asked:
    """For what a prompt asks, of which card, in which version."""

    what: str
    card: str
    digest: str

    @classmethod
    def of(cls, row: Row) -> Asked | None:
        """None for a prompt that was answered or put away."""
        parts = row.stage.split(" ")
        return cls(*parts) if row.kind == KIND and len(parts) == 3 else None


class Prompts:
    def __init__(self, window: Window, messages: CardMessages) -> None:
        self.window = window
        self.messages = messages

    def ask(self, what: str, card: Card, digest: str, row: Row, now: float) -> None:
        """Asks the person for something to type, below the message of the card."""
        text, hint = ASKS[what]
        if not self.window.limits.replies:
            text = ASKS_HERE.get(what, text)
        if what == "type":
            text = self._to_type(card)
        outbox = self.window.outbox
        with self.window.ledger.tx():
            key = f"prompt {card.id} {secrets.token_hex(6)}"  # asked anew it is another one
            made = outbox.ensure(row.channel, row.chat, key, now, kind=KIND, rank=ANSWER)
            outbox.set_stage(made.seq, f"{what} {card.id} {digest}")
            rows: tuple[tuple[tuple[str, str], ...], ...] = ()
            if what == "why":
                rows = ((("Just no", "skip"),),)
            buttons = self.window.buttons.draw(made.seq, rows, now, card.id, digest, text)
            prompt = "" if buttons else hint  # below a message stand buttons or an empty line
            words = Words.of(text)
            message = Message(words, buttons, reply_to=row.message, prompt=prompt)
            outbox.want(made, message.to_json())

    def imposed(self, row: Row, reply_text: str) -> bool:
        """Whether somebody else's words stand where a yes is to be typed; taken for ours where
        the channel does not tell what stands there."""
        asked = Asked.of(row)
        if asked is None or asked.what != "type" or not reply_text:
            return False
        card = self.window.register.card(asked.card)
        said = (self._to_type(card), self._once_more(card), self._once_more(card, "still"))
        ours = (str(row.wanted["words"]["text"]), *said)
        return stamp(reply_text) not in map(stamp, ours)

    def skip(self, row: Row, now: float) -> Reply:
        """The person does not want to say it."""
        self._end(row, "No reason given." if row.stage.startswith("why") else "Left as it is.")
        return Reply()

    def _end(self, row: Row, said: str) -> None:
        outbox = self.window.outbox
        outbox.set_stage(row.seq, "")
        reply_to = str(row.wanted.get("reply_to") or "")
        outbox.want(row, Message(Words.italic(said), reply_to=reply_to).to_json())

    def answer(self, row: Row, text: str, who: str, now: float) -> None:
        """What the person typed to a prompt that is open. What it cannot be said of is told in
        the prompt's place, which stays open where another try makes sense."""
        asked = Asked.of(row)
        assert asked is not None
        card = self.window.register.card(asked.card)
        try:
            with self.window.ledger.tx():
                said = self._take(asked, card, text.strip(), who, now)
                self._end(row, said)
                wish = redraft.under_way(self.window.ledger, card.id)
                if said == under_way(self.window) and wish is not None:
                    promise(self.window.outbox, row, wish.seq)
        except _AskAgain:
            again = self._once_more(card)
            if str(row.wanted["words"]["text"]) == again:
                again = self._once_more(card, "still")  # else nothing would be seen to happen
            reply_to = str(row.wanted.get("reply_to") or "")
            wanted = Message(Words.of(again), reply_to=reply_to, prompt=ASKS[asked.what][1])
            self.window.outbox.want(row, wanted.to_json())
        except GateError as late:
            self._end(row, f"⚠ {plainly(card, late)}")
        self.messages.refresh(self.window.register.card(card.id), now, stage="")
        self.window.wake()

    def late(self, row: Row, text: str, who: str, now: float) -> str:
        """What is said of a reply to a prompt that was answered or put away. A reason may still
        come."""
        register, card = self.window.register, self.window.register.card(row.key.split(" ")[1])
        said = card.decision
        if said is None or said.verdict != "reject" or said.why or not text.strip():
            return OVER if self.window.limits.replies else OVER_HERE
        register.reason(card.id, card.seal.digest, text.strip(), self.window.name, who, now)
        self.messages.refresh(register.card(card.id), now)
        return "Noted, thank you."

    def _to_type(self, card: Card) -> str:
        how = "reply with" if self.window.limits.replies else "type"
        return f"To approve it, {how} this, letter by letter: {typed_word(card)}"

    def _once_more(self, card: Card, still: str = "") -> str:
        how = "reply to this with" if self.window.limits.replies else "type"
        return (
            f"That is {f'{still} ' if still else ''}not it, so nothing was approved. "
            f"To approve “{outcome(card)}” {how}: {typed_word(card)}"
        )

    def _take(self, asked: Asked, card: Card, text: str, who: str, now: float) -> str:
        register, name = self.window.register, self.window.name
        match asked.what:
            case "why":
                register.reason(card.id, asked.digest, text, name, who, now)
                return "Noted, thank you."
            case "answer":
                register.decide(card.id, asked.digest, "answer", name, who, now, text)
                return "Answered."
            case "type":
                if not _typed(text, card):
                    raise _AskAgain
                by = name if self.window.strong else TYPED
                register.decide(card.id, asked.digest, "approve", by, who, now)
                return "Approved."
            case _:
                redraft.ask(
                    self.window.ledger,
                    register,
                    card.id,
                    asked.digest,
                    asked.what,
                    text,
                    name,
                    who,
                    now,
                )
                return under_way(self.window)


def plainly(card: Card, late: GateError) -> str:
    """Why it was not done, without the name of a file: on a phone nobody sees files."""
    why = str(late).removeprefix(f"{card.name}: ").replace(card.name, "it")
    return why[:1].upper() + why[1:]


def _typed(text: str, card: Card) -> bool:
    """Whether it is that, but for a first letter that a phone has made a large one."""
    flat, word = one_line(text, 300), one_line(typed_word(card), 300)
    return word in (flat, flat[:1].lower() + flat[1:]) or is_typed(card, flat)


class _AskAgain(Exception):
    """What was typed is not it, and may be typed once more."""
