"""What a person taps, written down: a decision, a wish, or how far they have come with a message.

A tap counts once, for the version that was shown, from the message that it stands below. What it
decides and that it is used up are one transaction, so that a tap that comes twice, after a crash
say, is told what became of it. Whose tap it is the channel has made sure of.
"""

from __future__ import annotations

from collections.abc import Callable

from factotum import failpoint
from factotum.channels import batches, ignoring, imposed, owners, prompts
from factotum.channels.buttons import Drawn
from factotum.channels.card_messages import CardMessages
from factotum.channels.choices import CHANGE, LATER, MORE, OPEN, SURE, risky
from factotum.channels.contract import Reply, Tapped
from factotum.channels.more import More
from factotum.channels.prompts import Prompts
from factotum.channels.window import Window
from factotum.gate import pause
from factotum.gate.records import Card, GateError, NotOpen
from factotum.gate.strength import needs_strong
from factotum.model import Effect
from factotum.outbox import Row
from factotum.vault import stop_lies

#: What only shows or asks for something, so that it can be wished for again and again; each tap
#: of it counts once all the same.
AGAIN = frozenset({"show", "read", "excerpt", "files", *prompts.ASKS})

#: A second tap so soon after the first, in seconds, is the same finger and asks for nothing more.
TWICE_S = 1.0

#: What is said of a tap on a button of a message that was sent once more.
BELOW = Reply("It stands further below now.", alert=True)

#: What is said of a yes while everything is stopped.
HELD = "Everything is stopped: it goes out after /resume."

#: What is said of a tap on a button that nobody here drew.
UNKNOWN = Reply("I do not know this button any more. /tasks shows what waits.", alert=True)

#: Where a choice only leads to other choices.
STAGES = {
    "open": OPEN,
    "back": OPEN,
    "later": LATER,
    "sure": SURE,
    "change": CHANGE,
    "more": MORE,
}


class Reception:
    def __init__(self, window: Window, messages: CardMessages, prompts: Prompts) -> None:
        self.window = window
        self.messages = messages
        self.prompts = prompts
        self.more = More(window)

    def tap(self, tap: Tapped, now: float) -> Reply | None:
        """What comes of a tap; None for one that is not answered, because its message is not
        the one that the button was drawn for."""
        drawn = self.window.buttons.find(tap.token)
        if drawn is None:
            return UNKNOWN
        row = self.window.outbox.of(drawn.said)
        if self.window.outbox.stood(row, tap.chat, tap.message):
            return BELOW
        if not self._stands_there(row, tap, now):
            return None
        row = self.window.outbox.of(drawn.said)
        if drawn.used is not None and (drawn.wish not in AGAIN or drawn.tap == tap.id):
            return self._used(drawn, row, now)
        if drawn.used is not None and now - drawn.used < TWICE_S:
            return Reply()
        if not drawn.stands_below(tap.text, tap.label):
            return imposed.below(drawn, row, tap, self.window, now)
        try:
            with self.window.ledger.tx():
                self.window.buttons.use(tap.token, said_by(tap), now, tap.id)
                reply = self._do(drawn, row, tap, now)
        except GateError as late:
            reply = self._late(drawn, tap, late, now)
        failpoint.hit("tap.recorded")
        self.window.wake()
        return reply

    def _stands_there(self, row: Row, tap: Tapped, now: float) -> bool:
        """Whether the tap came from the message that the button was drawn for. It shows, too,
        that a message has arrived of which that was not known."""
        if (row.channel, row.chat) == (self.window.name, tap.chat) and tap.message:
            if row.message == tap.message:
                return True
            if not row.message and row.state in {"sending", "lost"}:
                self.window.outbox.found(row.seq, tap.message, now)
                return True
        self.window.ledger.event(
            "odd_tap", now, channel=self.window.name, who=tap.who, name=tap.name
        )
        return False

    def _used(self, drawn: Drawn, row: Row, now: float) -> Reply:
        """What became of a tap that comes once more."""
        card = self.window.register.find(drawn.card) if drawn.card else None
        if card is None:
            return Reply("That was chosen already.")
        self.messages.refresh(card, now)
        return Reply(_sentence(f"{self.window.register.said(card)}."))

    def _late(self, drawn: Drawn, tap: Tapped, late: GateError, now: float) -> Reply:
        """Another word was first, or the request has changed: that is said and shown."""
        self.window.buttons.use(tap.token, said_by(tap), now, tap.id)
        card = self.window.register.find(drawn.card) if drawn.card else None
        if card is None:
            return Reply(_sentence(str(late)), alert=True)
        self.messages.refresh(card, now, stage=OPEN)
        return Reply(_told(prompts.plainly(card, late)), alert=True)

    # -- what a choice does

    def _do(self, drawn: Drawn, row: Row, tap: Tapped, now: float) -> Reply:
        if row.kind == batches.KIND:
            return self._batch(drawn.wish, row, tap, now)
        if row.kind == prompts.KIND:
            return self.prompts.skip(row, now)
        card = self.window.register.card(drawn.card)
        verb, _, rest = drawn.wish.partition(" ")
        if verb == "show":
            self.messages.again(card, now)
            return Reply()
        if verb in STAGES or verb in prompts.ASKS:
            self._still(card, drawn)
        if verb in STAGES:
            self.messages.refresh(card, now, stage=STAGES[verb])
            return Reply()
        deeds: dict[str, Callable[[], Reply]] = {
            "yes": lambda: self._yes(card, drawn, tap, now),
            "really": lambda: self._yes(card, drawn, tap, now, sure=True),
            "also": lambda: self._yes(card, drawn, tap, now, also=rest),
            "no": lambda: self._no(card, drawn, tap, now),
            "ignore": lambda: self._ignore(card, drawn, tap, now),
            "choice": lambda: self._choose(card, drawn, int(rest), tap, now),
            "cancel": lambda: self._cancel(card, tap, now),
            "now": lambda: self._now(card, tap, now),
            "wake": lambda: self._wish(card, "wake", "You are asked again.", tap, now),
            "withdraw": lambda: self._no(card, drawn, tap, now),  # drawn by an older version
            "happened": lambda: self._resolve(card, "happened", tap, now),
            "did-not": lambda: self._resolve(card, "did-not", tap, now),
            "leave": lambda: self._resolve(card, "leave", tap, now),
        }
        if verb in deeds:
            return deeds[verb]()
        if verb in prompts.ASKS:
            self.prompts.ask(verb, card, drawn.digest, row, now)
            return Reply()
        return self.more.show(verb, card, row, now)

    def _still(self, card: Card, drawn: Drawn) -> None:
        """Raises NotOpen where it is not as it was when the button was shown."""
        if card.status != "pending":
            raise NotOpen(f"{card.name}: {self.window.register.said(card)}")
        if card.seal.digest != drawn.digest:
            raise NotOpen(f"{card.name} was changed meanwhile; look at version {card.version}")

    def _yes(
        self,
        card: Card,
        drawn: Drawn,
        tap: Tapped,
        now: float,
        *,
        sure: bool = False,
        also: str = "",
    ) -> Reply:
        if needs_strong(card) and (
            not sure or risky(card, strong=self.window.strong) != "sure"
        ):  # chosen twice, or typed
            raise NotOpen(f"{card.name}: it is not approved like this; look at it again")
        self._decide(card, drawn.digest, "approve", tap, now, also=also)
        if held := self._held():
            return Reply(f"Approved. {held}")
        regret_s = self.window.regret_s
        if regret_s and card.seal.effect is Effect.OPAQUE:
            return Reply(f"Approved. It goes out in {regret_s:.0f} s.")
        return Reply("Approved.")

    def _no(self, card: Card, drawn: Drawn, tap: Tapped, now: float) -> Reply:
        self._decide(card, drawn.digest, "reject", tap, now)
        if card.kind == "effect":
            row = self.messages.row(card.id)
            if row is not None:
                self.prompts.ask("why", card, drawn.digest, row, now)
        return Reply("Refused. Nothing is done.")

    def _ignore(self, card: Card, drawn: Drawn, tap: Tapped, now: float) -> Reply:
        self._decide(card, drawn.digest, "reject", tap, now)
        told = ignoring.propose(card, self.window, said_by(tap), now)
        return Reply(_told(f"Refused. {told}"), alert=True)

    def _choose(self, card: Card, drawn: Drawn, n: int, tap: Tapped, now: float) -> Reply:
        choices = card.seal.args.get("choices") or []
        said = str(choices[n])
        self._decide(card, drawn.digest, "answer", tap, now, why=said)
        return Reply(_told(f"Answered: {said}"))

    def _decide(
        self,
        card: Card,
        digest: str,
        verdict: str,
        tap: Tapped,
        now: float,
        why: str = "",
        also: str = "",
    ) -> None:
        who, register = said_by(tap), self.window.register
        decided = register.decide(card.id, digest, verdict, self.window.name, who, now, why, also)
        self.messages.refresh(decided, now, stage=OPEN)

    def _cancel(self, card: Card, tap: Tapped, now: float) -> Reply:
        stopped = self.window.register.cancel(card.id, self.window.name, said_by(tap), now)
        self.messages.refresh(stopped, now)
        return Reply("Cancelled. Nothing was sent.")

    def _wish(self, card: Card, what: str, told: str, tap: Tapped, now: float) -> Reply:
        self.window.register.wish(card.id, what, self.window.name, said_by(tap), now)
        return Reply(told)

    def _now(self, card: Card, tap: Tapped, now: float) -> Reply:
        told = self._held() or "It goes out now."
        return self._wish(card, "send_now", told, tap, now)

    def _held(self) -> str:
        """Why nothing goes out now, or an empty string."""
        if stop_lies(self.window.root):
            return "STOP.md stops everything: it goes out when that note is gone."
        return HELD if pause.current(self.window.ledger) else ""

    def _resolve(self, card: Card, choice: str, tap: Tapped, now: float) -> Reply:
        after = self.window.register.resolve(card.id, choice, self.window.name, said_by(tap), now)
        self.messages.refresh(after, now)
        return Reply(
            {
                "happened": "Noted that it happened; its task goes on.",
                "did-not": "Noted that it did not happen; you are asked anew.",
                "leave": "Left open; nothing is tried again.",
            }[choice]
        )

    # -- several at once

    def _batch(self, wish: str, row: Row, tap: Tapped, now: float) -> Reply:
        if wish == "each":
            for id in self.messages.batches.leave_all(row):
                self.messages.refresh(self.window.register.card(id), now, stage=OPEN)
            self.messages.batches.show(self.window.outbox.of(row.seq), now)
            return Reply("One by one, below.")
        deed = self._approve_one if wish == "all" else self._undo_one
        done, late = 0, 0
        for member in batches.members(row):
            try:
                done += deed(member, row, tap, now)
            except GateError:
                late += 1
        self.messages.batches.show(self.window.outbox.of(row.seq), now)
        verb = "approved" if wish == "all" else "cancelled"
        held = f" {self._held()}" if done and wish == "all" else ""
        return Reply(f"{done} {verb}{f', {late} not: see there' if late else ''}.{held}".rstrip())

    def _approve_one(self, member: batches.Member, row: Row, tap: Tapped, now: float) -> bool:
        """A yes to one of those that are shown there; what left the batch is not among them."""
        own = self.window.outbox.row(row.channel, row.chat, f"card {member.card}")
        card = self.window.register.card(member.card)
        if own is None or not self.messages.batches.holds(own) or card.status != "pending":
            return False
        self.window.register.decide(
            card.id, member.digest, "approve", self.window.name, said_by(tap), now
        )
        return True

    def _undo_one(self, member: batches.Member, row: Row, tap: Tapped, now: float) -> bool:
        if self.window.register.card(member.card).status != "approved":
            return False
        self.window.register.cancel(member.card, self.window.name, said_by(tap), now)
        return True


def said_by(one: Tapped) -> str:
    """Who it was, as the ledger names them."""
    return owners.person(one.name, one.who)


def _sentence(text: str) -> str:
    return _told(text[:1].upper() + text[1:])


def _told(text: str) -> str:
    return text if len(text) <= 190 else text[:189] + "…"
