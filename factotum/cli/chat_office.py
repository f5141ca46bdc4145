"""Someone at work while a person talks: whoever runs already, else this process."""

from __future__ import annotations

import asyncio
import time
from typing import IO, TYPE_CHECKING

from factotum.cli import place
from factotum.cli.place import Books
from factotum.rooms import DoorError, Rooms, open_rooms

if TYPE_CHECKING:  # it loads the whole office, which mostly runs elsewhere
    from orchestrator import Orchestrator

#: How long another office that begins at this very moment may take to say so, in seconds.
BEGINS_S = 2.0
STOPPED = "the office has stopped; start it again: factotum up"


class Office:
    """What it says by itself goes to `out`, from a thread of its own."""

    def __init__(self, opened: Books, out: IO[str]) -> None:
        self.opened = opened
        self.out = out
        self._rooms: Rooms | None = None
        self._orchestrator: Orchestrator | None = None
        self._work: asyncio.Task[None] | None = None

    @property
    def ours(self) -> bool:
        return self._work is not None

    def begin(self) -> bool:
        """Has somebody be at work; whether that is this process from now on. Raises DoorError
        and what else keeps an office from being opened."""
        if self.ours or place.running(self.opened.state) is not None:
            return False
        from orchestrator import Orchestrator

        rooms = open_rooms(self.opened.settings, self.opened.root)
        try:
            self._orchestrator = Orchestrator(rooms, out=self.out, command="factotum chat")
        except DoorError:
            rooms.close()
            if not self._another_begins():
                raise
            return False
        self._rooms = rooms
        self._work = asyncio.create_task(self._orchestrator.run())
        return True

    def _another_begins(self) -> bool:
        until = time.monotonic() + BEGINS_S
        while place.running(self.opened.state) is None:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    def check(self) -> None:
        """Raises when nobody is at work any more: DoorError, or what ended our own work."""
        if self._work is not None and self._work.done():
            self._work.result()
        elif self._work is not None or place.running(self.opened.state) is not None:
            return
        raise DoorError(STOPPED)

    async def close(self) -> None:
        """Ends our own work, if it is ours; it waits a little for what is under way."""
        if self._orchestrator is None or self._work is None or self._rooms is None:
            return
        self._orchestrator.stop()
        await asyncio.wait([self._work])
        self._rooms.close()
