"""The channel of an office in the office's own process, on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from pathlib import Path

from factotum import log
from factotum.channels import known
from factotum.channels.contract import Taken
from factotum.channels.running import alone
from factotum.ears import beats
from factotum.settings import Settings

logger = log.get("factotum.channels")

#: How long after another program was found to hear the bot, or after it broke, it is begun again,
#: in seconds; and how often a lock is tried that another process has.
TAKEN_S, BROKEN_S, LOCKED_S = 600.0, 10.0, 60.0


class Within:
    """The channel within an office, on a thread of its own; left to another process that runs it,
    and taken over when that has ended."""

    def __init__(self, settings: Settings, root: Path, state: Path) -> None:
        self._settings = settings
        self._root = root
        self._state = state
        self._name = ""
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._halted = threading.Event()

    def open(self) -> None:
        """Begins, the first time that it is called, if a channel is set up and wanted here."""
        self._name = known.first(self._settings)
        wanted = self._name and self._name in known.chosen(self._settings.text("CHANNELS"))
        if self._thread is not None or not wanted:
            return
        self._thread = threading.Thread(target=self._keep, name=self._name, daemon=True)
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
            lock = beats.lock(self._state, self._name)
            if lock is None:
                await self._rest(LOCKED_S)
                continue
            try:
                why = await alone(self._settings, self._root, self._stop, lock, self._name)
            except Taken:
                await self._rest(TAKEN_S)
                continue
            except Exception as broken:  # the office outlives its channels
                logger.error("the channel broke", exc_info=broken)
                why = repr(broken)
            if why:
                await self._rest(BROKEN_S)

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
