"""Runs one command to its end, or ends it: with a limit of time and of what is heard of it.

Nothing that it started outlives it: its processes cannot leave their group, and the group
ends with it.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

#: How long a command may run, in seconds.
LIMIT_S = 60.0
#: How much of what it printed is told, in characters.
OUTPUT_MOST = 10_000

#: setsid and setpgid, by which a process would leave its group.
LEAVES = {"x86_64": (112, 109), "aarch64": (157, 154)}
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38


@dataclass(frozen=True)
class Ran:
    """`status` is None when it was ended because it took too long; below 0 a signal ended it."""

    status: int | None
    output: str
    seconds: float


def run(command: str, folder: Path, env: Mapping[str, str], limit_s: float = LIMIT_S) -> Ran:
    """Runs it with /bin/sh in `folder`. Raises OSError if it cannot be started."""
    began = time.monotonic()
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_stay_in_group(),  # noqa: PLW1509 (one call into the kernel, made ready before)
    )
    heard = Heard()
    assert process.stdout is not None
    listener = threading.Thread(target=heard.listen, args=(process.stdout,), daemon=True)
    listener.start()
    try:
        status: int | None = process.wait(limit_s)
    except subprocess.TimeoutExpired:
        status = None
    _end_group(process.pid)
    process.wait()
    listener.join(2.0)
    process.stdout.close()
    return Ran(status, heard.text(), round(time.monotonic() - began, 2))


class Heard:
    """What a command prints: the beginning is kept, the rest is counted."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._more_bytes = 0

    def listen(self, stream: IO[bytes]) -> None:
        while part := os.read(stream.fileno(), 65536):
            room = 4 * OUTPUT_MOST - len(self._kept)
            self._kept += part[:room]
            self._more_bytes += len(part[room:])

    def text(self) -> str:
        """At most OUTPUT_MOST characters, and a line that says so where there was more."""
        text = bytes(self._kept).decode(errors="replace")
        if len(text) <= OUTPUT_MOST and not self._more_bytes:
            return text
        more = len(text[OUTPUT_MOST:].encode()) + self._more_bytes
        return f"{text[:OUTPUT_MOST]}\n[cut here: {more} more bytes were printed]"


def _end_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _stay_in_group() -> Callable[[], None] | None:
    """What keeps a new process and all that it starts in one group, where we know how."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in LEAVES:
        return None
    steps = [(0x20, 0, 0, 0)]  # the call's number
    steps += [
        step for number in LEAVES[machine] for step in ((0x15, 0, 1, number), (6, 0, 0, 0x50001))
    ]
    steps += [(6, 0, 0, 0x7FFF0000)]
    program = b"".join(struct.pack("=HBBI", *step) for step in steps)
    words = struct.pack("@HxxxxxxP", len(steps), _address(program))
    libc = ctypes.CDLL(None, use_errno=True)

    def stay() -> None:
        libc.prctl(_PR_SET_NO_NEW_PRIVS, *(ctypes.c_ulong(n) for n in (1, 0, 0, 0)))
        libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(2), words, *(ctypes.c_ulong(0),) * 2)

    stay.program = program  # type: ignore[attr-defined]  # it must live as long
    return stay


def _address(data: bytes) -> int:
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0
