"""Reading files that may never answer: a few threads that can be left behind.

An evicted file of a sync client (iCloud, OneDrive) or a dead network share blocks the
reader for minutes. The read is then abandoned after a time-out, the path is remembered as
stuck until its thread comes back, and everything else goes on. What lies on a disk of this
machine is read at once: nobody evicts it, and a change of threads costs more than the read.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from factotum.disk import read_regular

#: How long one read may take before it is left behind, in seconds.
READ_S = 5.0

#: For each read that hangs the next one gets half as long, down to this part of the whole: a
#: folder full of evicted files holds nobody up for minutes.
LEAST_PART = 1 / 32

#: How many reads may hang at once; beyond that nothing is read until one comes back.
STUCK_MOST = 64


class Stuck(OSError):
    """The file did not answer in time; it is tried again when its thread has come back."""


class _Job:
    def __init__(self, path: Path, most_bytes: int) -> None:
        self.path = path
        self.most_bytes = most_bytes
        self.done = threading.Event()
        self.data: bytes | None = None
        self.error: OSError | None = None


class Reader:
    def __init__(
        self, read: Callable[[Path, int], bytes] = read_regular, wait_s: float = READ_S
    ) -> None:
        self._read = read
        self._wait_s = wait_s
        self._jobs: queue.SimpleQueue[_Job] | None = None
        self._stuck: dict[Path, _Job] = {}

    def read(self, path: Path, most_bytes: int) -> bytes:
        """Like `disk.read_regular`, and raises Stuck when there is no answer in time."""
        if self._read is read_regular and _at_hand(path):
            return read_regular(path, most_bytes)
        self._stuck = {p: job for p, job in self._stuck.items() if not job.done.is_set()}
        if path in self._stuck or len(self._stuck) >= STUCK_MOST:
            raise Stuck(
                0, "does not answer (evicted by a sync client, or a dead share?)", str(path)
            )
        job = _Job(path, most_bytes)
        if self._jobs is None:
            self._jobs = queue.SimpleQueue()
            threading.Thread(target=self._work, args=(self._jobs,), daemon=True).start()
        self._jobs.put(job)
        within_s = self._wait_s * max(LEAST_PART, 0.5 ** len(self._stuck))
        if not self._answers(path, job.done, within_s):
            self._stuck[path] = job
            self._jobs = None  # its thread is left behind; the next read starts another
            raise Stuck(
                0, "does not answer (evicted by a sync client, or a dead share?)", str(path)
            )
        if job.error is not None:
            raise job.error
        assert job.data is not None
        return job.data

    def _answers(self, path: Path, done: threading.Event, within_s: float) -> bool:
        """Whether the read of `path` is done within so many seconds."""
        return done.wait(within_s)

    def _work(self, jobs: queue.SimpleQueue[_Job]) -> None:
        while self._jobs is jobs or not jobs.empty():
            job = jobs.get()
            try:
                job.data = self._read(job.path, job.most_bytes)
            except OSError as failed:
                job.error = failed
            job.done.set()


def _at_hand(path: Path) -> bool:
    """Whether a file lies on a block device: on Linux what a share, a sync client or another
    program stands behind has none, and its number begins with 0. Raises OSError."""
    return sys.platform == "linux" and os.major(os.lstat(path).st_dev) != 0
