"""The ears within an orchestrator: its watchers begin to listen after the first look.

All that may wait, for a lock or for a watcher's own file, is done on a thread of its own: the
office goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import threading

from factotum import log
from factotum.ears import found
from factotum.ears.post import Room
from factotum.ears.runner import Runner

logger = log.get("factotum.ears")


class Ears:
    def __init__(self, room: Room) -> None:
        self._room = room
        self._runner: Runner | None = None
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Begins to listen, the first time that it is called. What another process listens to
        is left to it, and taken over when that process is gone for a while."""
        if self._runner is not None:
            return
        names = found.chosen(self._room.premises.settings.text("WATCHERS"))
        self._runner = Runner(self._room, names)
        if names:
            self._thread = threading.Thread(
                target=self._keep, args=(self._runner,), name="ears", daemon=True
            )
            self._thread.start()

    def _keep(self, runner: Runner) -> None:
        try:
            for name in runner.take():
                logger.info("runs elsewhere", extra={"watcher": name})
            again_s: float | None = 0.0
            while again_s is not None and not self._closing.wait(again_s):
                again_s = runner.again()
        except Exception as broken:  # the office outlives its ears
            logger.error("no longer listening", exc_info=broken)

    def halt(self) -> None:
        """Tells all to stop, at once."""
        self._closing.set()
        if self._runner is not None:
            self._runner.halt()

    async def close(self, grace_s: float) -> None:
        """Waits at most so long till they have; what they handed in by then is durable."""
        self.halt()
        if self._runner is not None:
            await asyncio.to_thread(self._close, self._runner, grace_s)

    def _close(self, runner: Runner, grace_s: float) -> None:
        if self._thread is not None:
            self._thread.join(grace_s)
        runner.stop(grace_s)
