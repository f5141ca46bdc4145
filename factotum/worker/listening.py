"""Listening: a recording becomes words, for money of the day.

What was heard or not heard is for others to show; here it is only paid for, and asked once more
where the server asks for a short pause.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from factotum.models.chain import Purse
from factotum.voice import Heard, Hearing, NotHeard
from factotum.worker.budget import Capped

#: A server that wants no more than this pause is asked once more, in seconds.
PAUSE_S_MOST = 15.0
#: How often it is looked whether money that is held by calls under way has come free, and how
#: long one of these looks waits, in seconds.
LOOKS, LOOK_S = 10, 3.0
#: How many recordings are heard at once; by a server of one's own one after the other, for it
#: does so by itself, and whoever waits there counts the time.
AT_ONCE, AT_ONCE_OWN = 4, 1


class Listening:
    """`purse` gives the money for one recording; `sleep` passes the time. Its calls that may
    meet one another come in one event loop."""

    def __init__(
        self,
        hearing: Hearing,
        purse: Callable[[], Purse],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.hearing = hearing
        self.purse = purse
        self.sleep = sleep
        self._places = asyncio.Semaphore(AT_ONCE_OWN if hearing.local else AT_ONCE)

    @property
    def files(self) -> bool:
        """Whether files are heard, too, not only what is spoken to us."""
        return self.hearing.file_s > 0

    async def __call__(
        self, data: bytes, name: str, seconds: float, *, file: bool = False
    ) -> tuple[str, str]:
        """The words, or an empty text and why there are none. `file` says that nobody spoke it
        to us."""
        async with self._places:
            outcome = await self._once(data, name, seconds, file=file)
            pause_s = outcome.again_s if isinstance(outcome, NotHeard) else None
            if pause_s is not None and pause_s <= PAUSE_S_MOST:
                await self.sleep(pause_s)
                outcome = await self._once(data, name, seconds, file=file)
        return (outcome.text, "") if isinstance(outcome, Heard) else ("", outcome.why)

    async def _once(
        self, data: bytes, name: str, seconds: float, *, file: bool
    ) -> Heard | NotHeard:
        purse = self.purse()
        for _ in range(LOOKS):
            try:
                return await self.hearing.hear(data, name, seconds, purse, file=file)
            except Capped as full:
                capped = full
                if full.which != "busy":
                    break
            await self.sleep(LOOK_S)
        return NotHeard(f"no money is left for it: {capped}")
