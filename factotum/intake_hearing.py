"""Recordings among the dropped files: what is said in them is heard before their task is made.

One after the other, beside the desk, each in a thread that the end of the program does not wait
for: then it is heard at the next start. Nothing is moved or written here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path

from factotum import disk, log
from factotum.intake_reading import READ_MOST_BYTES, Readings, Signature, signature_of
from factotum.reading import Reading
from factotum.reading.sound_file import NOT_HEARD, is_recording, length_s, with_words
from factotum.voice.sound import is_called_sound

logger = log.get("factotum.intake")

#: How often it is looked whether one has been heard, in seconds: a tenth of how long it has taken,
#: from and to these.
LEAST_S, MOST_S = 0.1, 5.0
#: After how long it is told that one is listened to, in seconds.
TOLD_S = 60.0

#: How a recording is listened to, by its bytes, in a thread of its own: the words, or an empty
#: text and why there are none.
Listens = Callable[[bytes], tuple[str, str]]
#: The same by the name of the file, how long it lasts in seconds, and the task that it is for.
Hears = Callable[[str, float, str], Listens]


@dataclass
class _Recording:
    """One that was read. `begun` is when that was, by the monotonic clock; `said` comes once it
    is listened to."""

    signature: Signature
    sha256: str
    reading: Reading
    begun: float
    said: Future[tuple[str, str]] | None = None


@dataclass
class Recordings:
    """`hears` is None where nobody listens; `task_of` is the task that a file of this sha256
    becomes."""

    readings: Readings
    hears: Hears | None
    task_of: Callable[[str], str]
    _known: dict[Path, _Recording] = field(default_factory=dict)

    def in_order(self, lie: Collection[Path]) -> list[Path]:
        """These files, first those that were begun already; any other is forgotten, for it is a
        task by now or was taken away."""
        self._known = {path: self._known[path] for path in lie if path in self._known}
        rest = self.readings.in_order([path for path in lie if path not in self._known])
        return [*self._known, *rest]

    def of(self, path: Path, mono: float) -> tuple[str, Reading | None] | None:
        """As `Readings.of`, with what is said in a recording."""
        if self.hears is None:
            return self.readings.of(path)
        one = self._known.get(path)
        if one is None or one.signature != signature_of(path.lstat()):
            self._known.pop(path, None)
            read = self.readings.of(path)
            if read is None or read[1] is None:
                return read
            if not (is_recording(read[1]) and is_called_sound(path.name, "")):
                return read
            one = _Recording(signature_of(path.lstat()), read[0], read[1], mono)
            self._known[path] = one
        if self.readings.seen(one.sha256):
            return one.sha256, None  # its double was first
        if one.said is None:
            self._listen(self.hears, path, one)
        if one.said is None or not one.said.done():
            return None
        # Kept till the file is gone: where no task can be written now, it is not paid for again.
        return one.sha256, _told(one.reading, *one.said.result())

    def _listen(self, hears: Hears, path: Path, one: _Recording) -> None:
        """Begins to listen, unless another recording is listened to."""
        if any(other.said and not other.said.done() for other in self._known.values()):
            return
        listens = hears(path.name, length_s(one.reading), self.task_of(one.sha256))
        one.said = Future()
        work = (listens, path, one.said)
        threading.Thread(target=_work, args=work, name="listening", daemon=True).start()

    def again_s(self, path: Path, mono: float, else_s: float) -> float:
        """How soon it is worth looking again whether it has been heard, in seconds."""
        one = self._known.get(path)
        return min(MOST_S, max(LEAST_S, (mono - one.begun) / 10)) if one else else_s

    def slow(self, mono: float) -> list[Path]:
        """Those that have kept their task waiting for so long that it is to be told."""
        return [
            path
            for path, one in self._known.items()
            if mono - one.begun >= TOLD_S and not (one.said and one.said.done())
        ]

    def close(self) -> None:
        """Leaves what is under way behind; it is read and heard again at the next start."""
        self.readings.close()


def _work(listens: Listens, path: Path, said: Future[tuple[str, str]]) -> None:
    try:
        said.set_result(listens(disk.read_regular(path, READ_MOST_BYTES)))
    except OSError as refused:  # without its name, which no log is to hold
        said.set_result(("", f"it cannot be read ({refused.strerror})"))
    except Exception as broken:  # the file becomes a task all the same
        logger.error("listening broke", exc_info=broken)
        said.set_result(("", f"listening to it broke ({type(broken).__name__})"))


def _told(reading: Reading, words: str, why: str) -> Reading:
    if words:
        return with_words(reading, words)
    return replace(reading, remarks=(*reading.remarks, f"{NOT_HEARD}{why}"))
