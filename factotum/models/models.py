"""All the models of an office: one chain for everybody, and one for who names its own.

Building it costs nothing: no import, no file, no connection.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from factotum.models.chain import Chain
from factotum.models.choose import Choice, Proposal
from factotum.models.errors import Refusing
from factotum.models.litellm_route import LitellmRoute
from factotum.models.ollama_route import OllamaRoute
from factotum.models.price import Facts, facts_of, price_list
from factotum.models.providers import OLLAMA
from factotum.models.route import HttpRoute, Route, utc_now
from factotum.models.way import Way, way_to
from factotum.models.wire import Wire
from factotum.settings import Settings


class Models:
    """What `choose` chose, and the fallbacks. `environ` is what `way.surroundings` returns.

    `problems` are the named models that cannot be asked, a line each.
    """

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        choice: Choice,
        *,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._environ = dict(environ)
        self._choice = choice
        self._now = now
        self._monotonic = monotonic
        self._sleep = sleep
        self._wire = Wire(proxies=settings.text("MODEL_PROXY") == "environment")
        self._routes: dict[str, Route] = {}
        self.problems: tuple[str, ...] = ()
        self._usual = self._resolved(self._names())

    @property
    def configured(self) -> bool:
        """Whether there is a model at all; without one, playbooks work alone."""
        return bool(self._usual)

    @property
    def why(self) -> str:
        """Which model and why, or why there is none."""
        if self._usual:
            return f"{self._usual[0].name}: {self._choice.why}"
        return "; ".join(self.problems) or self._choice.why

    @property
    def proposed(self) -> Proposal | None:
        """What could be used with the owner's yes, where there is no model."""
        return None if self.configured else self._choice.proposed

    @property
    def routes(self) -> tuple[Route, ...]:
        """The models that everybody uses, in their order."""
        return self._usual

    def secrets(self) -> tuple[str, ...]:
        """The keys that lie around: they must appear in no log."""
        return tuple(self.keys().values())

    def keys(self) -> dict[str, str]:
        """The same by the names of their variables."""
        return {name: text for name, text in self._environ.items() if name.endswith("_KEY")}

    def for_agent(self, model: str | None = None) -> Chain:
        """The chain of an agent, which may name a model of its own; the usual ones follow it.

        If its own cannot be asked, `Chain.said` says why.
        """
        said = ""
        own: tuple[Route, ...] = ()
        if model and self._settings.text("MODEL") == "none":
            said = f"{model}: FACTOTUM_MODEL is none, so no model is asked"
        elif model:
            try:
                own = (self._route(model),)
            except Refusing as refused:
                said = str(refused)
        rest = tuple(route for route in self._usual if route not in own)
        patience_s = self._settings.seconds("MODEL_PATIENCE_S")
        return Chain(
            own + rest, patience_s, said=said, monotonic=self._monotonic, sleep=self._sleep
        )

    async def close(self) -> None:
        await self._wire.close()

    def _names(self) -> list[str]:
        """The names in their order, each once; no fallback without a model."""
        if not self._choice.model:
            return []
        others = re.split(r"\s*,\s*", self._settings.text("FALLBACK_MODELS"))
        return list(dict.fromkeys(name for name in (self._choice.model, *others) if name))

    def _resolved(self, names: list[str]) -> tuple[Route, ...]:
        found, problems = [], []
        for name in names:
            try:
                found.append(self._route(name))
            except Refusing as refused:
                problems.append(str(refused))
        self.problems = tuple(problems)
        return tuple(found)

    def _route(self, name: str) -> Route:
        """The route to this model, the same one each time. Raises Refusing."""
        if name not in self._routes:
            way = way_to(name, self._settings, self._environ, self._choice.model)
            self._routes[name] = self._new_route(way)
        return self._routes[name]

    def _new_route(self, way: Way) -> Route:
        first = way.name in (self._choice.model, f"openrouter/{self._choice.model}")

        def facts() -> Facts:
            listed = price_list()
            return facts_of(way, self._settings, self._environ, first=first, listed=listed)

        timeout_s = self._settings.seconds("MODEL_TIMEOUT_S")
        if way.provider is OLLAMA:
            return OllamaRoute(way, facts, self._wire, timeout_s, self._now)
        if way.base_url:
            return HttpRoute(way, facts, self._wire, timeout_s, self._now)
        return LitellmRoute(way, facts, timeout_s, self._now)
