"""Models for a test: settings in, a chain over real connections out, and a purse that tells."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from factotum.agent.talk import Reply, Request
from factotum.models import Models, choose
from factotum.models.price import Facts, Price
from factotum.models.way import Way, way_to
from factotum.settings import Settings, load
from tests.patience import PATIENCE_S

HELLO = Request([{"role": "system", "content": "Be short."}, {"role": "user", "content": "hello"}])

#: No key, but it looks like one, so that a leak would be seen.
CANARY = "sk-canary-0000-not-a-key-0000"

FREE = Facts(Price(0.0, 0.0), 8192, False)


def settings_of(**named: str) -> Settings:
    """`settings_of(MODEL="openai/x")` is FACTOTUM_MODEL=openai/x and nothing else."""
    return load({f"FACTOTUM_{name}": text for name, text in named.items()})


def way(name: str, environ: Mapping[str, str] | None = None, **named: str) -> Way:
    """The way to a model that FACTOTUM_MODEL names."""
    return way_to(name, settings_of(MODEL=name, **named), environ or {}, name)


@dataclass
class Purse:
    """Writes down what is set aside and given back. `left_usd` is what it holds."""

    left_usd: float = 100.0
    reserved: list[tuple[str, float]] = field(default_factory=list)
    released: list[tuple[int, float | None]] = field(default_factory=list)

    async def reserve(self, model: str, most_usd: float) -> int:
        if most_usd > self.left_usd:
            raise Broke(f"{most_usd} USD")
        self.reserved.append((model, most_usd))
        return len(self.reserved)

    async def release(self, n: int, cost_usd: float | None) -> None:
        self.released.append((n, cost_usd))


class Broke(Exception):
    """There is no money left."""


@dataclass
class Clock:
    """Sleeping moves it on; nothing waits."""

    at_s: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.at_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at_s += seconds


Deed = Callable[[Models], Awaitable[object]]


def with_models(
    deed: Deed,
    settings: Settings,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> object:
    """Runs `deed` with the models that these settings name, and closes them."""
    clock = clock or Clock()

    async def whole() -> object:
        choice = await choose(settings, environ or {}, PATIENCE_S)
        models = Models(settings, environ or {}, choice, monotonic=clock, sleep=clock.sleep)
        try:
            return await deed(models)
        finally:
            await models.close()

    return asyncio.run(whole())


def ask(
    settings: Settings,
    environ: Mapping[str, str] | None = None,
    *,
    request: Request = HELLO,
    purse: Purse | None = None,
    clock: Clock | None = None,
    agent: str | None = None,
) -> Reply:
    """One question to the chain; the reply. Raises what the chain raises."""
    purse = purse or Purse()

    async def deed(models: Models) -> Reply:
        reply, number = await models.for_agent(agent).chat(request, purse)
        assert number == len(purse.reserved)
        assert number not in {released for released, _ in purse.released}
        return reply

    reply = with_models(deed, settings, environ, clock)
    assert isinstance(reply, Reply)
    return reply


def write_list(path: Path, entries: str) -> Path:
    """A price list in the form of litellm's: four blanks before each model."""
    path.write_text('{\n    "sample_spec": {},\n' + entries + "\n}\n", encoding="utf-8")
    return path
