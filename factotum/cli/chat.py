"""`factotum chat`: a conversation in the terminal, each message a task of its own.

What is said here is the owner's. Without a running orchestrator the office runs in this
process as long as the conversation lasts. It is the terminal's end of a channel: what is asked,
shown and understood is the same as on every other.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import click

from factotum.channels.at_terminal import AtTerminal, at_terminal
from factotum.channels.contract import Heard, Message, Tapped
from factotum.channels.terminal import NAME
from factotum.cli import FAILED, place
from factotum.cli.place import Books, books
from factotum.outbox import SENT
from factotum.rooms import DoorError, open_rooms

#: How often it looks whether there is an answer, in seconds.
LOOK_S = 0.1
BYE = frozenset({"/quit", "/exit", "/bye"})

HELP = """Write a message and press Enter. What needs your yes is shown, and you are asked.
/new    begin a conversation anew        /help   what else there is
/quit   stop (so does Ctrl-D); what is under way goes on in the office"""


@click.command()
@click.argument("text", nargs=-1)
def chat(text: tuple[str, ...]) -> int:
    """Talk: TEXT is one message, without it a conversation begins."""
    with books() as opened:
        try:
            return asyncio.run(_chat(opened, " ".join(text).strip()))
        except KeyboardInterrupt:
            print("\nWhat is under way goes on when the office runs: factotum up")
            return 0


async def _chat(opened: Books, text: str) -> int:
    asks = sys.stdin.isatty()
    async with office(opened) as work, _conversation(opened, asks, work) as talk:
        if text:
            return 0 if await talk.say(text) else FAILED
        print(HELP)
        while (said := await asyncio.to_thread(_line, "you> ")) is not None:
            if said.casefold() in BYE:
                break
            if said:
                await talk.say(said)
    return 0


def _line(prompt: str) -> str | None:
    """What a person types, None at the end of the input."""
    try:
        return input(prompt).strip()
    except EOFError:
        print()
        return None


@asynccontextmanager
async def office(opened: Books) -> AsyncIterator[asyncio.Task[None] | None]:
    """Someone at work on this vault: whoever runs already, else this process, whose work is
    the task that is given."""
    if place.running(opened.state) is not None:
        yield None
        return
    from factotum import log
    from orchestrator import Orchestrator

    log.start("error", sys.stderr)
    rooms = open_rooms(opened.settings, opened.root)
    orchestrator = Orchestrator(rooms)
    work = asyncio.create_task(orchestrator.run())
    try:
        yield work
    finally:
        orchestrator.stop()
        await asyncio.wait([work])
        rooms.close()


@asynccontextmanager
async def _conversation(
    opened: Books, asks: bool, work: asyncio.Task[None] | None
) -> AsyncIterator[Conversation]:
    rooms = open_rooms(opened.settings, opened.root, guest=True)
    try:
        async with at_terminal(rooms, sys.stdout, asks=asks) as here:
            yield Conversation(opened, here, work, talks=asks)
    finally:
        rooms.close()


class Conversation:
    """One conversation, as a person at a terminal has it."""

    def __init__(
        self,
        opened: Books,
        here: AtTerminal,
        work: asyncio.Task[None] | None,
        *,
        talks: bool,
    ) -> None:
        self._talks = talks
        self.opened = opened
        self.window, self.channel, self.service = here.window, here.channel, here.service
        self.work = work
        self._ids = (f"you {n}" for n in itertools.count(1))

    async def say(self, text: str) -> bool:
        """Sends one message and shows what comes of it, until it ends or waits for a word that
        is not given here. False when it failed."""
        id = next(self._ids)
        heard = self._heard(id, text)
        self.service.hear(heard)
        task = self.window.ledger.seen(NAME, heard.source_id) or ""
        while not self._is_said(task, id):
            self._check()
            if not await self._choose() or (task and not self._talks and self._parked(task)):
                return True
            await asyncio.sleep(LOOK_S)
        run = self.window.runs.latest(task) if task else None
        return run is None or run.result == "done"

    def _heard(self, id: str, text: str, reply_to: str = "") -> Heard:
        now, who = datetime.now(UTC), place.who()
        return Heard(self.window.chat, id, "", who, text, now, reply_to)

    def _is_said(self, task: str, id: str) -> bool:
        """Whether what comes of a message stands on the terminal."""
        if not task:
            row = self.window.outbox.row(NAME, self.window.chat, f"answer {id} 0")
            return row is None or row.state == SENT
        run = self.window.runs.latest(task)
        if run is None or run.ended is None:
            return False
        key = f"result {task} {run.n} 0"
        row = self.window.outbox.row(NAME, self.window.chat, key)
        return row is not None and row.state == SENT

    def _check(self) -> None:
        """Raises when nobody is at work any more: DoorError, or what ended our own work."""
        if self.work is not None and self.work.done():
            self.work.result()
        elif self.work is not None or place.running(self.opened.state) is not None:
            return
        raise DoorError("the office has stopped; start it again: factotum up")

    # -- what waits for a word

    def _parked(self, task: str) -> bool:
        """Whether something was asked that is not decided here."""
        row = self.window.runs.latest(task)
        cards = self.window.register.of_run(task, row.n) if row else []
        outbox, chat = self.window.outbox, self.window.chat
        asked = [card for card in cards if card.status == "pending"]
        rows = (outbox.row(NAME, chat, f"card {card.id}") for card in asked)
        return any(row is not None and row.state == SENT for row in rows)

    async def _choose(self) -> bool:
        """Asks the person for their word on what was asked last; False when it is not given
        here."""
        found = self.channel.current()
        if found is None:
            return True
        id, message = found
        typed = await asyncio.to_thread(_line, self._prompt(message))
        if typed is None or not typed:
            return False
        if token := self.channel.chosen(typed):
            return await self._tap(id, token)
        self.service.hear(self._heard(next(self._ids), typed, reply_to=id))
        await self._shown(id, message)
        return True

    def _prompt(self, message: Message) -> str:
        if message.prompt:
            return f"{message.prompt}> "
        drawn = self.window.buttons.find(message.rows[0][0].token)
        card = self.window.register.find(drawn.card) if drawn else None
        return "your answer> " if card and card.kind == "question" else "your choice> "

    async def _tap(self, id: str, token: str) -> bool:
        drawn = self.window.buttons.find(token)
        message = self.channel.current()
        reply = self.service.tap(Tapped("", self.window.chat, id, "", place.who(), token))
        if reply is not None and reply.text:
            print(f"  {reply.text}")
        if message is not None:
            await self._shown(*message)
        return drawn is None or drawn.wish != "later"

    async def _shown(self, id: str, message: Message) -> None:
        """Waits till what was just said shows in what is asked, so that nothing is asked twice."""
        for _ in range(20):
            await asyncio.sleep(LOOK_S / 4)
            if self.channel.current() != (id, message):
                return
