"""How tests talk to the server: by a plain request, or by python-telegram-bot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

import telegram
from telegram.request import HTTPXRequest
from tests.patience import PATIENCE_S
from tests.servers.telegram.server import TelegramServer

Given = TypeVar("Given")


def with_bot(
    server: TelegramServer, do: Callable[[telegram.Bot], Awaitable[Given]], token: str = ""
) -> Given:
    """What `do` gives with a telegram.Bot that talks to the server."""

    def request() -> HTTPXRequest:
        return HTTPXRequest(
            httpx_kwargs={"verify": False}, read_timeout=PATIENCE_S, connect_timeout=PATIENCE_S
        )

    async def run() -> Given:
        bot = telegram.Bot(
            token or server.token, base_url=server.base_url, base_file_url=server.base_file_url,
            request=request(), get_updates_request=request(),
        )  # fmt: skip
        async with bot:
            return await do(bot)

    return asyncio.run(run())


def post(server: TelegramServer, method: str, **params: Any) -> Any:
    """The whole answer to a plain request with JSON in it."""
    url = f"{server.base_url}{server.token}/{method}"
    return httpx.post(url, json=params, timeout=PATIENCE_S, verify=False).json()
