"""Where a source hands in what it heard: durable when it returns, and stopped with the office.

One post for one source and its thread. What it does with the ledger and the vault it does on the
desk, and a failing disk makes it wait, not forget.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ParamSpec, TypeVar

from factotum import log
from factotum.drop import Drop
from factotum.ears import beats, handing
from factotum.ears.beats import Beat
from factotum.fenced import Node
from factotum.inert import one_line
from factotum.ledger import Ledger
from factotum.mailauth import Sender
from factotum.mailroom import Mailroom
from factotum.model import Trust
from factotum.redaction import black_out
from factotum.rooms import wake
from factotum.watcher import Premises, Source, Stopped
from factotum.worker.desk import Closed

P = ParamSpec("P")
R = TypeVar("R")

logger = log.get("factotum.ears")

#: How many are handed in at once: they share the waits for the disk.
AT_ONCE = 50
#: How long to wait till a disk that fails is tried again, in seconds.
DISK_S = 5.0
#: The longest wait without a look at the clock, in seconds: the wait itself does not notice that
#: the machine slept.
NAP_S = 900.0
#: How often at most it is written down that all goes on as it did, and how much later a rest may
#: end than is written down, in seconds.
SHOWN_S, LATE_S = 30.0, 60.0
#: How long what is wrong may be told, in characters.
TROUBLE_CHARS = 500


@dataclass
class Room:
    """What all posts of a process share. `desk` runs a function on the thread of the ledger and
    returns what it returns, or raises Closed; `label` and `rules` are to be asked there."""

    premises: Premises
    mailroom: Mailroom
    desk: Callable[..., object]
    label: Callable[[bytes], tuple[Trust, Sender]]
    rules: Callable[[str], tuple[Node, ...]]
    clock: Callable[[], float] = time.time


class Post:
    dry = False

    def __init__(self, source: Source, room: Room, *, once: bool = False) -> None:
        self._source = source
        self._room = room
        self._once = once
        self._state = room.premises.state
        self._wake, self._say = os.pipe()  # not inherited, as all that Python opens
        self._stopped = False
        was = beats.of(self._state, source.name) or Beat(source.name, 0, 0.0)
        self._beat = Beat(
            source.name,
            os.getpid(),
            room.clock(),
            source.every_s,
            source.silent_s,
            answered=was.answered,
            heard=was.heard,
            login_ends=was.login_ends,
        )
        self._shown: Beat | None = None
        self._shown_at = 0.0

    @property
    def once(self) -> bool:
        return self._once

    def now(self) -> float:
        return self._room.clock()

    def zone(self, at: float) -> datetime:
        return self._room.premises.zone(at)

    # -- handing in

    def cursor(self, part: str = "") -> str:
        return self._do(self._room.mailroom.cursor, self._source.name, part)

    def hand_in(self, *drops: Drop, cursor: str = "", part: str = "") -> None:
        if not drops and cursor:
            self.remember(cursor, part)
        for start in range(0, len(drops), AT_ONCE):
            some = drops[start : start + AT_ONCE]
            till = cursor if start + AT_ONCE >= len(drops) else ""
            self._hand_in(some, till, part)

    def _hand_in(self, drops: tuple[Drop, ...], cursor: str, part: str) -> None:
        room, now = self._room.mailroom, self.now()
        new = self._patiently(handing.take, room, drops, now, cursor, part, self._source.name)
        self._beat = replace(self._beat, heard=now if new else self._beat.heard)
        if self._beat.rests_till:  # it is at it, and does not hang
            self._beat = replace(self._beat, rests_till=now)
            self.show()

    def remember(self, cursor: str, part: str = "") -> None:
        self._patiently(self._room.mailroom.remember, self._source.name, cursor, part)

    def deliver(self) -> float | None:
        """Makes tasks of what was collected and is due; when the next is, in epoch seconds."""
        return self._patiently(self._room.mailroom.deliver, self._source.name, self.now())

    def look_up(self, ask: Callable[[Ledger], R]) -> R:
        return self._do(ask, self._room.mailroom.ledger)

    def label(self, raw: bytes) -> tuple[Trust, Sender]:
        return self._do(self._room.label, raw)

    def rules(self, section: str) -> tuple[Node, ...]:
        return self._do(self._room.rules, section)

    def _do(self, deed: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self._stopped:
            raise Stopped
        try:
            answer: R = self._room.desk(deed, *args, **kwargs)  # type: ignore[assignment]
        except Closed:
            raise Stopped from None
        return answer

    def _patiently(self, deed: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        while True:
            try:
                return self._do(deed, *args, **kwargs)
            except handing.PASSES as refused:
                if self._once:
                    raise
                self.trouble(f"what came cannot be kept ({refused}); it is tried again")
                self.rest(DISK_S)

    # -- how it goes

    def answered(self) -> None:
        """The other side answered, whether it had news or not."""
        self._beat = replace(self._beat, answered=self.now())

    def remark(self, about: str, text: str) -> None:
        remarks = {key: value for key, value in self._beat.remarks.items() if key != about}
        if text:
            remarks[about] = _told(text)
        self._beat = replace(self._beat, remarks=remarks)

    def login_ends(self, at: float) -> None:
        self._beat = replace(self._beat, login_ends=at)

    def trouble(self, text: str, *, login: bool = False) -> None:
        """Why it hears nothing now; an empty text when it does."""
        since = 0.0 if not text else self._beat.since or self.now()
        self._beat = replace(self._beat, trouble=_told(text), login=login, since=since)
        self.show()

    def show(self, *, at_once: bool = False) -> None:
        """Writes down how it goes: at once what is news, now and then that it goes on."""
        if self._beat == self._shown or not (at_once or self._worth_showing()):
            return
        was, self._shown, self._shown_at = self._shown, self._beat, time.monotonic()
        try:
            beats.write(self._state, self._beat)
            if self._beat.trouble != (was.trouble if was else ""):
                wake(self._state)  # a person is to know
        except OSError as refused:
            self._shown = None
            logger.warning("beat not written", exc_info=refused)

    def _worth_showing(self) -> bool:
        if self._shown is None or time.monotonic() - self._shown_at > SHOWN_S:
            return True
        was, now = self._shown, self._beat
        as_before = replace(now, answered=was.answered, heard=was.heard, rests_till=was.rests_till)
        return as_before != was or now.rests_till > was.rests_till + LATE_S

    # -- waiting

    def rest(self, seconds: float, *fds: int) -> bool:
        if self._stopped:
            raise Stopped
        self._beat = replace(self._beat, rests_till=self.now() + seconds)
        self.show()
        until = _awake_or_not() + max(0.0, seconds)
        poll = select.poll()
        for fd in (self._wake, *fds):
            poll.register(fd, select.POLLIN)
        while True:
            left = until - _awake_or_not()
            ready = poll.poll(max(0.0, min(left, NAP_S)) * 1000)
            if self._stopped:
                raise Stopped
            if ready or left <= 0:
                return bool(ready)

    def stop(self) -> None:
        """Of any thread: whatever waits at this post gets Stopped."""
        self._stopped = True
        os.write(self._say, b"x")

    def close(self) -> None:
        os.close(self._wake)
        os.close(self._say)


def _told(text: str) -> str:
    return black_out(one_line(text, TROUBLE_CHARS))


def _awake_or_not() -> float:
    """Seconds that have passed, with those in which the machine slept where that is known."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
