"""Runs sources: each in a thread of its own, again and again, with longer waits while it fails."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from typing import IO

from factotum import log
from factotum.ears import beats, found
from factotum.ears.post import Post, Room
from factotum.watcher import Source, SourceError, Stopped

logger = log.get("factotum.ears")

#: How long to wait after the first failure, and at most, in seconds; each further failure
#: doubles it. The real wait is up to a half shorter, by chance: many do not come back at once.
BACK_OFF_S, BACK_OFF_MOST_S = 5.0, 1800.0
#: After how many failures in a row it is told: a server may restart.
TOLD_AFTER = 3
#: The longest that a source rests without a look, in seconds, whatever it says.
REST_MOST_S = 24 * 3600.0


class Runner:
    """The sources of some watchers, of which this process has the locks."""

    def __init__(self, room: Room, names: Sequence[str]) -> None:
        self._room = room
        self._names = list(names)
        self._locks: list[IO[str]] = []
        self._running: list[tuple[Source, Post, threading.Thread]] = []
        self.wrong: dict[str, str] = {}

    def take(self) -> list[str]:
        """Takes the locks; the names of those that another process runs."""
        elsewhere = []
        for name in self._names:
            lock = beats.lock(self._room.premises.state, name)
            if lock is None:
                elsewhere.append(name)
            else:
                self._locks.append(lock)
        self._names = [name for name in self._names if name not in elsewhere]
        return elsewhere

    def start(self) -> None:
        """Starts what is set up. Call `take` before."""
        sources, self.wrong = found.sources_of(self._names, self._room.premises)
        known = {source.name for source in sources}
        for beat in list(beats.read(self._room.premises.state)):
            if beat.watcher in self._names and beat.source not in known:
                beats.forget(self._room.premises.state, beat.source)  # it was there once
        for source in sources:
            post = Post(source, self._room)
            thread = threading.Thread(
                target=_run, args=(source, post), name=f"watch {source.name}", daemon=True
            )
            self._running.append((source, post, thread))
            thread.start()

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for _, _, thread in self._running)

    def halt(self) -> None:
        """Tells all to stop, without waiting for them."""
        for _, post, _ in self._running:
            post.stop()

    def stop(self, grace_s: float) -> None:
        """Waits at most so long for what is under way; who hangs in a network call is left
        behind with nothing in hand that is not heard again."""
        self.halt()
        until = time.monotonic() + grace_s
        for source, post, thread in self._running:
            thread.join(max(0.0, until - time.monotonic()))
            if not thread.is_alive():
                post.close()
            else:
                logger.warning("left behind", extra={"source": source.name})
        for lock in self._locks:
            lock.close()
        self._running, self._locks = [], []


def _run(source: Source, post: Post) -> None:
    failures = 0
    try:
        while True:
            try:
                pause_s = _look(source, post)
                failures = 0
                source.rest(post, pause_s)
            except Stopped:
                raise
            except Exception as broken:  # noqa: BLE001 (one source cannot end, nor end another)
                failures += 1
                pause_s = _failed(source, post, broken, failures)
                post.rest(pause_s)
    except Stopped:
        pass
    finally:
        _close(source)


def _look(source: Source, post: Post) -> float:
    """One look, and what was collected and is due; after how many seconds to look again."""
    pause_s = source.look(post)
    post.answered()
    post.trouble("")
    due = post.deliver()
    nearest = source.every_s if pause_s is None else pause_s
    if due is not None:
        nearest = min(nearest, max(0.0, due - post.now()))
    return min(nearest, REST_MOST_S)


def _failed(source: Source, post: Post, broken: Exception, failures: int) -> float:
    ours = isinstance(broken, SourceError)
    logger.log(
        20 if ours else 40,
        "source failed",
        extra={"source": source.name, "error": type(broken).__name__},
        exc_info=None if ours else broken,
    )
    login = isinstance(broken, SourceError) and broken.login
    if failures >= TOLD_AFTER or login:
        post.trouble(str(broken) if ours else f"{type(broken).__name__}: {broken}", login=login)
    _close(source)
    again_s = broken.again_s if isinstance(broken, SourceError) else 0.0
    longest = min(BACK_OFF_MOST_S, BACK_OFF_S * 2.0 ** min(failures - 1, 20))
    share: float = random.uniform(0.5, 1.0)  # noqa: S311 (no secret)
    return max(again_s, longest * share)


def _close(source: Source) -> None:
    try:
        source.close()
    except Exception as broken:  # what is broken already may say so once more
        logger.debug("source not closed", exc_info=broken)


def once(room: Room, names: Sequence[str]) -> dict[str, str]:
    """Looks once with each source of these watchers, one after the other; what went wrong, by
    the name of the source."""
    sources, wrong = found.sources_of(names, room.premises)
    for source in sources:
        post = Post(source, room, once=True)
        try:
            _look(source, post)
        except Exception as broken:  # noqa: BLE001 (the others have their turn)
            ours = isinstance(broken, SourceError)
            wrong[source.name] = str(broken) if ours else f"{type(broken).__name__}: {broken}"
            post.trouble(wrong[source.name])
        finally:
            _close(source)
            post.close()
    return wrong
