"""Listening: a recording that an owner sent becomes words, for money of the day.

What was heard or not heard is for the channel to show; here it is only paid for, and asked once
more where the server asks for a short pause.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping

from factotum.channels.till import Till
from factotum.channels.window import Window
from factotum.reader import Reader
from factotum.voice import Heard, Hearing, NotHeard, hearing_by
from factotum.worker.budget import Budget, Capped
from factotum.worker.caps import caps_of
from factotum.worker.handbook import Handbook

#: A server that wants no more than this pause is asked once more, in seconds.
PAUSE_S_MOST = 15.0
#: How often it is looked whether money that is held by calls under way has come free, and how
#: long one of these looks waits, in seconds.
LOOKS, LOOK_S = 10, 3.0


class Listening:
    """`sleep` passes the time."""

    def __init__(
        self,
        hearing: Hearing,
        budget: Budget,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.hearing = hearing
        self.budget = budget
        self.clock = clock
        self.sleep = sleep

    async def __call__(self, data: bytes, name: str, seconds: float) -> tuple[str, str]:
        """The words, or an empty text and why there are none."""
        outcome = await self._once(data, name, seconds)
        pause_s = outcome.again_s if isinstance(outcome, NotHeard) else None
        if pause_s is not None and pause_s <= PAUSE_S_MOST:
            await self.sleep(pause_s)
            outcome = await self._once(data, name, seconds)
        return (outcome.text, "") if isinstance(outcome, Heard) else ("", outcome.why)

    async def _once(self, data: bytes, name: str, seconds: float) -> Heard | NotHeard:
        about = f"voice-{secrets.token_hex(4)}"  # there is no task yet that it could be for
        till = Till(self.budget, about, self.clock, self.budget.caps.task_usd)
        for _ in range(LOOKS):
            try:
                return await self.hearing.hear(data, name, seconds, till)
            except Capped as full:
                capped = full
                if full.which != "busy":
                    break
            await self.sleep(LOOK_S)
        return NotHeard(f"no money is left for it: {capped}")


def listening(
    window: Window, environ: Mapping[str, str], clock: Callable[[], float]
) -> Listening | None:
    """By the settings; None where nobody hears."""
    hearing = hearing_by(window.settings, environ)
    if hearing is None:
        return None
    handbook = Handbook(window.root, Reader(), window.ledger, remember=False)
    caps = caps_of(window.settings, handbook.current)
    return Listening(hearing, Budget(window.ledger, caps, window.zone), clock)
