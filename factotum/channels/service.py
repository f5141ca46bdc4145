"""One channel at work: shows what there is to show, sends what waits, and takes what is said.

What a person says is written down before anything else is done with it. All of it runs on one
thread, whose connection to the ledger it is.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable

from factotum import log
from factotum.channels.contract import Channel, ChannelError, Heard, Reply, Tapped
from factotum.channels.displays import Displays
from factotum.channels.prompts import Prompts
from factotum.channels.reception import Reception
from factotum.channels.sender import Sender
from factotum.channels.talk import Talk
from factotum.channels.window import Window

logger = log.get("factotum.channels")

#: How often it is looked without being told that there is news, in seconds; and how often while
#: somebody waits for work that is being done.
LOOK_S, BUSY_S = 60.0, 1.0
#: How long “is typing” stands there, in seconds, less a little.
#: Source: core.telegram.org/bots/api#sendchataction.
TYPING_S = 4.5
#: How long is waited when the ledger or the disk refuses, in seconds.
REFUSED_S = 2.0
REFUSES = "the ledger or the disk refuses ({why}); it is tried again"


class Service:
    def __init__(
        self,
        window: Window,
        channel: Channel,
        clock: Callable[[], float],
        mono: Callable[[], float] = time.monotonic,
    ) -> None:
        self.window = window
        self.channel = channel
        self.clock = clock
        self.displays = Displays(window)
        self.sender = Sender(
            window.outbox,
            channel,
            clock,
            mono,
            chat=window.chat,
            is_ours=lambda chat: chat in window.chats().owners,
        )
        self.prompts = Prompts(window, self.displays.cards)
        self.reception = Reception(window, self.displays.cards, self.prompts)
        self.talk = Talk(window, self.displays.cards, self.prompts)
        self.broken = ""
        #: What else is looked at to be shown, on this channel alone.
        self.look_besides: Callable[[float], None] = lambda _now: None
        #: In which chats something is being done of which no task is made yet.
        self.busy_besides: Callable[[], set[str]] = set
        self._news = asyncio.Event()
        self._busy = asyncio.Event()

    def begin(self) -> None:
        """After a start. Call it with the lock of the channel."""
        now = self.clock()
        if not self.window.chat:
            self.window.outbox.recover(self.window.name, now)
        self.displays.begin(now)

    def nudge(self) -> None:
        """There may be something to show or to send. Of the loop's own thread."""
        self._news.set()

    # -- what is said here

    def hear(self, heard: Heard) -> None:
        """Takes a message, durably. Raises what passes: OSError, sqlite3.OperationalError."""
        self.sender.pace.opened(heard.chat)
        self.talk.hear(heard, self.clock())
        self.nudge()

    def tap(self, tap: Tapped) -> Reply | None:
        """Takes a tap, durably, and says what came of it. Raises the same."""
        self.sender.pace.opened(tap.chat)
        reply = self.reception.tap(tap, self.clock())
        self.nudge()
        return reply

    # -- the loops

    async def speak(self) -> None:
        """Shows and sends till it is cancelled."""
        while True:
            wait_s = await self.pass_once()
            try:
                async with asyncio.timeout(wait_s):
                    await self._news.wait()
            except TimeoutError:
                pass
            self._news.clear()

    async def pass_once(self) -> float:
        """One look and what is to be sent; in how many seconds to look again."""
        try:
            self.displays.look(self.clock())
            self.look_besides(self.clock())
            self.show_busy()
            again_s = await self.sender.pass_once()
            self.broken = ""
        except (OSError, sqlite3.OperationalError) as refused:
            self.broken = REFUSES.format(why=refused)
            return REFUSED_S
        except Exception as broken:  # the channel outlives any one message
            logger.exception("a look failed")
            self.broken = f"{type(broken).__name__}: {broken}"
            return REFUSED_S
        longest = BUSY_S if self.displays.work.lively else LOOK_S
        return longest if again_s is None else min(longest, max(0.0, again_s))

    async def typing(self) -> None:
        """Shows that something is being done, where somebody waits for it, till cancelled."""
        while True:
            await self._busy.wait()  # nothing is woken for while nobody waits
            self._busy.clear()
            for chat in self._busy_chats():
                try:
                    await self.channel.busy(chat)
                except ChannelError as failed:
                    logger.debug("busy was not shown", extra={"reason": str(failed)})
            await asyncio.sleep(TYPING_S)
            self.show_busy()

    def show_busy(self) -> None:
        """Somebody may wait for what is being done now."""
        if self._busy_chats():
            self._busy.set()

    def _busy_chats(self) -> set[str]:
        return self.displays.work.busy_chats() | self.busy_besides()

    @property
    def trouble(self) -> str:
        """Why nothing is said now, or an empty string."""
        return self.broken or self.sender.trouble
