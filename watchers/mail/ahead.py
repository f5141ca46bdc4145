"""Reads very many mails in a process beside this one, while those before them are handed in.

It pays where ten thousand letters came meanwhile: half of the work is reading them. The process
ends with the last of them, or with this one; where it cannot be had or dies, they are read here.
"""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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
    """`reading(items, raws)` gives each of `items` with the readings of its mails, which are
    made while the item before it is worked on."""

    def __init__(self, child: subprocess.Popen[bytes] | None, talk: ThreadPoolExecutor, read: Read):
        self._child, self._talk, self._read = child, talk, read

    def reading(
        self, items: Iterable[T], raws: Callable[[T], Sequence[bytes]]
    ) -> Iterator[tuple[T, list[Reading]]]:
        before: tuple[T, Sequence[bytes], Future[list[Reading]]] | None = None
        for item in items:
            some = raws(item)
            now = (item, some, self._talk.submit(self._ask, some))
            if before is not None:
                yield before[0], self._result(*before[1:])
            before = now
        if before is not None:
            yield before[0], self._result(*before[1:])

    def _ask(self, raws: Sequence[bytes]) -> list[Reading]:
        try:
            return self._asked(raws)
        except Exception:
            if self._child is not None:
                self._child.kill()  # nobody waits for another answer of it
            raise

    def _asked(self, raws: Sequence[bytes]) -> list[Reading]:
        if self._child is None or self._child.stdin is None or self._child.stdout is None:
            raise OSError("there is no other process")
        reader_child.write(self._child.stdin, list(raws))
        found = _Answer(io.BytesIO(reader_child.read(self._child.stdout))).load()
        if len(found) != len(raws) or not all(isinstance(one, Reading) for one in found):
            raise ValueError("it answered something else")
        return list(found)

    def _result(self, raws: Sequence[bytes], coming: Future[list[Reading]]) -> list[Reading]:
        try:
            return coming.result()
        except Exception as broken:  # whatever became of it: they can be read here
            logger.debug("not read beside", exc_info=broken)
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
