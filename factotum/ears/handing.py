"""Handing in, so that one thing which cannot be made a note holds up none of the others.

What came is never thrown away: of such a thing there is a task that says where to look. A disk
that fails is no reason for that; it is waited for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from factotum import log
from factotum.drop import Drop
from factotum.inert import one_line
from factotum.mailroom import Mailroom
from factotum.model import KINDS

logger = log.get("factotum.ears")

#: What passes: it is tried again, with everything in hand.
PASSES = (OSError, sqlite3.OperationalError)
#: How much is shown of a title or a sender that cannot be shown as it is, in characters.
SHOWN_CHARS = 200


def take(
    room: Mailroom, drops: Sequence[Drop], now: float, cursor: str, part: str, teller: str
) -> bool:
    """Makes tasks of them, and remembers the cursor with the last; whether any was new. Raises
    what passes. Use it on the thread that owns the ledger."""
    new = bool(room.unseen(drops))
    try:
        room.take_all(drops, now, cursor, part, teller)
    except PASSES:
        raise
    except Exception as broken:  # one of them is at fault, and it will be again
        logger.warning("handed in one by one", extra={"source": teller}, exc_info=broken)
        for drop in drops:
            _take_one(room, drop, now, teller)
        if cursor:
            room.remember(teller, cursor, part)
    return new


def _take_one(room: Mailroom, drop: Drop, now: float, teller: str) -> None:
    try:
        room.take_all([drop], now, teller=teller)
    except PASSES:
        raise
    except Exception as broken:
        logger.error("not made a note", extra={"source": teller}, exc_info=broken)
        room.take_all([_bare(drop, type(broken).__name__)], now, teller=teller)


def _bare(drop: Drop, why: str) -> Drop:
    """That there is something, and nothing of what it holds."""
    return Drop(
        drop.source,
        drop.source_id,
        drop.kind if drop.kind in KINDS else "note",
        _plain(drop.title) or "Something that cannot be read",
        "",
        drop.trust,
        _plain(drop.sender),
        remarks=(
            f"what came cannot be made a note ({why}): none of it is here. Look at it where it "
            f"came from, {_plain(drop.source)}",
        ),
    )


def _plain(text: object) -> str:
    return one_line(str(text).encode(errors="replace").decode(), SHOWN_CHARS)
