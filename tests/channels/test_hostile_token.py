"""Somebody else has the token: what they can do with it is noticed, and is no yes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from factotum.channels.telegram.poller import VISITS_MOST, Poller
from tests.servers.telegram import TelegramServer, server_running
from tests.servers.telegram.trying import with_bot


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with server_running() as server:
        yield server


def polls(server: TelegramServer, meanwhile: Any, **more: Any) -> None:
    """Our poller at work while `meanwhile` happens."""

    async def poll(bot: Any) -> None:
        well = asyncio.Event()
        poller = Poller(bot, lambda _: None, well.set, lambda _: None, **more)
        polling = asyncio.create_task(poller.run())
        async with asyncio.timeout(10):
            await well.wait()
            await asyncio.to_thread(server.waits_for_call, "getUpdates", 2)
            await asyncio.to_thread(meanwhile)
        polling.cancel()

    with_bot(server, poll)


@pytest.mark.slow
def test_who_reads_along_now_and_then_is_noticed_though_every_other_question_is_answered(
    server: TelegramServer,
) -> None:
    seen = threading.Event()
    ada = server.person(7, "Ada")

    def thief() -> None:
        for n in range(VISITS_MOST):
            server.waits_for_call("getUpdates", len(server.called("getUpdates")))
            server.updates.end_waiting("Conflict: terminated by other getUpdates request")
            ada.says(f"and all is well again, {n}")
            server.waits_for_call("getUpdates", len(server.called("getUpdates")) + 2)
        assert seen.wait(5)

    polls(server, thief, visited=seen.set)


def test_one_start_beside_another_is_no_visit(server: TelegramServer) -> None:
    seen = threading.Event()

    def once() -> None:
        server.updates.end_waiting("Conflict: terminated by other getUpdates request")
        server.waits_for_call("getUpdates", 3)

    polls(server, once, visited=seen.set)
    assert not seen.is_set()


def test_a_server_that_holds_no_question_is_not_asked_without_end(server: TelegramServer) -> None:
    def hasty() -> None:
        threading.Event().wait(1.2)

    held = server.updates.get

    def given(offset: int, limit: int, timeout_s: float, allowed: list[str] | None) -> Any:
        return held(offset, limit, 0.0, allowed)

    server.updates.get = given  # type: ignore[method-assign]
    polls(server, hasty)
    assert len(server.called("getUpdates")) < 8
