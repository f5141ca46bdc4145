"""Sends what waits in the outbox: in order, not too fast, and each thing once.

Before a send the row is marked, after it the message's id is noted; a kill in between leaves the
mark, and what bears it is never sent again. A change in place is repeated until it is shown.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from factotum import failpoint, log
from factotum.channels.contract import (
    Channel,
    Gone,
    Limits,
    Lost,
    Message,
    NotSent,
    Refused,
)
from factotum.channels.handing_over import change, hand_over, message_of
from factotum.outbox import ANSWER, QUIET, Outbox, Row
from factotum.said_kinds import STANDS

logger = log.get("factotum.channels")

#: How long is waited after the first failure that passes, in seconds; twice as long after each
#: further one, up to a minute.
AGAIN_S = 1.0
#: How long a message that is on its way is waited for at the end, in seconds.
LAST_S = 3.0
#: How long after a message with a sound the next that nobody asked for has one, in seconds.
SOUND_S = 300.0


class Pace:
    """How fast may be said what: of `burst` messages in a chat at once, and one each `chat_s`."""

    def __init__(self, limits: Limits, mono: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._mono = mono
        self._free: dict[str, float] = {}
        self._shut: dict[str, float] = {}
        self._all = 0.0

    def wait_s(self, chat: str) -> float:
        """In how many seconds the next message may be said there; 0 for now."""
        ahead_s = self._limits.chat_s * (self._limits.burst - 1)
        now = self._mono()
        shut = max(self._all, self._shut.get(chat, 0.0))
        return max(0.0, self._free.get(chat, 0.0) - ahead_s - now, shut - now)

    def said(self, chat: str) -> None:
        now = self._mono()
        self._free[chat] = max(self._free.get(chat, 0.0), now) + self._limits.chat_s

    def hold(self, seconds: float, chat: str = "") -> None:
        """The other side wants to be left alone so long; with `chat` there alone."""
        if chat:
            self._shut[chat] = self._mono() + seconds
        else:
            self._all = self._mono() + seconds

    def opened(self, chat: str) -> None:
        """Something came from there, so that it is not closed to us any more."""
        self._shut.pop(chat, None)


class Sender:
    def __init__(
        self,
        outbox: Outbox,
        channel: Channel,
        clock: Callable[[], float],
        mono: Callable[[], float] = time.monotonic,
        chat: str = "",
        is_ours: Callable[[str], bool] = lambda _chat: True,
    ) -> None:
        """With `chat` only what is to be said there is sent. `is_ours` says of a chat whether
        it is still that of an owner; nothing is said or changed in another."""
        self.chat = chat
        self.is_ours = is_ours
        self.outbox = outbox
        self.channel = channel
        self.clock = clock
        self.pace = Pace(channel.limits, mono)
        self.trouble = ""
        self.since = 0.0
        self._fails = 0
        self._closed: dict[str, float] = {}
        self._last_sound = 0.0

    @property
    def unreached_since(self) -> float | None:
        """Since when the other side is not reached (epoch seconds); None while it is, or while
        it only wants a pause."""
        return self.since if self._fails else min(self._closed.values(), default=None)

    def reached(self) -> None:
        """The other side has answered something else; of a chat that is closed that says
        nothing."""
        if self._fails:
            self._well()

    async def pass_once(self) -> float | None:
        """Sends what may be sent now. In how many seconds there is more to send; None when
        nothing waits."""
        name, now = self.channel.name, self.clock()
        waits = [] if (at := self.outbox.next_at(name, self.chat, now)) is None else [at - now]
        for chat in self.outbox.chats_due(name, self.chat, now):
            if not self.is_ours(chat):
                self.outbox.leave(name, chat)
                continue
            while (wait_s := self.pace.wait_s(chat)) <= 0:
                rows = self.outbox.due(name, 1, chat, now)
                if not rows:
                    break
                if not await self._one(rows[0]):
                    return min([*waits, max(0.05, self.pace.wait_s(chat))])
            else:
                waits.append(wait_s)
        return min(waits, default=None)

    async def _one(self, row: Row) -> bool:
        """Sends or changes one message; False when the other side is not to be asked for a
        while."""
        self.pace.said(row.chat)
        try:
            message = message_of(row)
            if self._fails and row.state != "sent":
                await self.channel.check()  # so that a line that is down loses no more than one
            if row.state == "sent":
                await self._edit(row, message)
            else:
                await self._send(row, message)
        except NotSent as failed:
            self.outbox.again(row, str(failed), 0.0)
            return self._hold(failed, row.chat)
        except Lost as lost:
            return self._hold(NotSent(str(lost)), row.chat)
        except Refused as refused:
            logger.warning("not taken", extra={"source": row.kind, "reason": str(refused)})
            self.outbox.failed(row, str(refused))
            self._trouble(str(refused))
            return True
        self._closed.pop(row.chat, None)
        self._well()
        return True

    async def _send(self, row: Row, message: Message) -> None:
        if not self.outbox.begin(row):
            return
        failpoint.hit("said.begun")
        message = replace(message, silent=self._silent(row))
        sending = asyncio.ensure_future(hand_over(self.channel, row.chat, message))
        try:
            id = await asyncio.shield(sending)
        except asyncio.CancelledError:
            await self._end_of(row, sending)
            raise
        except Lost as lost:
            logger.warning("send lost", extra={"source": row.kind, "reason": str(lost)})
            self.outbox.lost(row, str(lost), self.clock())
            raise
        failpoint.hit("said.sent")
        self.outbox.sent(row, id, self.clock())
        failpoint.hit("said.recorded")

    async def _end_of(self, row: Row, sending: asyncio.Future[str]) -> None:
        """We are told to stop: what is on its way may still arrive, so that it is not in doubt."""
        await asyncio.wait([sending], timeout=LAST_S)
        if not sending.done():
            sending.cancel()
            return
        match sending.exception():
            case None:
                self.outbox.sent(row, sending.result(), self.clock())
            case NotSent() as failed:
                self.outbox.again(row, str(failed), 0.0)
            case Refused() as refused:
                self.outbox.failed(row, str(refused))
            case odd:
                self.outbox.lost(row, str(odd), self.clock())

    async def _edit(self, row: Row, message: Message) -> None:
        try:
            await change(self.channel, row.chat, row.message, message)
        except Gone as gone:
            if row.kind in STANDS:
                self.outbox.gone(row, self.clock())  # what asks must stand somewhere
            else:
                self.outbox.failed(row, str(gone))
            return
        failpoint.hit("said.changed")
        self.outbox.showed(row)

    def _hold(self, failed: NotSent, chat: str) -> bool:
        """Says nothing more for a while; whether that holds for this chat alone."""
        if failed.flood:
            self.pace.hold(failed.again_s)
            return False
        if failed.here:
            self.pace.hold(failed.again_s, chat)
            self._trouble(str(failed))
            self._closed.setdefault(chat, self.clock())
            return True
        self._fails += 1
        self.pace.hold(max(failed.again_s, AGAIN_S * 2.0 ** min(self._fails - 1, 6)))
        self._trouble(str(failed))
        return False

    def _silent(self, row: Row) -> bool:
        """Whether it comes without a sound: an answer has one, and of what nobody asked for the
        first in a while."""
        now = self.clock()
        if row.rank == ANSWER and row.kind != "progress":
            return False
        if row.rank >= QUIET or row.kind == "progress" or 0 <= now - self._last_sound < SOUND_S:
            return True
        self._last_sound = now
        return False

    def _trouble(self, text: str) -> None:
        if not self.trouble:
            self.since = self.clock()
        self.trouble = text

    def _well(self) -> None:
        self._fails = 0
        if not self._closed:
            self.trouble = ""
