"""Whether Telegram answers is known at once, not when a question that it holds has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from factotum.channels.telegram.poller import Poller
from tests.patience import SOON_S
from tests.servers.telegram import TelegramServer, server_running
from tests.servers.telegram.trying import with_bot


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with server_running() as server:
        yield server


def test_it_is_known_at_once_that_telegram_answers_again(server: TelegramServer) -> None:
    async def poll(bot: object) -> None:
        well, ill = asyncio.Event(), asyncio.Event()
        poller = Poller(bot, lambda _: None, well.set, lambda _: ill.set())  # type: ignore[arg-type]
        polling = asyncio.create_task(poller.run())
        async with asyncio.timeout(SOON_S):  # it holds one for 50 s
            await well.wait()
            well.clear()
            await asyncio.to_thread(server.waits_for_call, "getUpdates", 2)
            await asyncio.to_thread(server.cut)
            await ill.wait()
            await asyncio.to_thread(server.mend)
            await well.wait()
        polling.cancel()

    with_bot(server, poll)
    held = [call.params["timeout"] for call in server.called("getUpdates")]
    assert held[:2] == [0, 50]
