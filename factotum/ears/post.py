"""Where a source hands in what it heard: durable when it returns, and stopped with the office.

One post for one source and its thread. What it does with the ledger and the vault it does on the
desk, and a failing disk makes it wait, not forget.
"""

from __future__ import annotations

import os
import select
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ParamSpec, TypeVar

from factotum import log
from factotum.drop import Drop
from factotum.ears import beats
from factotum.ears.beats import Beat
from factotum.fenced import Node
from factotum.ledger import Ledger
from factotum.mailauth import Sender
from factotum.mailroom import Mailroom
from factotum.model import Trust
from factotum.watcher import Premises, Source, Stopped

P = ParamSpec("P")
R = TypeVar("R")

logger = log.get("factotum.ears")

#: How many are handed in at once: they share the waits for the disk.
AT_ONCE = 50
#: How long to wait till a disk that fails is tried again, in seconds.
DISK_S = 5.0
#: What poll(2) takes at once, in seconds.
POLL_MOST_S = 24 * 3600.0


@dataclass
class Room:
    """What all posts of a process share. `desk` runs a function on the thread of the ledger and
    returns what it returns; `label` and `rules` are to be asked there."""

    premises: Premises
    mailroom: Mailroom
    desk: Callable[..., object]
    label: Callable[[bytes], tuple[Trust, Sender]]
    rules: Callable[[str], tuple[Node, ...]]
    clock: Callable[[], float] = time.time


class Post:
    def __init__(self, source: Source, room: Room, *, once: bool = False) -> None:
        self._source = source
        self._room = room
        self._once = once
        self._state = room.premises.state
        self._wake, self._say = os.pipe()  # not inherited, as all that Python opens
        self._stopped = False
        self._beat = Beat(source.name, os.getpid(), room.clock(), source.every_s, source.silent_s)
        self._shown: Beat | None = None

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
        for start in range(0, len(drops), AT_ONCE):
            some = drops[start : start + AT_ONCE]
            till = cursor if start + AT_ONCE >= len(drops) else ""
            self._patiently(self._room.mailroom.take_all, some, self.now(), till, part)
        if drops:
            self._beat = replace(self._beat, heard=self.now())
        elif cursor:
            self.remember(cursor, part)

    def remember(self, cursor: str, part: str = "") -> None:
        self._patiently(self._room.mailroom.remember, self._source.name, cursor, part)

    def deliver(self) -> float | None:
        """Makes tasks of what was collected and is due; when the next is, in epoch seconds."""
        return self._do(self._room.mailroom.deliver, self._source.name, self.now())

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
        except RuntimeError:  # the desk has closed
            raise Stopped from None
        return answer

    def _patiently(self, deed: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        while True:
            try:
                self._do(deed, *args, **kwargs)
                return
            except (OSError, sqlite3.OperationalError) as refused:
                if self._once:
                    raise
                self.trouble(f"what came cannot be kept ({refused}); it is tried again")
                self.rest(DISK_S)

    # -- how it goes

    def answered(self) -> None:
        self._beat = replace(self._beat, answered=self.now())

    def remark(self, about: str, text: str) -> None:
        remarks = {key: value for key, value in self._beat.remarks.items() if key != about}
        self._beat = replace(self._beat, remarks={**remarks, about: text} if text else remarks)

    def login_ends(self, at: float) -> None:
        self._beat = replace(self._beat, login_ends=at)

    def trouble(self, text: str, *, login: bool = False) -> None:
        """Why it hears nothing now; an empty text when it does."""
        since = 0.0 if not text else self._beat.since or self.now()
        self._beat = replace(self._beat, trouble=text, login=login, since=since)
        self.show()

    def show(self) -> None:
        """Writes down how it goes, if that is news."""
        if self._beat == self._shown:
            return
        try:
            beats.write(self._state, self._beat)
            self._shown = self._beat
        except OSError as refused:
            logger.warning("beat not written", exc_info=refused)

    def gone(self) -> None:
        beats.forget(self._state, self._source.name)

    # -- waiting

    def rest(self, seconds: float, *fds: int) -> bool:
        if self._stopped:
            raise Stopped
        self._beat = replace(self._beat, rests_till=self.now() + seconds)
        self.show()
        until = time.monotonic() + max(0.0, seconds)
        poll = select.poll()
        for fd in (self._wake, *fds):
            poll.register(fd, select.POLLIN)
        while (left := until - time.monotonic()) > 0:
            ready = [fd for fd, _ in poll.poll(min(left, POLL_MOST_S) * 1000)]
            if self._stopped:
                raise Stopped
            if ready:
                return True
        return False

    def stop(self) -> None:
        """Of any thread: whatever waits at this post gets Stopped."""
        self._stopped = True
        os.write(self._say, b"x")

    def close(self) -> None:
        os.close(self._wake)
        os.close(self._say)
