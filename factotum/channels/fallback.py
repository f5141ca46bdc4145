"""Other ways out: what could not be said on one channel is told by the next, once.

What is certain goes first: only what the channel refused, or what waits while it is not reached,
is handed on, never what may have been said there. A message lives in one place at a time: it is
taken from the one channel and being sent on the other in one transaction, and given back where
nothing was sent. Killed in between it counts as lost, and is told nowhere again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from factotum import log
from factotum.channels.contract import Channel, Lost, Message, NotSent, Refused
from factotum.channels.handing_over import hand_over, message_of
from factotum.channels.words import Words
from factotum.inert import one_line
from factotum.outbox import (
    DROPPED,
    FAILED,
    LOST,
    NEWS,
    SENDING,
    SENT,
    WAITING,
    Outbox,
    Row,
)
from factotum.said_kinds import ASKS, NEWS_OF

logger = log.get("factotum.channels")

#: How long a channel is not reached before the next one is used, in seconds.
FALLBACK_S = 300.0
#: How soon the next way is tried again where it did not work either, in seconds.
AGAIN_S = 60.0
#: How old what is handed on may be, in seconds: what is older is no news.
KEEP_S = 86_400.0

#: How many messages are handed on at once: another service has its own patience.
AT_ONCE = 5

#: How many titles the line names that says what waits.
TITLES_MOST, TITLE_CHARS = 5, 100


class Teller(Channel, Protocol):
    """A channel that only tells."""

    async def close(self) -> None:
        """Lets go of what was opened; it is opened again at the next send."""
        ...


@dataclass(frozen=True)
class Way:
    """A channel and the chat there."""

    channel: Teller
    chat: str

    @property
    def name(self) -> str:
        return self.channel.name.capitalize()


@dataclass(frozen=True)
class Main:
    """The channel that should say it. `unreached_since` is since when it cannot be reached
    (epoch seconds); None while it can, or while it only wants a pause."""

    channel: str
    unreached_since: float | None = None

    def is_gone(self, now: float) -> bool:
        return self.unreached_since is not None and now - self.unreached_since >= FALLBACK_S


class Fallback:
    """Use it on the thread that owns the ledger's connection."""

    def __init__(self, outbox: Outbox, ways: Sequence[Way]) -> None:
        self.outbox = outbox
        self.ways = ways

    def begin(self, now: float) -> None:
        """After a start: what was being told then is lost."""
        for name in dict.fromkeys(way.channel.name for way in self.ways):
            self.outbox.recover(name, now)

    async def step(self, main: Main, now: float) -> str:
        """Hands on what is to be handed on now. What could be told nowhere, in words for a
        person; empty when there is nothing of that kind."""
        rows = due(self.outbox, main, now)[:AT_ONCE]
        told = [await self._tell(row, now) for row in rows]
        if self.ways:
            told.append(await self._tell_of_cards(main, now))
        return next(filter(None, told), "")

    # -- one message

    async def _tell(self, row: Row, now: float) -> str:
        """Tells it by the first way that can; why none could, or an empty string."""
        try:
            message = message_of(row)
        except Refused as unreadable:
            return _untold(str(unreadable))
        why = [f"{row.channel.capitalize()}: {row.why}"]
        for way in self.ways:
            there = self.outbox.row(way.channel.name, way.chat, row.key)
            if there is not None and there.state in (SENDING, SENT, LOST):
                return ""  # another one is at it, or has been
            if there is None or (there.state != FAILED and there.not_before <= now):
                there = await self._by(way, row, message, now)
                if there is None or there.state in (SENT, LOST):
                    return ""
            why.append(f"{way.name}: {there.why}")
        return _untold("; ".join(why))

    async def _by(self, way: Way, row: Row, message: Message, now: float) -> Row | None:
        """The row there after a try; None where the message was not to be had any more."""
        message = fitting(message, way.channel)
        there = self._hand_over(way, row, message, now)
        if there is None:
            return None
        try:
            id = await hand_over(way.channel, way.chat, message)
        except NotSent as failed:
            again = now + max(failed.again_s, AGAIN_S)
            self._give_back(row, there, str(failed), again)
        except Refused as refused:
            self._give_back(row, there, str(refused), None)
        except Lost as lost:
            with self.outbox.ledger.tx():
                self.outbox.lost(there, str(lost), now)
                self.outbox.dropped(row.seq, f"perhaps told by {way.name}: its answer was lost")
        else:
            with self.outbox.ledger.tx():
                self.outbox.sent(there, id, now)
                self.outbox.dropped(row.seq, f"told by {way.name}")
            logger.info("told elsewhere", extra={"source": way.channel.name})
        return self.outbox.of(there.seq)

    def _hand_over(self, way: Way, row: Row, message: Message, now: float) -> Row | None:
        """Takes it from its channel and has it be sent there, in one transaction; None where
        its channel is sending it by now."""
        with self.outbox.ledger.tx():
            self.outbox.drop(row.seq, f"goes to {way.name}")
            if self.outbox.of(row.seq).state != DROPPED:
                return None
            name, chat = way.channel.name, way.chat
            there = self.outbox.ensure(name, chat, row.key, now, kind=row.kind, rank=row.rank)
            self.outbox.want(there, message.to_json())
            there = self.outbox.of(there.seq)
            return there if self.outbox.begin(there) else None

    def _give_back(self, row: Row, there: Row, why: str, again: float | None) -> None:
        """Nothing was sent there: it waits where it waited. `again` is when that way may be
        tried once more, None for never."""
        outbox = self.outbox
        with outbox.ledger.tx():
            if again is None:
                outbox.failed(there, why)
            else:
                outbox.again(there, why, again)
                outbox.drop(there.seq, why)
            outbox.want(row, row.wanted, made_of=row.made_of, not_before=row.not_before)
            if row.state == FAILED:
                outbox.failed(row, row.why)
            else:
                outbox.again(row, row.why, row.not_before)

    # -- cards

    async def _tell_of_cards(self, main: Main, now: float) -> str:
        """One line on all that asks and was not told of yet. Its message stays where it is."""
        rows = asking(self.outbox, main, now, self._told_to(main))
        if not rows:
            return ""
        line = Message(waits([_title(row) for row in rows])).to_json()
        key = f"waits {rows[-1].seq}"
        first = self.ways[0]
        with self.outbox.ledger.tx():
            # made where it was already refused, so that it goes the way of all that was
            seed = self.outbox.ensure(main.channel, first.chat, key, now, kind="waits", rank=NEWS)
            self.outbox.want(seed, line)
            self.outbox.failed(self.outbox.of(seed.seq), rows[-1].why or "not reached")
            self.outbox.ledger.set_meta(_meta(main), json.dumps(rows[-1].seq))
        return await self._tell(self.outbox.of(seed.seq), now)

    def _told_to(self, main: Main) -> int:
        """Up to which row it was told of what asks."""
        return int(self.outbox.ledger.meta(_meta(main)) or 0)


def _untold(why: str) -> str:
    return f"you could not be told something ({one_line(why, 300)})"


def _meta(main: Main) -> str:
    return f"fallback {main.channel}"


# -- what is to be handed on


def due(outbox: Outbox, main: Main, now: float) -> list[Row]:
    """What the channel cannot say, oldest first: what it refused, and where it is not reached
    what waits there."""
    rows = _of(outbox, main, FAILED, (*NEWS_OF, "waits"), now)
    if main.is_gone(now):
        rows += [row for row in _of(outbox, main, WAITING, NEWS_OF, now) if _may(row, now)]
    return sorted(rows, key=lambda row: row.seq)


def asking(outbox: Outbox, main: Main, now: float, after: int) -> list[Row]:
    """What asks and cannot be shown, from the row `after` on."""
    rows = _of(outbox, main, FAILED, ASKS, now)
    if main.is_gone(now):
        rows += [row for row in _of(outbox, main, WAITING, ASKS, now) if _may(row, now)]
    return sorted((row for row in rows if row.seq > after), key=lambda row: row.seq)


def _may(row: Row, now: float) -> bool:
    """Whether it would be said by now: not one that the quiet time holds back."""
    return row.due and row.not_before <= now


def _of(outbox: Outbox, main: Main, state: str, kinds: tuple[str, ...], now: float) -> list[Row]:
    return outbox.in_state(main.channel, state, kinds, now - KEEP_S)


# -- how it is told there


def fitting(message: Message, channel: Channel) -> Message:
    """The message as the channel can show it: without buttons, and a file by its name."""
    words, file = message.words, message.file
    if file is not None and not channel.limits.files:
        words, file = Words.of(f"📎 {file.name} cannot be sent here"), None
    return replace(message, words=words, rows=(), reply_to="", prompt="", file=file)


def waits(titles: Sequence[str]) -> Words:
    """One line that says that these wait in the vault."""
    if len(titles) == 1:
        return Words.of(f"“{titles[0]}” waits for you in the vault.")
    rows = [f"• {title}" for title in titles[:TITLES_MOST]]
    if more := len(titles) - len(rows):
        rows.append(f"• and {more} more")
    return Words.join("\n", [f"{len(titles)} things wait for you in the vault:", *rows])


def _title(row: Row) -> str:
    words = row.wanted.get("words") or {}
    first = str(words.get("text") or "").strip().partition("\n")[0]
    return one_line(first or "A request", TITLE_CHARS)
