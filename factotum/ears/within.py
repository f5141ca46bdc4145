"""The ears within an orchestrator: its watchers begin to listen after the first look."""

from __future__ import annotations

import asyncio

from factotum import log
from factotum.ears import found
from factotum.ears.house import room_of
from factotum.ears.runner import Runner
from factotum.rooms import Rooms
from factotum.worker.desk import Desk

logger = log.get("factotum.ears")


class Ears:
    def __init__(self, rooms: Rooms, desk: Desk) -> None:
        self._rooms = rooms
        self._desk = desk
        self._runner: Runner | None = None

    def open(self) -> None:
        """Begins to listen, the first time that it is called. What another process listens to
        is left to it."""
        if self._runner is not None:
            return
        rooms = self._rooms
        names = found.chosen(rooms.settings.text("WATCHERS"))
        room = room_of(
            rooms.settings, rooms.vault, rooms.ledger, rooms.state, self._desk.wait, rooms.clock
        )
        self._runner = Runner(room, names)
        for name in self._runner.take():
            logger.info("runs elsewhere", extra={"watcher": name})
        self._runner.start()
        for name, why in self._runner.wrong.items():
            logger.error("watcher not set up", extra={"watcher": name, "reason": why})

    def halt(self) -> None:
        """Tells all to stop, at once."""
        if self._runner is not None:
            self._runner.halt()

    async def close(self, grace_s: float) -> None:
        """Waits at most so long till they have; what they handed in by then is durable."""
        if self._runner is not None:
            await asyncio.to_thread(self._runner.stop, grace_s)
