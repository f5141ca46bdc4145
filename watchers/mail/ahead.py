"""Fetches and reads very many mails while those before them are handed in.

It pays where ten thousand letters came meanwhile: handing in waits for the disk, fetching for the
server, and half of the work is reading, which a process beside this one does. The process
ends with the last of them, or with this one; where it cannot be had or dies, they are read here.
"""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from factotum import log
from factotum.reading import Reading
from watchers.mail import reader_child

Read = Callable[[bytes, str], Reading]
T = TypeVar("T")

CHILD = Path(__file__).with_name("reader_child.py")
#: All that an answer may be made of.
MADE_OF = {
    ("factotum.reading.shape", "Reading"),
    ("factotum.reading.shape", "Part"),
    ("datetime", "datetime"),
    ("datetime", "timezone"),
    ("datetime", "timedelta"),
}

logger = log.get("watchers.mail")


class _Answer(pickle.Unpickler):
    """A reader of hostile words is not believed to send only what it should."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in MADE_OF:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name}")


class Ahead:
    """`reading(items, raws)` gives each of `items` with the readings of its mails. The next item
    is had, on a thread of its own, and read while the one before it is worked on; what having it
    raises comes after that."""

    def __init__(self, child: subprocess.Popen[bytes] | None, talk: ThreadPoolExecutor, read: Read):
        self._child, self._talk, self._read = child, talk, read

    def reading(
        self, items: Iterable[T], raws: Callable[[T], Sequence[bytes]]
    ) -> Iterator[tuple[T, list[Reading]]]:
        them = iter(items)

        def had() -> tuple[T, Sequence[bytes], list[Reading] | None] | None:
            for item in them:
                some = raws(item)
                return item, some, self._ask(some)
            return None

        coming = self._talk.submit(had)
        while (got := coming.result()) is not None:
            coming = self._talk.submit(had)
            item, some, readings = got
            yield item, self._here(some) if readings is None else readings

    def _ask(self, raws: Sequence[bytes]) -> list[Reading] | None:
        """None when the child cannot: whatever became of it, they can be read here."""
        try:
            return self._asked(raws)
        except Exception as broken:
            logger.debug("not read beside", exc_info=broken)
            if self._child is not None:
                self._child.kill()  # nobody waits for another answer of it
            return None

    def _asked(self, raws: Sequence[bytes]) -> list[Reading]:
        if self._child is None or self._child.stdin is None or self._child.stdout is None:
            raise OSError("there is no other process")
        reader_child.write(self._child.stdin, list(raws))
        found = _Answer(io.BytesIO(reader_child.read(self._child.stdout))).load()
        if len(found) != len(raws) or not all(isinstance(one, Reading) for one in found):
            raise ValueError("it answered something else")
        return list(found)

    def _here(self, raws: Sequence[bytes]) -> list[Reading]:
        return [self._read(raw, "mail.eml") for raw in raws]


@contextmanager
def ahead(read: Read, child: Path = CHILD) -> Iterator[Ahead]:
    """`read` is what reads them here."""
    process = _started(child)
    talk = ThreadPoolExecutor(1, "read ahead")
    try:
        yield Ahead(process, talk, read)
    finally:
        if process is not None:
            process.kill()
            process.wait()
        talk.shutdown(cancel_futures=True)
        for pipe in (process.stdin, process.stdout) if process else ():
            with suppress(OSError):  # what was still to be written to it
                assert pipe is not None
                pipe.close()


def _started(child: Path) -> subprocess.Popen[bytes] | None:
    """None when there is no process to be had."""
    try:
        return subprocess.Popen(
            [sys.executable, "-I", str(child)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
        )
    except OSError:
        return None
