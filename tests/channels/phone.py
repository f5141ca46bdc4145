"""A person with a phone, and an office that shows them what it asks: all in memory but the office.

The screen is a channel as Telegram is one, without the network; the clock is the test's own.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from factotum.channels import owners
from factotum.channels.card_messages import GATHER_S
from factotum.channels.contract import Came, Gone, Heard, Limits, Message, Reply, Tapped
from factotum.channels.house import window_of
from factotum.channels.service import Service
from factotum.outbox import Row
from factotum.rooms import Rooms, open_rooms
from tests.office import TestOffice

ME, NAME = "4711", "Marco"

#: What makes Telegram a channel that is set up, and keeps the office from asking for it.
ON_TELEGRAM = {
    "FACTOTUM_TELEGRAM_TOKEN": "42:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr",
    "FACTOTUM_TELEGRAM_CHAT_ID": ME,
    "FACTOTUM_CHANNELS": "none",
}


@dataclass
class Standing:
    """A message as it stands on the screen now, and what it showed before."""

    id: str
    chat: str
    message: Message
    before: list[Message] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.message.words.text

    @property
    def labels(self) -> list[str]:
        return [one.label for row in self.message.rows for one in row]

    def token(self, label: str) -> str:
        found = [one.token for row in self.message.rows for one in row if one.label == label]
        assert found, f"{label!r} is none of {self.labels} below:\n{self.text}"
        return found[0]


class Screen:
    """What a person sees. Each of `fails` is raised by the next call, in its turn; of `done` the
    message stands there all the same."""

    name = "telegram"

    def __init__(self) -> None:
        self.limits = Limits(chat_s=0.0)
        self.there: dict[str, Standing] = {}
        self.fails: list[Exception] = []
        self.done = False
        self.sent: list[Standing] = []
        self.edits = 0
        self.checks = 0
        self._ids = itertools.count(1)

    def _fail(self) -> None:
        if self.fails:
            raise self.fails.pop(0)

    async def send(self, chat: str, message: Message) -> str:
        if not self.done:
            self._fail()
        shown = Standing(str(next(self._ids)), chat, message)
        self.there[shown.id] = shown
        self.sent.append(shown)
        self._fail()
        return shown.id

    async def edit(self, chat: str, id: str, message: Message) -> None:
        self._fail()
        shown = self.there.get(id)
        if shown is None or shown.message.prompt:
            raise Gone("message can't be edited")
        self.edits += 1
        shown.before.append(shown.message)
        shown.message = message

    async def check(self) -> None:
        self.checks += 1
        self._fail()

    async def busy(self, chat: str) -> None:
        """Nobody looks."""


@dataclass
class Phone:
    office: TestOffice
    rooms: Rooms
    service: Service
    screen: Screen
    _taps: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _said: Iterator[int] = field(default_factory=lambda: itertools.count(1001))

    @property
    def now(self) -> float:
        return self.office.hands.wall

    # -- what happens

    def look(self) -> None:
        """The channel shows what there is, till nothing is left to show now."""

        async def all_of_it() -> None:
            for _ in range(200):
                again_s = await self.service.pass_once()
                assert not self.service.broken, self.service.broken
                if again_s:
                    return
            raise AssertionError("there is always more to show")

        asyncio.run(all_of_it())

    def work(self) -> None:
        """The office does what there is to do, and the channel shows it, also what it holds for
        a moment because more may come."""
        self.office.run()
        self.look()
        self.go(GATHER_S)
        self.look()

    def go(self, seconds: float) -> None:
        self.office.hands.go(seconds)

    def tap(self, shown: Standing, label: str, **more: Any) -> Reply | None:
        """Taps, and waits till it shows what came of it."""
        reply = self.sends_tap(shown, shown.token(label), **more)
        self.look()
        return reply

    def sends_tap(
        self, shown: Standing, token: str, *, id: str = "", who: str = ME, chat: str = ME,
        message: str = "",
    ) -> Reply | None:  # fmt: skip
        tap = Tapped(id or f"tap-{next(self._taps)}", chat, message or shown.id, who, NAME, token)
        return self.service.tap(tap)

    def says(self, text: str, to: Standing | None = None, **more: Any) -> Heard:
        """Writes something, in answer to a message or not, and sees what came of it."""
        at = datetime.fromtimestamp(self.now, UTC)
        id, reply_to = str(next(self._said)), to.id if to else ""
        heard = Heard(**{"chat": ME, "id": id, "who": ME, "name": NAME, "text": text, "at": at,
                         "reply_to": reply_to, **more})  # fmt: skip
        self.service.hear(heard)
        self.look()
        return heard

    # -- what is there

    def see(self, words: str) -> Standing:
        """The newest message with these words in it."""
        found = [one for one in self.screen.there.values() if words in one.text]
        shown = "\n---\n".join(f"{one.text} {one.labels}" for one in self.screen.there.values())
        assert found, f"{words!r} is not in:\n{shown}"
        return found[-1]

    def rows(self) -> list[Row]:
        """What is in the outbox, the oldest first."""
        found = self.rooms.ledger.db.execute("SELECT seq FROM said ORDER BY seq").fetchall()
        return [self.service.window.outbox.of(row["seq"]) for row in found]


def photo(name: str = "till.jpg") -> Came:
    return Came(name, b"\xff\xd8\xff a picture", "photo")


@contextmanager
def phone_of(office: TestOffice, screen: Screen | None = None) -> Iterator[Phone]:
    """The channel of this office as a process that begins now, and ends with the block."""
    office.env = {**ON_TELEGRAM, **office.env}
    screen = screen or Screen()
    rooms = open_rooms(office.settings(), office.root, office.clock(), guest=True)
    try:
        owners.strong(rooms.ledger, rooms.settings, office.hands.wall)
        window = window_of(rooms, "telegram", screen.limits)
        hands = office.hands
        service = Service(window, screen, lambda: hands.wall, lambda: hands.mono)
        service.begin()
        yield Phone(office, rooms, service, screen)
    finally:
        rooms.close()
