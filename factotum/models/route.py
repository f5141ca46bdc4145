"""A route is one model that can be asked: over chat completions, an Ollama, or litellm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Protocol

from factotum.agent.talk import Reply, Request
from factotum.models.body import INSTEAD, body_of, disliked, without
from factotum.models.errors import Garbled
from factotum.models.parse import reply_of, value_of
from factotum.models.price import Facts, Price
from factotum.models.refusal import in_answer, refusal
from factotum.models.way import Way
from factotum.models.wire import Wire


class Route(Protocol):
    """One model. `local` says whether what is said stays in the person's own network."""

    @property
    def name(self) -> str: ...
    @property
    def local(self) -> bool: ...
    @property
    def price(self) -> Price: ...
    @property
    def sees(self) -> bool: ...
    @property
    def context_tokens(self) -> int: ...

    async def chat(self, request: Request) -> Reply:
        """One call, no second try. Raises ModelError. `cost_usd` is 0 unless it was told."""
        ...


def utc_now() -> datetime:
    return datetime.now(UTC)


class Known:
    """What all kinds know about their model; it is looked up when it is first asked for."""

    def __init__(self, way: Way, facts: Callable[[], Facts]) -> None:
        self.way = way
        self._look_up = facts

    @cached_property
    def _facts(self) -> Facts:
        return self._look_up()

    @property
    def name(self) -> str:
        return self.way.name

    @property
    def local(self) -> bool:
        return self.way.local

    @property
    def price(self) -> Price:
        return self._facts.price

    @property
    def sees(self) -> bool:
        return self._facts.sees

    @property
    def context_tokens(self) -> int:
        return self._facts.context_tokens

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"


class Wired(Known):
    """A model that is reached over our own wire."""

    def __init__(
        self,
        way: Way,
        facts: Callable[[], Facts],
        wire: Wire,
        timeout_s: float,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(way, facts)
        self._wire = wire
        self._timeout_s = timeout_s
        self._now = now
        #: Fields that this model has refused.
        self._dislikes: set[str] = set()


class HttpRoute(Wired):
    """A server that speaks OpenAI's chat completions."""

    async def chat(self, request: Request) -> Reply:
        body = body_of(request, self.way, sees=self.sees)
        headers = {"Authorization": f"Bearer {self.way.key}"} if self.way.key else {}
        while True:
            asked = without(body, self._dislikes)
            answer = await self._wire.exchange(
                "POST",
                f"{self.way.base_url}/chat/completions",
                asked,
                headers,
                name=self.name,
                timeout_s=self._timeout_s,
                local=self.local,
            )
            # Newer models refuse fields that older ones need. What was refused costs nothing.
            field = disliked(answer.status, answer.data, asked)
            if not field or INSTEAD[field] in self._dislikes:
                break  # and never without any limit: then the most it costs would be unknown
            self._dislikes.add(field)
        if answer.status != 200:
            raise refusal(answer.status, answer.headers, answer.data, self.way, self._now())
        try:
            value = value_of(answer.data)
            if wrong := in_answer(value, self.way, self._now()):
                raise wrong
            return reply_of(value, request, tells_cost=self.way.provider.tells_cost)
        except Garbled as garbled:
            raise Garbled(f"{self.name}: {str(garbled).removeprefix(f'{self.name}: ')}") from None
