"""How a channel goes, as its beat says; and what it is told by the office: that there is news."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from factotum import log
from factotum.ears import beats
from factotum.ears.beats import Beat
from factotum.redaction import black_out
from factotum.rooms import NEWS, wake
from watchers.hints import Hints

logger = log.get("factotum.channels")

#: How often at most it is written down that all goes on as it did, and how long that holds, in
#: seconds.
SHOWN_S, HOLDS_S = 60.0, 300.0
#: How often it is looked where nothing tells that there is news, in seconds.
DEAF_S = 2.0


class Pulse:
    """The beat of a channel."""

    def __init__(self, state: Path, clock: Callable[[], float], name: str) -> None:
        self._state = state
        self._clock = clock
        was = beats.of(state, name)
        now = clock()
        self._beat = Beat(name, os.getpid(), now, answered=was.answered if was else 0.0)
        self._logged: set[str] = set()
        self._show(now)
        self._shown_at = 0.0  # the first answer is shown at once

    def answered(self) -> None:
        now = self._clock()
        fine = not self._beat.trouble
        self._logged.clear()
        self._beat = replace(self._beat, answered=now, trouble="", since=0.0, login=False)
        if not fine or now - self._shown_at >= SHOWN_S:
            self._show(now)

    def ill(self, why: str) -> None:
        """Shows why nothing is heard, and has the log say it once till somebody answers again."""
        why = black_out(why)
        if why == self._beat.trouble:
            return
        if why not in self._logged:
            self._logged.add(why)
            told = {"source": self._beat.source, "reason": why}
            logger.warning("the channel has trouble", extra=told)
        now = self._clock()
        self._beat = replace(self._beat, trouble=why, since=self._beat.since or now)
        self._show(now)
        wake(self._state)  # a person is to know

    def _show(self, now: float) -> None:
        self._shown_at = now
        self._beat = replace(self._beat, rests_till=now + HOLDS_S)
        with suppress(OSError):
            beats.write(self._state, self._beat)


class on_news:  # noqa: N801 (it is used as a function)
    """Calls `nudge` whenever the office says that there is news."""

    def __init__(self, state: Path, nudge: Callable[[], None]) -> None:
        folder = state / NEWS
        folder.mkdir(mode=0o700, exist_ok=True)
        self._hints = Hints([folder])
        self._nudge = nudge
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        for fd in self._hints.fds:
            self._loop.add_reader(fd, self._heard)
        if not self._hints.fds:
            self._tick()

    def _heard(self) -> None:
        self._hints.drain()
        self._nudge()

    def _tick(self) -> None:
        self._nudge()
        self._timer = self._loop.call_later(DEAF_S, self._tick)

    def __exit__(self, *_: object) -> None:
        for fd in self._hints.fds:
            self._loop.remove_reader(fd)
        if self._timer is not None:
            self._timer.cancel()
        self._hints.close()
