"""Telegram at work: one poller, one sender, and what is fetched and heard between them."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from factotum import log
from factotum.blobs import Blobs
from factotum.channels import owners, pairing
from factotum.channels.aloud import Aloud
from factotum.channels.commands import table
from factotum.channels.contract import ChannelError, Heard, Message, Reply, Tapped
from factotum.channels.fallback import Fallback, Main
from factotum.channels.listening import listening
from factotum.channels.pairing import Paired
from factotum.channels.service import Service
from factotum.channels.telegram.channel import NAME, TelegramChannel
from factotum.channels.telegram.fetching import BROKEN_S, Fetching
from factotum.channels.telegram.line import line_of
from factotum.channels.telegram.poller import Poller
from factotum.channels.telegram.updates import (
    Corrected,
    Foreign,
    Read,
    Unread,
    WithFiles,
    understood,
)
from factotum.channels.ways import close, ways_of
from factotum.channels.window import Window
from factotum.channels.words import Words
from factotum.outbox import ANSWER, Row
from factotum.views import notices
from factotum.views.notices import Notices
from factotum.voice import speaking_by

if TYPE_CHECKING:
    from telegram import Update

logger = log.get("factotum.channels.telegram")

WELCOME = (
    "I know you now. What I ask you comes here, and what you write here is work for me. "
    "/help says more."
)
VISITED = (
    "Another program reads what is written to your bot. If it is none of yours, somebody has the "
    "token: /revoke it at @BotFather"
)
CORRECTED = "I go by what you wrote first. To change it, write it once more."
UNREAD = "I can make nothing of {what}. Write it, or send it as a file."
BROKE = (
    "⚠ I could not take that, for something broke here ({why}), and nothing came of it. Say it in "
    "other words; the log of the office has more."
)
#: How often it is written down that an owner's words did not count where they were said, in
#: seconds: a group can have many.
IGNORED_S = 3600.0
#: How long is waited till a bot that cannot be asked for its commands is asked again, in seconds.
GREET_S = 30.0
#: How often it is looked whether something must be told elsewhere, in seconds.
ELSEWHERE_S = 15.0


class Telegram:
    """`answered` is called whenever Telegram answered, `ill` with why nothing is heard."""

    def __init__(
        self,
        window: Window,
        clock: Callable[[], float],
        answered: Callable[[], None],
        ill: Callable[[str], None],
    ) -> None:
        self.window = window
        self.clock = clock
        self.line = line_of(window.settings)
        self.bot = self.line.bot
        blobs = Blobs(window.state / "blobs")
        self.channel = TelegramChannel(self.bot, blobs)
        self.ways = ways_of(window.settings, blobs)
        self.fallback = Fallback(window.outbox, self.ways)
        self.service = Service(window, self.channel, clock)
        self._answered = answered
        self.poller = Poller(
            self.bot, self._take, self._well, ill, visited=self._visited, passed_over=self._unread
        )
        self.fetching = Fetching(
            window,
            self.channel.fetch,
            listening(window, os.environ, clock),
            self._fetched,
            clock,
        )
        self.service.busy_besides = lambda: {row.chat for row in self.fetching.open()}
        voice = speaking_by(window.settings)
        self.aloud = (
            Aloud(window, voice.speak, self.channel.blobs, clock, self.service.nudge)
            if voice.there
            else None
        )
        self._to_fetch = asyncio.Event()
        self._answers: set[asyncio.Task[None]] = set()
        self._ignored: dict[tuple[str, str], float] = {}

    async def run(self) -> None:
        """Works till it is cancelled. Raises Taken when another program hears the bot."""
        bot = owners.bot_id(self.window.settings.text("TELEGRAM_TOKEN"))
        self.window.outbox.speaks_as(NAME, bot)
        self.service.begin()
        self.fallback.begin(self.clock())
        self._to_fetch.set()
        try:
            async with asyncio.TaskGroup() as all_of:
                all_of.create_task(self._greet())
                all_of.create_task(self.service.speak())
                all_of.create_task(self.service.typing())
                all_of.create_task(self._fetch())
                if self.ways:
                    all_of.create_task(self._tell_elsewhere())
                if self.aloud is not None:
                    all_of.create_task(self.aloud.run())
                all_of.create_task(self.poller.run())
        finally:
            await self._close()

    async def _close(self) -> None:
        await close(self.ways)
        for one in self._answers:
            one.cancel()
        await self.line.end()

    async def _greet(self) -> None:
        """Tells Telegram which commands there are, once it is reached."""
        await self.line.begin()
        while True:
            try:
                await self.channel.check()
                await self.bot.set_my_commands([(name, about) for name, about in table()])
                return
            except Exception as failed:
                logger.debug("the commands were not told", exc_info=failed)
                await asyncio.sleep(GREET_S)

    def _well(self) -> None:
        self.service.sender.reached()
        self._answered()

    async def _tell_elsewhere(self) -> None:
        """Has what cannot be said here be told by another way, once."""
        while True:
            await asyncio.sleep(ELSEWHERE_S)
            try:
                main = Main(NAME, self.service.sender.unreached_since)
                if why := await self.fallback.step(main, self.clock()):
                    logger.warning("told nowhere", extra={"reason": why})
            except Exception as broken:  # the channel itself goes on
                logger.error("telling elsewhere broke", exc_info=broken)

    # -- what comes

    def _take(self, update: Update) -> None:
        """Makes durable what an update says. Raises what passes: OSError,
        sqlite3.OperationalError. Of what breaks us its sender is told that nothing came of it."""
        found = understood(update, self.window.chats())
        try:
            self._heed(found)
        except (OSError, sqlite3.OperationalError):
            raise
        except Exception as broken:
            logger.error("an update broke", exc_info=broken)
            heard = found.heard if isinstance(found, WithFiles) else found
            if isinstance(heard, Heard | Tapped):
                told = BROKE.format(why=type(broken).__name__)
                self._say(heard.chat, f"broke {update.update_id}", told, self.clock())

    def _heed(self, found: Read) -> None:
        now = self.clock()
        match found:
            case Tapped():
                reply = self.service.tap(found)
                if reply is not None:
                    self._soon(found, reply.text, alert=reply.alert)
            case WithFiles():
                self.fetching.later(found, now)
                self._to_fetch.set()
            case Heard() if self.fetching.goes_on(found, now):
                self._to_fetch.set()
            case Heard():
                self.service.hear(found)
            case Corrected(chat, message):
                self._say(chat, f"corrected {message}", CORRECTED, now, reply_to=message)
            case Unread(chat, message, what):
                told = UNREAD.format(what=what)
                self._say(chat, f"unread {message}", told, now, reply_to=message)
            case Foreign():
                self._foreign(found, now)
            case _:
                pass

    def _soon(self, tap: Tapped, text: str, *, alert: bool) -> None:
        """Answers a tap without that the next update waits for it."""

        async def answer() -> None:
            try:
                await self.channel.answer(tap.id, Reply(text, alert))
            except ChannelError as late:
                logger.debug("a tap was not answered", extra={"reason": str(late)})

        task = asyncio.get_running_loop().create_task(answer())
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    def _say(self, chat: str, key: str, text: str, now: float, *, reply_to: str = "") -> None:
        message = Message(Words.of(text), reply_to=reply_to)
        self.window.outbox.put(
            self.window.name, chat, key, message.to_json(), now, kind="answer", rank=ANSWER
        )
        self.service.nudge()

    def _foreign(self, found: Foreign, now: float) -> None:
        """A stranger may have a code; else it is reported, and never answered."""
        ledger, name = self.window.ledger, self.window.name
        if found.text and found.who:
            bot = owners.bot_id(self.window.settings.text("TELEGRAM_TOKEN"))
            tried = pairing.try_code(
                ledger, name, found.text, found.who, found.name, bot, now, alone=found.alone
            )
            if isinstance(tried, Paired):
                owners.strong(ledger, self.window.settings, now)
                self._say(found.who, f"welcome {now:.0f}", WELCOME, now)
                self.service.displays.begin(now)
                self.window.wake()
                return
        if not found.who or found.who in self.window.chats().owners:
            if now - self._ignored.get((found.who, found.why), 0.0) >= IGNORED_S:
                self._ignored[found.who, found.why] = now
                ledger.event("ignored", now, channel=name, who=found.who, reason=found.why)
            return
        if pairing.stranger(ledger, name, found.who, found.name, now):
            ledger.event("stranger", now, channel=name, who=found.who, reason=found.why)
            self.window.wake()

    def _unread(self, raw: Mapping[str, Any]) -> None:
        """An owner's message that cannot be read at all is not passed over without a word."""
        message = raw.get("message")
        if not isinstance(message, Mapping):
            return
        chat = str((message.get("chat") or {}).get("id"))
        who = str((message.get("from") or {}).get("id"))
        if chat == who and who in self.window.chats().owners:
            id = str(message.get("message_id"))
            told = UNREAD.format(what="this message")
            self._say(chat, f"unread {id}", told, self.clock(), reply_to=id)

    def _visited(self) -> None:
        """Somebody else asks for what is said to the bot: the owner is to know, once a day."""
        now = self.clock()
        key = f"visited {self.window.name} {self.window.zone(now):%Y-%m-%d}"
        Notices(self.window.ledger, self.window.zone).add(notices.LISTENING, key, VISITED, now)
        self.window.wake()

    # -- what is fetched

    def _fetched(self, heard: Heard) -> None:
        self.service.hear(heard)
        if self.aloud is not None:
            self.aloud.expect()

    async def _fetch(self) -> None:
        async with asyncio.TaskGroup() as under_way:
            while True:
                await self._to_fetch.wait()
                self._to_fetch.clear()
                self.service.show_busy()
                try:
                    rows = self.fetching.fresh()
                except sqlite3.OperationalError as refused:  # the disk, or another who writes
                    under_way.create_task(self._broke(refused))
                    continue
                for row in rows:
                    under_way.create_task(self._fetch_one(row))

    async def _fetch_one(self, row: Row) -> None:
        try:
            if await self.fetching.one(row):
                self._to_fetch.set()
        except sqlite3.OperationalError as refused:
            await self._broke(refused)

    async def _broke(self, why: Exception) -> None:
        logger.error("fetching broke", exc_info=why)
        await asyncio.sleep(BROKEN_S)
        self._to_fetch.set()
