"""Which bot a token is for: the one question that is asked before anything else is.

The token never gets into an error: what the library says of a refusal holds it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from factotum.channels.telegram.line import api_of, line_of
from factotum.settings import Settings

#: How long Telegram may take to answer, in seconds.
ANSWER_S = 15.0


class NoBot(Exception):
    """The token is for no bot, or Telegram was not reached; says which, and what to do."""


@dataclass(frozen=True)
class Bot:
    """A bot by its number, and its name without the @."""

    id: str
    username: str
    name: str

    def link(self, code: str) -> str:
        """What opens a chat with it in which the code is sent by one tap.
        Source: core.telegram.org/bots/features, “Deep linking”."""
        return f"https://t.me/{self.username}?start={code}"


def ask(settings: Settings, token: str) -> Bot:
    """Raises NoBot."""
    return asyncio.run(_ask(settings, token))


async def _ask(settings: Settings, token: str) -> Bot:
    from telegram.error import InvalidToken, TelegramError

    line = line_of(settings, token)
    try:
        async with asyncio.timeout(ANSWER_S):
            me = await line.bot.get_me()
    except InvalidToken:
        raise NoBot(
            "Telegram knows no bot with this token. Copy it once more from @BotFather: it is "
            "digits, a colon and 35 characters"
        ) from None
    except (TimeoutError, TelegramError, LookupError, TypeError, ValueError) as failed:
        # or it is no Telegram at all that answers
        proxied = settings.text("TELEGRAM_PROXY")
        way = "by the proxy of FACTOTUM_TELEGRAM_PROXY" if proxied else "directly"
        raise NoBot(
            f"{api_of(settings)} was not reached {way} ({type(failed).__name__}). Is this machine "
            f"online, and may it get there? docs/telegram.md says how to use a proxy"
        ) from None
    finally:
        await line.end()
    return Bot(str(me.id), me.username or "", me.first_name)
