"""The office without a channel that hears: what there is to know is told by the ways that only
tell, the first that works. Nothing can be answered there, so nothing that asks is shown in full.

It follows what `views/notices.py` told, and sends what the agent itself has to say.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace

from factotum import log
from factotum.blobs import Blobs
from factotum.channels.contract import Chats, NotSent
from factotum.channels.fallback import Fallback, Main, Way
from factotum.channels.house import window_of
from factotum.channels.news import News
from factotum.channels.pulse import Pulse, on_news
from factotum.channels.sender import Sender
from factotum.channels.service import LOOK_S, REFUSED_S, REFUSES
from factotum.channels.ways import close, ways_of
from factotum.channels.window import Window
from factotum.rooms import Rooms

logger = log.get("factotum.channels")


class Telling:
    """`window` is that of the first way's channel. Use it with the channel's lock."""

    def __init__(self, window: Window, ways: Sequence[Way], clock: Callable[[], float]) -> None:
        first = ways[0]
        self.window = replace(window, chats=lambda: Chats(first.chat))
        self.ways = ways
        self.clock = clock
        self.news = News(self.window)
        self.sender = Sender(window.outbox, first.channel, clock)
        self.fallback = Fallback(window.outbox, ways[1:])
        self._trouble = ""

    def begin(self) -> None:
        """After a start."""
        now = self.clock()
        self.window.outbox.recover(self.window.name, now)
        self.fallback.begin(now)
        self.news.begin()

    async def pass_once(self) -> float | None:
        """Tells what there is to tell now. In how many seconds there is more; None when nothing
        waits."""
        try:
            self.news.look(self.clock())
            again_s = await self.sender.pass_once()
            await self._look_whether_it_is_back()
            main = Main(self.window.name, self.sender.unreached_since)
            self._trouble = await self.fallback.step(main, self.clock())
        except (OSError, sqlite3.OperationalError) as refused:
            self._trouble = REFUSES.format(why=refused)
            return REFUSED_S
        except Exception as broken:  # the telling outlives any one thing that is told
            logger.exception("a look failed")
            self._trouble = f"{type(broken).__name__}: {broken}"
            return REFUSED_S
        return again_s

    async def _look_whether_it_is_back(self) -> None:
        """Where nothing waits there any more, nothing else would show it."""
        name = self.window.name
        if self.sender.unreached_since is None or self.window.outbox.due(name, 1):
            return
        try:
            await self.ways[0].channel.check()
        except NotSent:
            return
        self.sender.reached()

    @property
    def trouble(self) -> str:
        """What could not be told, or why nothing is told now; empty when all is well."""
        return self._trouble or self.sender.trouble


async def work(rooms: Rooms, stop: asyncio.Event) -> None:
    """Tells till `stop` is set. `rooms` are a guest's; call it with the lock of the channel that
    `known.first` names."""
    ways = ways_of(rooms.settings, Blobs(rooms.state / "blobs"))
    name, clock = ways[0].channel.name, rooms.clock.wall
    telling = Telling(window_of(rooms, name, ways[0].channel.limits), ways, clock)
    telling.begin()
    pulse, news = Pulse(rooms.state, clock, name), asyncio.Event()
    stopping = asyncio.create_task(stop.wait())
    try:
        with on_news(rooms.state, news.set):
            while not stop.is_set():
                again_s = await telling.pass_once()
                if telling.trouble:
                    pulse.ill(telling.trouble)
                else:
                    pulse.answered()
                await _rest(LOOK_S if again_s is None else min(LOOK_S, again_s), news, stopping)
    finally:
        stopping.cancel()
        await close(ways)


async def _rest(seconds: float, news: asyncio.Event, stopping: asyncio.Task[bool]) -> None:
    """Waits so long, or till there is news or it is to stop."""
    hearing = asyncio.create_task(news.wait())
    await asyncio.wait([hearing, stopping], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    hearing.cancel()
    news.clear()
