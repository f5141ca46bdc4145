"""What a refusal or a broken line means: whether anything may have been sent.

The library's errors end here. A connection that was never made sent nothing; a line that broke
after that may have, and only what Telegram itself says of a request is certain.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from factotum import log
from factotum.channels.contract import ChannelError, Gone, Lost, NotSent, Refused

if TYPE_CHECKING:
    from telegram.error import RetryAfter, TelegramError

logger = log.get("factotum.channels.telegram")

#: How long is waited where only the owner can mend it, in seconds: a bot that was blocked, a token
#: that was taken back.
OWNERS_S = 60.0

NO_BOT = (
    "Telegram knows no bot with this token: it was cut short, or revoked. /token at @BotFather "
    "shows the one that holds: factotum channels login telegram --new-token"
)

#: How Telegram says that a message cannot be changed any more, and that it shows that already.
GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
SAME = "message is not modified"
#: How it says, besides forbidding it, that the bot cannot write there.
CLOSED = ("chat not found", "peer_id_invalid")


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Raises our errors in place of the library's. `what` is done, in a word, for the message."""
    from telegram.error import TelegramError

    try:
        yield
    except TelegramError as error:
        if (ours := _meaning(error, what)) is not None:
            raise ours from None
    except (LookupError, TypeError, ValueError, AttributeError) as odd:  # the library's, on reading
        logger.warning("what answered is not Telegram", exc_info=odd)
        raise Lost(f"what answered is not Telegram ({type(odd).__name__})") from None


def _meaning(error: TelegramError, what: str) -> ChannelError | None:
    """What an error of the library's means; None where all is as it should be."""
    from telegram.error import (
        BadRequest,
        ChatMigrated,
        Conflict,
        Forbidden,
        InvalidToken,
        NetworkError,
        RetryAfter,
    )

    match error:
        case RetryAfter():
            return NotSent(f"Telegram wants a pause ({what})", _seconds(error), flood=True)
        case InvalidToken():
            return NotSent(NO_BOT, OWNERS_S)
        case Forbidden():
            return _closed(error.message)
        case BadRequest():  # one of the network's, so before those
            return _bad(error.message)
        case Conflict() | ChatMigrated():
            return Refused(f"Telegram does not take it ({error.message})")
        case NetworkError() if _never_left(error):
            return NotSent(f"Telegram is not reached ({_told(error)})")
        case NetworkError():
            return Lost(f"the answer of Telegram was lost ({_told(error)})")
        case _:
            return Lost(f"Telegram answered with something unknown ({_told(error)})")


def _bad(message: str) -> ChannelError | None:
    """What it means that Telegram calls a request bad."""
    text = message.casefold()
    if SAME in text:
        return None
    if any(sign in text for sign in CLOSED):
        return _closed(message)
    if any(sign in text for sign in GONE):
        return Gone(message)
    return Refused(f"Telegram does not take it ({message})")


def _closed(why: str) -> NotSent:
    return NotSent(
        f"Telegram lets the bot write nothing to you ({why}). Open the chat with your bot and "
        f"tap Start",
        OWNERS_S,
        here=True,
    )


def _seconds(flood: RetryAfter) -> float:
    wait = flood.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _never_left(broken: BaseException) -> bool:
    """Whether the connection was never made, so that no byte of it was sent."""
    import httpx

    cause = broken.__cause__
    never = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
    return isinstance(cause, never)


def _told(broken: BaseException) -> str:
    """What went wrong, without the address, in which the token stands."""
    cause = broken.__cause__ or broken
    return type(cause).__name__
