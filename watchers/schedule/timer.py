"""One alarm clock that also rings after the machine slept, and when its clock was set.

What waits by seconds alone does not count those in which a machine sleeps. Linux has a timer for
a moment; elsewhere it is looked again at least once a minute.
"""

from __future__ import annotations

import ctypes
import errno
import os

REALTIME = 0
ABSTIME, CANCEL_ON_SET = 1, 2
#: For when it is set if nothing is due, in seconds: it still tells that the clock was set.
FAR_S = 365 * 24 * 3600.0
#: How long to sleep at most where there is no such timer, in seconds.
NAP_S = 60.0


class _Spec(ctypes.Structure):
    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


class Timer:
    def __init__(self) -> None:
        self._fd = -1
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            self._settime = libc.timerfd_settime
            self._fd = libc.timerfd_create(REALTIME, os.O_NONBLOCK | os.O_CLOEXEC)
        except (AttributeError, OSError):
            pass  # no Linux

    @property
    def fds(self) -> tuple[int, ...]:
        """What to wait for; empty where nothing rings."""
        return () if self._fd < 0 else (self._fd,)

    def most_s(self, seconds: float) -> float:
        """How long to wait at most when the next moment is so many seconds away."""
        return seconds if self._fd >= 0 else min(seconds, NAP_S)

    def set(self, at: float | None, now: float) -> None:
        """Rings at this moment (epoch seconds), or when the clock is set; None: only then."""
        if self._fd < 0:
            return
        until = now + FAR_S if at is None else min(max(at, 1.0), now + FAR_S)
        spec = _Spec(0, 0, int(until), int(until % 1 * 1e9))
        flags = ABSTIME | CANCEL_ON_SET
        if self._settime(self._fd, flags, ctypes.byref(spec), None) < 0:
            os.close(self._fd)
            self._fd = -1

    def drain(self) -> bool:
        """Ends the ringing; whether it rang because the clock was set."""
        try:
            if self._fd >= 0:
                os.read(self._fd, 8)
        except BlockingIOError:
            pass
        except OSError as why:
            return why.errno == errno.ECANCELED
        return False

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1
