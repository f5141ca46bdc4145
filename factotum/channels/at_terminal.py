"""A person at a terminal: a chat of their own, as long as it is open. No keyboard is read here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from factotum import names
from factotum.channels.contract import Chats
from factotum.channels.house import window_of
from factotum.channels.left import LeftTerminals
from factotum.channels.pulse import on_news
from factotum.channels.service import Service
from factotum.channels.terminal import LIMITS, NAME, Out, TerminalChannel
from factotum.channels.window import Window
from factotum.rooms import Rooms


@dataclass(frozen=True)
class AtTerminal:
    window: Window
    channel: TerminalChannel
    service: Service


@asynccontextmanager
async def at_terminal(rooms: Rooms, out: Out, *, asks: bool) -> AsyncIterator[AtTerminal]:
    """What is shown goes to `out`; `asks` where somebody is there to choose, who is told then
    what became of what was given at a terminal that was left. `rooms` are a guest's, and whoever
    opened them closes them."""
    chat = names.new_id("t")
    window = replace(
        window_of(rooms, NAME, LIMITS),
        chat=chat,
        chats=lambda: Chats("", (chat,)),
        quiet=lambda: None,
    )
    channel = TerminalChannel(
        out,
        lambda token: asks and _waits(window, token),
        lambda token: _command(window, token),
    )
    service = Service(window, channel, rooms.clock.wall)
    left = LeftTerminals(window)
    with suppress(OSError):  # without it a person can talk all the same
        if asks:
            left.open()
            service.look_besides = left.look
    service.begin()
    with on_news(rooms.state, service.nudge):
        speaking = asyncio.create_task(service.speak())
        try:
            yield AtTerminal(window, channel, service)
        finally:
            speaking.cancel()
            await asyncio.wait([speaking])
            left.close(rooms.clock.wall())


def _waits(window: Window, token: str) -> bool:
    """Whether the work waits for a choice among these buttons."""
    drawn = window.buttons.find(token)
    card = window.register.find(drawn.card) if drawn else None
    asks_why = drawn is not None and drawn.wish == "skip"
    return asks_why or (card is not None and card.status == "pending")


def _command(window: Window, token: str) -> str:
    """By which command it can be chosen elsewhere, or later."""
    drawn = window.buttons.find(token)
    card = window.register.find(drawn.card) if drawn else None
    if card is None:
        return ""
    yes = "answer" if card.kind == "question" else "approve"
    command = {"pending": yes, "approved": "cancel", "expired": "wake", "unknown": "resolve"}
    return f"factotum {command[card.status]} {card.id}" if card.status in command else ""
