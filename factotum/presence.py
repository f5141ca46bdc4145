"""That one orchestrator is there for a vault, and how long nobody was.

Holds the executor's lock, and a file `beat` whose time says when the last look was: the time
in which nobody could decide counts against no card.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

from factotum.gate.register import Register
from factotum.rooms import DoorError

#: A jump between the wall clock and the monotonic one that counts as sleep or a set clock.
JUMP_S = 5.0


class Presence:
    def __init__(
        self,
        state: Path,
        register: Register,
        now: float,
        mono: float,
        away: Callable[[float, float], None] = lambda _since, _till: None,
        command: str = "",
    ) -> None:
        """Takes the lock. `away` is told from when till when nobody was here (epoch seconds),
        before the sign of it is wiped out; `command` is told to whoever finds the lock taken.
        Raises DoorError when another one runs."""
        self._lock = _only_one(state / "lock", command)
        self._beat = state / "beat"
        self._register = register
        self._clocks = (now, mono)
        self._away = away

    def begin(self, now: float) -> None:
        """The time since we last ran does not count against the person."""
        if self._beat.exists() and abs(gap := now - self._beat.stat().st_mtime) > JUMP_S:
            self._away(now - gap, now)
            self._register.shift_deadlines(gap)

    def look(self, now: float, mono: float) -> None:
        """Time in which we slept, or by which the clock was set, is nobody's to answer in."""
        wall_before, mono_before = self._clocks
        jump = (now - wall_before) - (mono - mono_before)
        if abs(jump) > JUMP_S:
            self._away(now - jump, now)
            self._register.shift_deadlines(jump)
        self._clocks = (now, mono)
        try:
            os.utime(self._beat, (now, now))
        except FileNotFoundError:
            self._beat.touch()
            os.utime(self._beat, (now, now))

    def close(self) -> None:
        self._lock.close()


def _only_one(path: Path, command: str) -> IO[str]:
    lock = open(path, "a+", encoding="utf-8")  # noqa: SIM115 (held while we run)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        pid, _, other = lock.read().strip().partition(" ")
        lock.close()
        raise DoorError(_taken(pid, other)) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()} {command}".rstrip())
    lock.flush()
    return lock


def _taken(pid: str, command: str) -> str:
    if not command:
        return f"another office (pid {pid}) runs for this vault; stop it first"
    return (
        f"the office of this vault runs in a conversation ({command}, pid {pid}); use it there, "
        f"or leave it first: Ctrl-D"
    )
