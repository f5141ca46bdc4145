"""Reads very many mails in a process beside this one, while those before them are handed in.

It pays where ten thousand letters came meanwhile: half of the work is reading them. The process
ends with the last of them; where it cannot be had or dies, they are read here.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from factotum import log
from factotum.reading import Reading
from factotum.watcher import Stopped

Read = Callable[[bytes, str], Reading]
T = TypeVar("T")

logger = log.get("watchers.mail")

#: What a mail is called when it is read.
NAME = "mail.eml"


class Ahead:
    """`reading(items, raws)` gives each of `items` with the readings of its mails, which are
    made while the item before it is worked on."""

    def __init__(self, pool: ProcessPoolExecutor, read: Read) -> None:
        self._pool, self._read = pool, read

    def reading(
        self, items: Iterable[T], raws: Callable[[T], Sequence[bytes]]
    ) -> Iterator[tuple[T, list[Reading]]]:
        before: tuple[T, Sequence[bytes], Future[list[Reading]] | None] | None = None
        for item in items:
            some = raws(item)
            now = (item, some, self._submit(some))
            if before is not None:
                yield before[0], self._result(*before[1:])
            before = now
        if before is not None:
            yield before[0], self._result(*before[1:])

    def _submit(self, raws: Sequence[bytes]) -> Future[list[Reading]] | None:
        try:
            return self._pool.submit(read_all, self._read, list(raws))
        except (BrokenExecutor, RuntimeError):
            return None

    def _result(self, raws: Sequence[bytes], coming: Future[list[Reading]] | None) -> list[Reading]:
        try:
            if coming is not None:
                return coming.result()
        except Exception as broken:  # whatever became of it: they can be read here
            logger.debug("not read beside", exc_info=broken)
        return read_all(self._read, raws)


@contextmanager
def ahead(read: Read) -> Iterator[Ahead]:
    # Not forked: this process has threads, and a fork would take their locks along.
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield Ahead(pool, read)
    except Stopped:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def read_all(read: Read, raws: Sequence[bytes]) -> list[Reading]:
    return [read(raw, NAME) for raw in raws]
