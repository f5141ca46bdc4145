"""Who is asked next, how long is waited, and what becomes of the money each time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from factotum.agent.talk import Reply, Request, Usage
from factotum.models import (
    Busy,
    Chain,
    Choice,
    Garbled,
    ModelError,
    Models,
    Price,
    Refusing,
    TooLong,
)
from tests.models.talking import HELLO, Broke, Clock, Purse, ask, settings_of
from tests.servers.model import Answer, ScriptedModelServer, cut, raw, slow, status
from tests.servers.ports import free_port

BUSY = Busy("busy", free=True)


@dataclass
class Scripted:
    """A route that says or raises its lines in order."""

    name: str
    lines: list[Reply | BaseException]
    price: Price = field(default_factory=lambda: Price(10.0, 20.0))
    context_tokens: int = 8192
    local: bool = False
    sees: bool = False

    async def chat(self, request: Request) -> Reply:
        line = self.lines.pop(0)
        if isinstance(line, BaseException):
            raise line
        return line


def run(
    routes: Iterable[Scripted],
    purse: Purse | None = None,
    clock: Clock | None = None,
    dice: float = 0.5,
) -> tuple[Reply, int]:
    clock = clock or Clock()
    chain = Chain(list(routes), 60.0, monotonic=clock, sleep=clock.sleep, dice=lambda: dice)
    return asyncio.run(chain.chat(HELLO, purse or Purse()))


def test_the_answer_has_its_model_its_cost_and_its_reservation() -> None:
    purse = Purse()
    said = Reply("hi", usage=Usage(1000, 100, 0))
    reply, number = run([Scripted("openai/a", [said])], purse)
    assert (reply.text, reply.model, number) == ("hi", "openai/a", 1)
    assert reply.cost_usd == pytest.approx((1000 * 10 + 100 * 20) / 1e6)
    ((model, most),) = purse.reserved
    assert model == "openai/a"
    assert most > HELLO.max_tokens * 20 / 1e6
    assert purse.released == []  # the caller settles it


def test_a_cost_that_was_told_is_taken() -> None:
    reply, _ = run([Scripted("a/b", [Reply("hi", usage=Usage(1000, 100), cost_usd=0.5)])])
    assert reply.cost_usd == 0.5


@pytest.mark.parametrize(
    ("failure", "cost"),
    [
        (Busy("no", free=True), 0.0),
        (Busy("no"), None),
        (Refusing("no"), 0.0),
        (Garbled("no"), None),
        (TooLong("no"), 0.0),
        (OSError("a bug"), None),
    ],
)
def test_money_comes_back_only_where_nothing_can_have_been_charged(
    failure: Exception, cost: float | None
) -> None:
    purse, lines = Purse(), [failure] * 3
    with pytest.raises(type(failure)):
        run([Scripted("a/b", [*lines])], purse)
    assert purse.released == [(n, cost) for n in range(1, len(purse.reserved) + 1)]


def test_a_busy_model_is_asked_twice_more_then_the_next() -> None:
    clock, purse = Clock(), Purse()
    first, second = Scripted("a/1", [BUSY, BUSY, BUSY]), Scripted("a/2", [Reply("hi")])
    reply, number = run([first, second], purse, clock)
    assert (reply.model, number) == ("a/2", 4)
    assert clock.slept == [1.0, 2.0]
    assert purse.released == [(1, 0.0), (2, 0.0), (3, 0.0)]


@pytest.mark.parametrize(("dice", "slept"), [(0.0, [0.5, 1.0]), (1.0, [1.5, 3.0])])
def test_not_everybody_comes_back_at_once(dice: float, slept: list[float]) -> None:
    clock = Clock()
    with pytest.raises(Busy):
        run([Scripted("a/1", [BUSY, BUSY, BUSY])], None, clock, dice)
    assert clock.slept == slept


def test_the_server_says_how_long_to_wait() -> None:
    clock = Clock()
    asked = Busy("no", retry_after_s=7.0, free=True)
    assert run([Scripted("a/1", [asked, Reply("hi")])], None, clock)[0].text == "hi"
    assert clock.slept == [7.0]


def test_nobody_is_waited_for_longer_than_patience() -> None:
    clock = Clock()
    long = Busy("no", retry_after_s=61.0, free=True)
    assert run([Scripted("a/1", [long]), Scripted("a/2", [Reply("hi")])], None, clock)[1] == 2
    assert clock.slept == []


def test_waits_are_counted_together() -> None:
    clock = Clock()
    half = Busy("no", retry_after_s=40.0, free=True)
    with pytest.raises(Busy):
        run([Scripted("a/1", [half, half, half])], None, clock)
    assert clock.slept == [40.0]  # twice would be more than 60


@pytest.mark.parametrize("failure", [Refusing("no"), Garbled("no")])
def test_who_will_not_answer_better_is_not_asked_again(failure: ModelError) -> None:
    clock = Clock()
    reply, number = run([Scripted("a/1", [failure]), Scripted("a/2", [Reply("hi")])], None, clock)
    assert (reply.model, number, clock.slept) == ("a/2", 2, [])


@pytest.mark.parametrize(("window", "tried"), [(8192, False), (100_000, True)])
def test_what_is_too_long_only_goes_to_who_takes_more(window: int, tried: bool) -> None:
    purse = Purse()
    second = Scripted("a/2", [Reply("hi")], context_tokens=window)
    routes = [Scripted("a/1", [TooLong("too long")]), second]
    if tried:
        assert run(routes, purse)[0].model == "a/2"
    else:
        with pytest.raises(TooLong):
            run(routes, purse)
    assert len(purse.reserved) == 1 + tried


def test_all_reasons_are_told_and_the_kindest_counts() -> None:
    lines = [Refusing("a/1: key"), Busy("a/2: late", retry_after_s=90.0), Garbled("a/3: junk")]
    routes = [Scripted(f"a/{n}", [line]) for n, line in enumerate(lines, 1)]
    with pytest.raises(Busy) as failed:
        run([*routes, Scripted("a/4", [Busy("a/4: late", retry_after_s=70.0)])])
    assert str(failed.value) == "a/1: key\na/2: late\na/3: junk\na/4: late"
    assert failed.value.retry_after_s == 70.0
    with pytest.raises(TooLong):  # shortening helps, whoever else was busy
        run([
            Scripted("a/1", [TooLong("a/1: long")]),
            Scripted("a/2", [Refusing("a/2: key")], context_tokens=9000),
        ])  # fmt: skip
    with pytest.raises(Refusing):
        run([Scripted("a/1", [Refusing("a/1: key")]), Scripted("a/2", [Garbled("a/2: junk")])])


def test_without_a_model_it_says_so() -> None:
    with pytest.raises(Refusing, match="FACTOTUM_MODEL"):
        run([])


def test_an_empty_purse_stops_the_chain() -> None:
    with pytest.raises(Broke):
        run([Scripted("a/1", [Reply("hi")]), Scripted("a/2", [Reply("hi")])], Purse(0.001))


def test_a_cancelled_call_gives_its_reservation_up() -> None:
    purse = Purse()

    async def whole(server: ScriptedModelServer) -> None:
        async def asking() -> None:
            settings = settings_of(MODEL="openai/m", MODEL_BASE_URL=server.base_url)
            models = Models(settings, {}, Choice("openai/m", "a test"))
            try:
                await models.for_agent().chat(HELLO, purse)
            finally:
                await models.close()

        task = asyncio.create_task(asking())
        while not server.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with ScriptedModelServer([slow(30)]) as server:
        asyncio.run(whole(server))
    assert purse.released == [(1, None)]


# -- over real connections


@pytest.mark.parametrize(
    ("trouble", "tries", "cost"),
    [
        (status(429, headers={"Retry-After": "2"}), 3, 0.0),
        (status(500), 3, None),
        (status(401), 1, 0.0),
        (raw(b"junk"), 1, None),
        (cut(), 3, None),
    ],
)
def test_a_fallback_takes_over(trouble: Any, tries: int, cost: float | None) -> None:
    purse, clock = Purse(), Clock()

    def script(body: dict[str, Any]) -> Any:
        return trouble if body["model"] == "first" else Answer("hi", sent=10, answered=5)

    with ScriptedModelServer(script) as server:
        settings = settings_of(
            MODEL="openai/first", FALLBACK_MODELS="openai/second", MODEL_BASE_URL=server.base_url,
            MODEL_PRICE_IN="1", MODEL_PRICE_OUT="2",
        )  # fmt: skip
        reply = ask(settings, purse=purse, clock=clock)
        assert [body["model"] for body in server.requests] == ["first"] * tries + ["second"]
    assert (reply.text, reply.model, reply.cost_usd) == ("hi", "openai/second", 0.0)
    assert purse.released == [(n, cost) for n in range(1, tries + 1)]
    assert purse.reserved[0][1] > 0 == purse.reserved[-1][1]


def test_who_is_not_there_costs_nothing_and_the_next_is_asked() -> None:
    purse = Purse()
    with ScriptedModelServer(["hi"]) as server:
        reply = ask(
            settings_of(
                MODEL="openai/first", MODEL_BASE_URL=f"http://127.0.0.1:{free_port()}/v1",
                FALLBACK_MODELS="ollama/second", MODEL_PATIENCE_S="0",
            ),
            {"OLLAMA_HOST": server.origin},
            purse=purse,
        )  # fmt: skip
    assert (reply.model, purse.released) == ("ollama/second", [(1, 0.0)])


def test_a_call_that_takes_too_long_is_not_made_again_without_patience() -> None:
    purse = Purse()
    with ScriptedModelServer([slow(30)]) as server:
        settings = settings_of(
            MODEL="openai/m", MODEL_BASE_URL=server.base_url, MODEL_TIMEOUT_S="1",
            MODEL_PATIENCE_S="0",
        )  # fmt: skip
        with pytest.raises(Busy, match="no answer within 1 s"):
            ask(settings, purse=purse)
    assert purse.released == [(1, None)]
