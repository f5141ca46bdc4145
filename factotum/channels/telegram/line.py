"""The line to Telegram: a bot, and the connections by which it asks. Nothing is asked here."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from factotum.channels.telegram import lean
from factotum.settings import Settings

if TYPE_CHECKING:
    from telegram import Bot
    from telegram.request import BaseRequest

#: How long one request may take, and how long a connection may take to be made, in seconds.
ANSWER_S, CONNECT_S = 20.0, 10.0
#: How long a file may take to be sent or fetched, in seconds.
FILE_S = 120.0


@dataclass(frozen=True)
class Line:
    """Begin and end it in one event loop. The bot's own `initialize` asks Telegram who it is, so
    it fails without a network; this does not."""

    bot: Bot
    asking: BaseRequest
    polling: BaseRequest

    async def begin(self) -> None:
        await asyncio.gather(self.asking.initialize(), self.polling.initialize())

    async def end(self) -> None:
        await asyncio.gather(self.asking.shutdown(), self.polling.shutdown())


def api_of(settings: Settings) -> str:
    """The address of the Bot API, without a slash at its end."""
    return settings.text("TELEGRAM_API_URL").rstrip("/") or "https://api.telegram.org"


def line_of(settings: Settings, token: str = "") -> Line:
    """The line of this house, or of the bot that `token` is for."""
    httpx = lean.httpx()  # before the library loads it
    from telegram import Bot
    from telegram.request import HTTPXRequest

    api, proxy = api_of(settings), settings.text("TELEGRAM_PROXY") or None
    # a proxy is named in the settings, or there is none; whom to trust is read once, it is 1 MB
    plain = {"trust_env": False, "verify": httpx.create_ssl_context(trust_env=False)}

    def request(connections: int) -> HTTPXRequest:
        return HTTPXRequest(
            connections,
            read_timeout=ANSWER_S,
            write_timeout=ANSWER_S,
            connect_timeout=CONNECT_S,
            pool_timeout=CONNECT_S,
            media_write_timeout=FILE_S,
            proxy=proxy,
            httpx_kwargs=plain,
        )

    asking, polling = request(8), request(1)
    bot = Bot(
        token or settings.text("TELEGRAM_TOKEN"),
        base_url=f"{api}/bot",
        base_file_url=f"{api}/file/bot",
        request=asking,
        get_updates_request=polling,
    )
    return Line(bot, asking, polling)
