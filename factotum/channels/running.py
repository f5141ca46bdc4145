"""Runs one channel till it is told to stop, as a guest of the house.

It opens the ledger for itself, and the executor is woken by what it writes there. How it goes it
says in a beat, as the watchers do.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import IO

from factotum import log
from factotum.channels import owners, telling
from factotum.channels.contract import Taken
from factotum.channels.house import window_of
from factotum.channels.pulse import Pulse, on_news
from factotum.rooms import Clock, Rooms, open_rooms
from factotum.settings import Settings

logger = log.get("factotum.channels")

NAME = owners.TELEGRAM


async def work(rooms: Rooms, stop: asyncio.Event) -> str:
    """Telegram at work till `stop` is set; what broke before, or an empty string. Raises Taken.
    Call it with the channel's lock."""
    from factotum.channels.telegram.channel import TelegramChannel
    from factotum.channels.telegram.service import Telegram

    clock = rooms.clock.wall
    owners.strong(rooms.ledger, rooms.settings, clock())
    pulse = Pulse(rooms.state, clock, NAME)
    window = window_of(rooms, NAME, TelegramChannel.limits)
    telegram = Telegram(window, clock, pulse.answered, pulse.ill)
    working = asyncio.create_task(telegram.run())
    stopping = asyncio.create_task(stop.wait())
    with on_news(rooms.state, telegram.service.nudge):
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    working.cancel()
    try:
        await working
    except asyncio.CancelledError:
        return ""
    except BaseExceptionGroup as several:
        taken, others = several.split(Taken)
        if others is None and taken is not None:
            raise Taken(_first(taken)) from None
        logger.error("telegram broke", exc_info=several)
        pulse.ill("it broke, and is begun again; the log says more")
        return str(several)
    return ""


async def alone(
    settings: Settings, root: Path, stop: asyncio.Event, lock: IO[str], name: str = NAME
) -> str:
    """The channel `name`, of which this process has the `lock`, which is let go of then; what
    broke before `stop`, or an empty string. Raises Taken."""
    try:
        rooms = open_rooms(settings, root, Clock(), guest=True)
        try:
            if name == NAME:
                return await work(rooms, stop)
            await telling.work(rooms, stop)
            return ""
        finally:
            rooms.close()
    finally:
        lock.close()


def _first(several: BaseExceptionGroup[Taken]) -> str:
    """What the first of them says, however deep it lies."""
    one = several.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else str(one)
