"""Runs Telegram, as a thread of an office or as a process of its own; once on a machine.

Either way it is a guest: it opens the ledger for itself, and the executor is woken by what it
writes there. How it goes it says in a beat, as the watchers do.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from factotum import log
from factotum.channels import known, owners
from factotum.channels.contract import Limits
from factotum.channels.telegram.channel import NAME
from factotum.channels.window import Window
from factotum.ears import beats
from factotum.ears.beats import Beat
from factotum.ears.house import here, room_of
from factotum.redaction import black_out
from factotum.rooms import NEWS, Clock, Rooms, open_rooms, wake
from factotum.settings import Settings
from factotum.worker.handbook import Handbook
from watchers.hints import Hints

logger = log.get("factotum.channels")

#: How often at most it is written down that all goes on as it did, and how long that holds, in
#: seconds.
SHOWN_S, HOLDS_S = 60.0, 300.0
#: How long after another program was found to hear the bot, or after it broke, it is begun again,
#: in seconds; and how often a lock is tried that another process has.
TAKEN_S, BROKEN_S, LOCKED_S = 600.0, 10.0, 60.0
#: How often it is looked where nothing tells that there is news, in seconds.
DEAF_S = 2.0


def window_of(rooms: Rooms, name: str, limits: Limits) -> Window:
    """The window of this channel in the house of `rooms`, which are a guest's."""
    settings, ledger, clock = rooms.settings, rooms.ledger, rooms.clock
    mailroom = room_of(settings, rooms.vault, ledger, rooms.state, here, clock).mailroom
    mailroom.limits = None  # an owner may bring as much as they like
    handbook = Handbook(rooms.vault.root, rooms.reader, ledger, remember=False)
    return Window(
        name=name,
        limits=limits,
        settings=settings,
        root=rooms.vault.root,
        state=rooms.state,
        ledger=ledger,
        register=rooms.register,
        runs=rooms.runs,
        mailroom=mailroom,
        chats=lambda: owners.chats_of(settings, ledger, name),
        quiet=lambda: handbook.current().quiet,
        zone=clock.zone,
        wake=lambda: wake(rooms.state),
    )


class Pulse:
    """The beat of a channel."""

    def __init__(self, state: Path, clock: Callable[[], float], name: str = NAME) -> None:
        self._state = state
        self._clock = clock
        was = beats.of(state, name)
        now = clock()
        self._beat = Beat(name, os.getpid(), now, answered=was.answered if was else 0.0)
        self._show(now)
        self._shown_at = 0.0  # the first answer is shown at once

    def answered(self) -> None:
        now = self._clock()
        fine = not self._beat.trouble
        self._beat = replace(self._beat, answered=now, trouble="", since=0.0, login=False)
        if not fine or now - self._shown_at >= SHOWN_S:
            self._show(now)

    def ill(self, why: str) -> None:
        why = black_out(why)
        if why == self._beat.trouble:
            return
        now = self._clock()
        self._beat = replace(self._beat, trouble=why, since=self._beat.since or now)
        self._show(now)
        wake(self._state)  # a person is to know

    def _show(self, now: float) -> None:
        self._shown_at = now
        self._beat = replace(self._beat, rests_till=now + HOLDS_S)
        with suppress(OSError):
            beats.write(self._state, self._beat)


async def work(rooms: Rooms, stop: asyncio.Event) -> str:
    """Works till `stop` is set; why it ended before, or an empty string. Call it with the
    channel's lock."""
    from factotum.channels.telegram.channel import TelegramChannel
    from factotum.channels.telegram.poller import TAKEN, Taken
    from factotum.channels.telegram.service import Telegram

    clock = rooms.clock.wall
    owners.strong(rooms.ledger, rooms.settings, clock())
    pulse = Pulse(rooms.state, clock)
    window = window_of(rooms, NAME, TelegramChannel.limits)
    telegram = Telegram(window, clock, pulse.answered, pulse.ill)
    working = asyncio.create_task(telegram.run())
    stopping = asyncio.create_task(stop.wait())
    with listening(rooms.state, telegram.service.nudge):
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
            return TAKEN
        logger.error("telegram broke", exc_info=several)
        pulse.ill("it broke, and is begun again; the log says more")
        return str(several)
    return ""


class listening:  # noqa: N801 (it is used as a function)
    """Calls `nudge` whenever the office says that there is news."""

    def __init__(self, state: Path, nudge: Callable[[], None]) -> None:
        folder = state / NEWS
        folder.mkdir(mode=0o700, exist_ok=True)
        self._hints = Hints([folder])
        self._nudge = nudge
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        for fd in self._hints.fds:
            self._loop.add_reader(fd, self._heard)
        if not self._hints.fds:
            self._tick()

    def _heard(self) -> None:
        self._hints.drain()
        self._nudge()

    def _tick(self) -> None:
        self._nudge()
        self._timer = self._loop.call_later(DEAF_S, self._tick)

    def __exit__(self, *_: object) -> None:
        for fd in self._hints.fds:
            self._loop.remove_reader(fd)
        if self._timer is not None:
            self._timer.cancel()
        self._hints.close()


# -- by itself, and within an office


async def alone(settings: Settings, root: Path, stop: asyncio.Event, lock: IO[str]) -> str:
    """The channel as a process of its own, which has its `lock`; why it ended."""
    rooms = open_rooms(settings, root, Clock(), guest=True)
    try:
        return await work(rooms, stop)
    finally:
        rooms.close()
        lock.close()


class Within:
    """The channel within an office, on a thread of its own; left to another process that runs it,
    and taken over when that has ended."""

    def __init__(self, settings: Settings, root: Path, state: Path) -> None:
        self._settings = settings
        self._root = root
        self._state = state
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._halted = threading.Event()

    def open(self) -> None:
        """Begins, the first time that it is called, if the channel is set up and wanted here."""
        settings = self._settings
        if self._thread is not None or NAME not in known.chosen(settings.text("CHANNELS")):
            return
        if not known.kind(NAME).set_up(settings):
            return
        self._thread = threading.Thread(target=self._keep, name=NAME, daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception as broken:  # the office outlives its channels
            logger.error("the channel has ended", exc_info=broken)

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        if self._halted.is_set():
            return
        while not self._stop.is_set():
            lock = beats.lock(self._state, NAME)
            if lock is None:
                await self._rest(LOCKED_S)
                continue
            try:
                why = await alone(self._settings, self._root, self._stop, lock)
            except Exception as broken:  # the office outlives its channels
                logger.error("the channel broke", exc_info=broken)
                why = str(broken)
            if why:
                from factotum.channels.telegram.poller import TAKEN

                await self._rest(TAKEN_S if why == TAKEN else BROKEN_S)

    async def _rest(self, seconds: float) -> None:
        assert self._stop is not None
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()

    def halt(self) -> None:
        """Tells it to stop, at once."""
        self._halted.set()
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._stop.set)

    async def close(self, grace_s: float) -> None:
        """Waits at most so long till it has; what was said by then is durable."""
        self.halt()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, grace_s)
