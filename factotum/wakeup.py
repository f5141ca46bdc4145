"""What ends the pause between two ticks: a file event, a word from another process, time.

An event is a hint: it says what to look at first, and a scan says what is there. Where events
cannot be had (network shares, too many watches) there is only the time, and nothing is lost.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import logging
import os
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from factotum.model import FOLDERS, State
from factotum.privacy import HANDBOOK
from factotum.vault import is_stop

#: The least time from one tick to the next that an event brings, in seconds: the first event
#: after a pause is answered at once, the rest of its burst by one more look.
GATHER_S = 0.02
#: How many times as long as a tick took its pause is, at most so many seconds: ticks over very
#: many notes must not keep the desk from the work itself.
PAUSE_TIMES, PAUSE_MOST_S = 3, 0.25

#: What is told of a folder, and of the one folder where other processes leave their word
#: (inotify(7): closed after writing, moved away, moved here, made, deleted; closed alone).
FOLDER_MASK = 0x8 | 0x40 | 0x80 | 0x100 | 0x200
WORD_MASK = 0x8
MOVED_AWAY, MOVED_HERE, CAME = 0x40, 0x80, 0x80 | 0x100
IS_FOLDER, GONE = 0x40000000, 0x8000
NONBLOCK_CLOEXEC = os.O_NONBLOCK | os.O_CLOEXEC
READ_BYTES = 64 * 1024

WORD = "wake"
TASKS, AT_WORK = FOLDERS[State.NEEDS_ACTION], FOLDERS[State.IN_PROGRESS]


def watched() -> list[str]:
    """The folders in which something may happen; Done only grows, and by our own hand."""
    return [name for name in dict.fromkeys(FOLDERS.values()) if name != FOLDERS[State.DONE]]


class Wakeup:
    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._hurried = asyncio.Event()
        self._arrived: dict[str, None] = {}
        self._last = time.monotonic()
        self._later: asyncio.TimerHandle | None = None
        self._close: Callable[[], None] = _nothing

    def set(self) -> None:
        self._event.set()

    def hurry(self) -> None:
        """Somebody waits for the next tick with nothing else to do: it may come at once."""
        self._hurried.set()
        self._event.set()

    async def wait(self, most_s: float) -> list[str]:
        """Returns after `most_s` seconds, or sooner when something happened: the names of the
        notes that were moved into Needs_Action meanwhile, as far as was heard."""
        now = time.monotonic()
        took_s = now - self._last
        not_before = now + max(GATHER_S - took_s, min(PAUSE_TIMES * took_s, PAUSE_MOST_S))
        try:
            async with asyncio.timeout(most_s):
                await self._event.wait()
            if (early_s := not_before - time.monotonic()) > 0:
                async with asyncio.timeout(early_s):
                    await self._hurried.wait()
        except TimeoutError:
            pass
        if self._later is not None:  # the tick that follows sees what it was about
            self._later.cancel()
            self._later = None
        self._event.clear()
        self._hurried.clear()
        self._last = time.monotonic()
        arrived = list(self._arrived)
        self._arrived.clear()
        return arrived

    def heard(self, arrived: str = "") -> None:
        """Something happened; `arrived` is the name of a note that was moved in."""
        if arrived:
            self._arrived[arrived] = None
        self._event.set()

    def heard_at_work(self) -> None:
        """Something happened where tasks are worked on: mostly it was us, who say so in a moment
        ourselves, so it has time till the next tick, or a little."""
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(GATHER_S, self._event.set)

    def watch(self, root: Path, state: Path) -> None:
        """Starts to listen to the pipeline folders and to the `wake` file of `state`."""
        try:
            self._close = _Inotify(root, state, self.heard, self.heard_at_work).close
        except AttributeError:  # a system without inotify
            self._close = _watchdog(root, state, self.heard)
        except OSError:
            return  # no watches to be had: the scans do it

    def close(self) -> None:
        self._close()
        self._close = _nothing
        if self._later is not None:
            self._later.cancel()


def _nothing() -> None:
    """What is to be closed while nothing is open."""


class _Inotify:
    """Linux's own events, read by the event loop itself: no thread wakes for them, and what
    was moved away is not waited for before the next is told."""

    def __init__(
        self,
        root: Path,
        state: Path,
        heard: Callable[[str], None],
        heard_at_work: Callable[[], None],
    ) -> None:
        """Raises OSError when there are no watches to be had, AttributeError without inotify."""
        libc = ctypes.CDLL(None, use_errno=True)
        self._add_watch = libc.inotify_add_watch
        self._heard = heard
        self._heard_at_work = heard_at_work
        self._fd = _checked(libc.inotify_init1(NONBLOCK_CLOEXEC))
        try:
            self._word = self._add(state, WORD_MASK)
            folders = {name: self._add(root / name, FOLDER_MASK) for name in watched()}
            self._tasks = folders[TASKS]
            self._root = self._add(root, FOLDER_MASK)
            self._within: dict[int, Path] = {folders[AT_WORK]: root / AT_WORK}
            self._look_within(root / AT_WORK)
        except OSError:
            os.close(self._fd)
            raise
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._read)

    def _add(self, folder: Path, mask: int) -> int:
        return _checked(self._add_watch(self._fd, os.fsencode(folder), mask))

    def _look_within(self, folder: Path) -> None:
        """Listens to the folders in `folder` too: those of instances, and of what waits."""
        for found in os.scandir(folder):
            if found.is_dir(follow_symlinks=False):
                self._follow(Path(found.path))

    def _follow(self, folder: Path) -> None:
        try:
            self._within[self._add(folder, FOLDER_MASK)] = folder
            self._look_within(folder)
        except OSError:
            return  # it went, or there are no more watches: the scans do it

    def _read(self) -> None:
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return
        events = list(_parsed(data))
        left = {e.pair for e in events if e.watch == self._tasks and e.mask & MOVED_AWAY}
        claims = {e.pair for e in events if e.watch in self._within and e.pair in left}
        for event in events:
            if event.pair not in claims:  # a claim is ours: who made it has looked already
                self._one(event.watch, event.mask, event.name)

    def _one(self, watch: int, mask: int, name: str) -> None:
        if watch == self._word:
            if name == WORD:
                self._heard("")
            return
        if watch == self._root:  # the rest that lies there is no news
            if _is_news(name):
                self._heard("")
            return
        at_work = watch in self._within
        if mask & GONE:
            self._within.pop(watch, None)
        if mask & IS_FOLDER and mask & CAME and watch in self._within:
            self._follow(self._within[watch] / name)
        if at_work:
            self._heard_at_work()
            return
        self._heard(name if watch == self._tasks and mask & MOVED_HERE else "")

    def close(self) -> None:
        self._loop.remove_reader(self._fd)
        os.close(self._fd)


def _is_news(name: str) -> bool:
    """Whether a note at the root of the vault is looked at as soon as it comes, changes or goes:
    the one that stops everything, and the handbook, whose rules hold at once."""
    return is_stop(name) or name == HANDBOOK


class _Event(NamedTuple):
    """`pair` is what the two halves of one move have in common, 0 for what is no move."""

    watch: int
    mask: int
    pair: int
    name: str


def _parsed(data: bytes) -> Iterator[_Event]:
    start = 0
    while start < len(data):
        watch, mask, pair, length = struct.unpack_from("iIII", data, start)
        start += 16 + length
        yield _Event(watch, mask, pair, os.fsdecode(data[start - length : start].rstrip(b"\0")))


def _checked(answer: int) -> int:
    if answer < 0:
        code = ctypes.get_errno() or errno.EIO
        raise OSError(code, os.strerror(code))
    return answer


def _watchdog(root: Path, state: Path, heard: Callable[[str], None]) -> Callable[[], None]:
    """The same by watchdog, for systems other than Linux; returns what ends it. Where there
    are no watches to be had, nothing is heard."""
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers import Observer

    # It complains of events that come while it is being stopped; scans make up for those.
    logging.getLogger("watchdog").setLevel(logging.CRITICAL)
    loop = asyncio.get_running_loop()

    class Hint(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if event.event_type in {"created", "modified", "moved", "deleted", "closed"}:
                loop.call_soon_threadsafe(heard, "")

    class Stop(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if any(_is_news(Path(str(at)).name) for at in (event.src_path, event.dest_path) if at):
                loop.call_soon_threadsafe(heard, "")

    class Word(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if str(event.src_path).endswith(f"/{WORD}") and event.event_type == "modified":
                loop.call_soon_threadsafe(heard, "")

    observer = Observer()
    try:
        for name in watched():
            observer.schedule(Hint(), str(root / name), recursive=name == AT_WORK)
        observer.schedule(Word(), str(state))
        observer.schedule(Stop(), str(root))
        observer.start()
    except OSError:
        return _nothing

    def close() -> None:
        observer.stop()
        observer.join()

    return close
