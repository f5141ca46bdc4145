"""One message handed to a channel, and what is known of it then. Decides nothing.

All that is sent or changed goes through here, so that whoever keeps the books hears of a few ends
and no other: nothing was sent, it is not taken, it may stand there and may not, or it is gone.
"""

from __future__ import annotations

from factotum import log
from factotum.channels.contract import Channel, Gone, Lost, Message, NotSent, Refused
from factotum.outbox import Row
from factotum.redaction import black_out

logger = log.get("factotum.channels")


def message_of(row: Row) -> Message:
    """What the row is to show. Raises Refused for what cannot be read, as another version of
    this program may have written it."""
    try:
        return Message.from_json(dict(row.wanted))
    except (LookupError, TypeError, ValueError, AttributeError) as odd:
        why = f"what was to be said cannot be read ({type(odd).__name__}: {odd})"
        raise Refused(why) from odd


async def hand_over(channel: Channel, chat: str, message: Message) -> str:
    """The id of what stands there now. Raises NotSent, Refused or Lost and no other error:
    whatever else breaks may have broken after the message had left."""
    try:
        return await channel.send(chat, message)
    except (NotSent, Refused, Lost):
        raise
    except Gone as gone:  # there was nothing to change, so it is simply a no
        raise Refused(str(gone)) from None
    except Exception as odd:
        logger.error("a send broke", exc_info=odd)
        raise Lost(black_out(f"sending it broke ({type(odd).__name__}: {odd})")) from odd


async def change(channel: Channel, chat: str, id: str, message: Message) -> None:
    """Has the message that stands there show this. Raises NotSent, Refused or Gone and no other
    error: showing the same once more does no harm, so whatever else breaks is tried again."""
    try:
        await channel.edit(chat, id, message)
    except (NotSent, Refused, Gone):
        raise
    except Lost as lost:
        raise NotSent(str(lost)) from None
    except Exception as odd:
        logger.error("a change broke", exc_info=odd)
        raise NotSent(black_out(f"changing it broke ({type(odd).__name__}: {odd})")) from odd
