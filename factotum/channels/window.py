"""What the parts of one channel share: the books of the office, and to whom they speak.

A window is a guest's: of its own thread and with a connection of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from factotum.channels.buttons import Buttons
from factotum.channels.contract import Chats, Limits
from factotum.gate.records import Card
from factotum.gate.register import Register
from factotum.gate.rules import Policy, Quiet
from factotum.gate.strength import STRONG
from factotum.ledger import Ledger, TaskRow
from factotum.mailroom import Mailroom
from factotum.outbox import Outbox
from factotum.schedule.work import SCHEDULE
from factotum.settings import Settings
from factotum.views.quiet import till
from factotum.worker.children import root_of
from factotum.worker.runs import Runs

#: The facts of a task that came by a channel: which, in which chat, as which message there, and
#: in which conversation; and which of its files could not be read, and why, a line each.
CHANNEL, CHAT, MESSAGE, CONVERSATION = "channel", "chat", "message", "conversation"
UNREAD = "unread"


@dataclass
class Window:
    """`chats` says who is told now, `policy` what the rules of the house are, `quiet` when nobody
    is disturbed; `wake` has the executor look. `chat` is the only chat of a channel that ends
    with it, as a terminal does; empty for one that is there again after a restart."""

    name: str
    limits: Limits
    settings: Settings
    root: Path
    state: Path
    ledger: Ledger
    register: Register
    runs: Runs
    mailroom: Mailroom
    chats: Callable[[], Chats]
    policy: Callable[[], Policy]
    quiet: Callable[[], Quiet | None]
    zone: Callable[[float], datetime]
    wake: Callable[[], None]
    chat: str = ""
    outbox: Outbox = field(init=False)
    buttons: Buttons = field(init=False)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.ledger)
        self.buttons = Buttons(self.ledger)

    def source_id(self, chat: str, message: str) -> str:
        """By which the ledger knows a message that was said in a chat, among all that was ever
        said on the channel."""
        return f"{chat}:{message}{self.outbox.numbering(self.name)}"

    @property
    def lasting(self) -> bool:
        """Whether its messages stand there for as long as a person likes."""
        return not self.chat

    @property
    def strong(self) -> bool:
        """Whether the channel knows who is speaking."""
        return self.name in STRONG

    @property
    def regret_s(self) -> float:
        return self.settings.seconds("REGRET_S")

    def chat_of_task(self, row: TaskRow | None) -> str:
        """The chat in which a task was given, if that is one of an owner's; else empty."""
        if row is None or row.facts.get(CHANNEL) != self.name:
            return ""
        chat = str(row.facts.get(CHAT) or "")
        return chat if chat in self.chats().owners else ""

    def chat_of_schedule(self, row: TaskRow | None) -> str:
        """The chat in which its schedule wants the result told, else empty. It is always an
        owner's, whoever else the schedule names."""
        found = row.facts.get(SCHEDULE) if row else None
        if not isinstance(found, dict) or str(found.get("channel", "")).casefold() != self.name:
            return ""
        to, chats = str(found.get("to") or ""), self.chats()
        return to if to in chats.owners else chats.home

    def chat_of_card(self, card: Card) -> tuple[str, bool]:
        """Where a card is shown, and whether it answers what was said there."""
        row = self.ledger.task(card.task)
        if there := self.chat_of_task(self.ledger.task(root_of(row)) if row else None):
            return there, True
        return self.chats().home, False

    def not_before(self, now: float, *, answers: bool, urgent: bool = False) -> float:
        """From when on it may be said: at once what answers, else not in the quiet time."""
        return 0.0 if answers or urgent else till(self.zone, self.quiet(), now)
