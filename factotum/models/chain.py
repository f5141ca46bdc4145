"""The chain: one model is asked, and when it does not answer, the next.

Money is set aside before every call and given back when nothing was charged. The clock, the
sleep and the dice are passed in.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol

from factotum import log
from factotum.agent.talk import Reply, Request
from factotum.models.errors import Busy, ModelError, Refusing, TooLong
from factotum.models.route import Route

_log = log.get("factotum.models")

#: How often one model is asked again.
TRIES_AGAIN = 2
#: The first wait where the server names none, in seconds; it doubles.
FIRST_WAIT_S = 1.0


class Purse(Protocol):
    """Who holds the money."""

    async def reserve(self, model: str, most_usd: float) -> int:
        """Sets money aside for one call; returns the reservation's number. May raise what it
        likes, which stops the chain. If it is cancelled, nothing stays set aside."""
        ...

    async def release(self, n: int, cost_usd: float | None) -> None:
        """The call of this reservation brought no answer. It cost this much; None: nobody
        knows, so it counts as all that was set aside."""
        ...


class Chain:
    """Some routes in their order. `said` is what a person should know about the choice of
    them, or "". `patience_s` is how long after its first try a model is asked again."""

    def __init__(
        self,
        routes: Sequence[Route],
        patience_s: float,
        *,
        said: str = "",
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self.routes = tuple(routes)
        self.said = said
        self._patience_s = patience_s
        self._monotonic = monotonic
        self._sleep = sleep
        self._dice = dice

    @property
    def context_tokens(self) -> int:
        """What the first model takes in; a longer request is TooLong for it. 0: no model."""
        return self.routes[0].context_tokens if self.routes else 0

    async def chat(self, request: Request, purse: Purse) -> tuple[Reply, int]:
        """The answer, and the number of the reservation that the caller settles with its cost.

        Raises TooLong if the messages must become shorter, another ModelError if no model
        answered (with a line for each), and whatever the purse raises.
        """
        failures: list[ModelError] = []
        for index, route in enumerate(self.routes):
            try:
                return await self._ask(route, request, purse)
            except TooLong as long:
                failures.append(long)
                later = self.routes[index + 1 :]
                if not any(other.context_tokens > route.context_tokens for other in later):
                    break
            except ModelError as failure:
                failures.append(failure)
        raise _together(failures)

    async def _ask(self, route: Route, request: Request, purse: Purse) -> tuple[Reply, int]:
        """Asks one model until it answers, or there is no use in asking it again."""
        began = self._monotonic()
        for again in range(TRIES_AGAIN + 1):
            try:
                return await _try(route, request, purse)
            except Busy as busy:
                wait_s = busy.retry_after_s
                if wait_s is None:
                    wait_s = FIRST_WAIT_S * 2**again * (0.5 + self._dice())
                waited_s = self._monotonic() - began + wait_s
                _log.info("a model was busy", extra={"reason": str(busy), "attempt": again + 1})
                if again == TRIES_AGAIN or waited_s > self._patience_s:
                    raise
                await self._sleep(wait_s)
        raise AssertionError("the last try has returned or raised")


async def _try(route: Route, request: Request, purse: Purse) -> tuple[Reply, int]:
    """One call and its money."""
    number = await purse.reserve(route.name, route.price.most(request))
    try:
        reply = await route.chat(request)
    except BaseException as stopped:  # also a cancellation: the money must not stay set aside
        free = isinstance(stopped, ModelError) and stopped.free
        await asyncio.shield(purse.release(number, 0.0 if free else None))
        raise
    cost_usd = reply.cost_usd or route.price.booked(request, reply)
    return replace(reply, model=route.name, cost_usd=cost_usd), number


def _together(failures: Sequence[ModelError]) -> ModelError:
    """One error for all: too long if shortening helps, busy if waiting does."""
    if not failures:
        return Refusing("No model is configured. Name one in FACTOTUM_MODEL")
    kinds = (TooLong, Busy, type(failures[0]))
    kind = next(kind for kind in kinds if any(isinstance(one, kind) for one in failures))
    message = "\n".join(str(failure) for failure in failures)
    waits = [one.retry_after_s for one in failures if one.retry_after_s is not None]
    together: ModelError = kind(message)
    together.retry_after_s = min(waits, default=None)
    together.free = all(failure.free for failure in failures)
    return together
