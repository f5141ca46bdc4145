"""The phase file of one attempt to send: how far it had come, for whoever asks after a crash.

One JSON line a phase, on the disk before the next step is taken: `begun`, `connected`,
`data` (before the first byte of the content), then `accepted` or `refused`. It is only
written here, never read.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any


class Phases:
    """The phase file of one attempt: a JSON line a phase, each on the disk before going on."""

    def __init__(self, path: Path | None, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._clock = clock

    def mark(self, phase: str, **more: Any) -> None:
        """Appends one line and syncs it, and the folder when the file is new. Raises OSError."""
        if self._path is None:
            return
        new = not self._path.exists()
        at = self._clock().isoformat(timespec="milliseconds")
        line = json.dumps({"phase": phase, "at": at, **more}, ensure_ascii=False) + "\n"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        with os.fdopen(os.open(self._path, flags, 0o600), "ab", buffering=0) as out:
            out.write(line.encode())
            _sync(out.fileno())
        if new:
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _sync(fd: int) -> None:
    if hasattr(fcntl, "F_FULLFSYNC"):  # macOS: fsync alone leaves it in the drive's memory
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    else:
        os.fsync(fd)
