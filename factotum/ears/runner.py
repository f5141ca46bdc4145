"""Runs the sources of watchers, each in a thread of its own; one that hangs or breaks is alone."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from typing import IO

from factotum import log
from factotum.ears import beats, found, listening
from factotum.ears.beats import Beat
from factotum.ears.post import Post, Room
from factotum.watcher import Source, SourceError

logger = log.get("factotum.ears")

#: How long is waited for the watchers to say what they listen to, in seconds: one that hangs is
#: not waited for longer.
BEGIN_S = 10.0
#: How often it is looked whether what could not be begun can be, in seconds. A watcher that
#: another process ran is taken over when nobody has it twice in a row: PM2 needs some seconds to
#: start one again.
AGAIN_S = 60.0


class Runner:
    """The sources of some watchers, of which this process has the locks. Use it on one thread;
    `halt` may be called on any."""

    def __init__(self, room: Room, names: Sequence[str]) -> None:
        self._room = room
        self._state = room.premises.state
        self._elsewhere: dict[str, bool] = dict.fromkeys(names, True)  # and whether it was free
        self._locks: dict[str, IO[str]] = {}
        self._begun: set[str] = set()
        self._running: list[tuple[Source, Post, threading.Thread]] = []
        self._one = threading.Lock()
        self._halted = False
        self.wrong: dict[str, str] = {}

    def take(self) -> list[str]:
        """Takes the locks; the names of those that another process runs."""
        for name in list(self._elsewhere):
            lock = beats.lock(self._state, name)
            if lock is None:
                self._elsewhere[name] = False
            else:
                self._locks[name] = lock
                del self._elsewhere[name]
        return list(self._elsewhere)

    def start(self) -> None:
        """Starts what is set up of what was taken. Call it again to try again what is wrong."""
        begin = [
            threading.Thread(target=self._begin, args=(name,), name=f"set up {name}", daemon=True)
            for name in self._locks
            if name not in self._begun
        ]
        for thread in begin:
            thread.start()
        until = time.monotonic() + BEGIN_S
        for thread in begin:
            thread.join(max(0.0, until - time.monotonic()))

    def _begin(self, name: str) -> None:
        self._begun.add(name)
        try:
            sources = found.watcher(name).sources(self._room.premises)
            self._run_all(name, sources)
            self.wrong.pop(name, None)
        except Exception as broken:  # it cannot keep the others from beginning
            why = found.said(broken)
            if self.wrong.get(name) != why:
                ours = isinstance(broken, SourceError)
                told = {"watcher": name, "reason": why}
                logger.error("not set up", extra=told, exc_info=None if ours else broken)
            self.wrong[name] = why
            self._show_wrong(name, why)
            self._begun.discard(name)

    def _run_all(self, name: str, sources: Sequence[Source]) -> None:
        known = {source.name for source in sources}
        for beat in list(beats.read(self._state)):
            if beat.watcher == name and beat.source not in known:
                beats.forget(self._state, beat.source)  # it was there once
        self._tell_what_is_left(name, known)
        with self._one:
            for source in sources:
                post = Post(source, self._room)
                thread = threading.Thread(
                    target=listening.run, args=(source, post), name=source.name, daemon=True
                )
                self._running.append((source, post, thread))
                if self._halted:
                    post.stop()
                thread.start()

    def _tell_what_is_left(self, name: str, known: set[str]) -> None:
        """What sources had collected that are no more: nobody else would tell it."""
        room, now = self._room.mailroom, self._room.clock()

        def tell() -> None:
            for source in room.bundles.sources():
                if source.partition(" ")[0] == name and source not in known:
                    room.deliver(source, now, early=True)

        self._room.desk(tell)

    def _show_wrong(self, name: str, why: str) -> None:
        now = self._room.clock()
        try:
            beats.write(self._state, Beat(name, os.getpid(), now, since=now, trouble=why))
        except OSError as refused:
            logger.warning("beat not written", exc_info=refused)

    def again(self) -> float | None:
        """Tries again what could not be begun. In how many seconds to call it again; None when
        there is nothing to do."""
        for name, was_free in list(self._elsewhere.items()):
            lock = beats.lock(self._state, name)
            if lock is not None and was_free:
                logger.info("taken over", extra={"watcher": name})
                self._locks[name] = lock
                del self._elsewhere[name]
            else:
                self._elsewhere[name] = lock is not None
                if lock is not None:
                    lock.close()
        self.start()
        return AGAIN_S if self._elsewhere or self.wrong else None

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for _, _, thread in self._running)

    def halt(self) -> None:
        """Tells all to stop, without waiting for them."""
        with self._one:
            self._halted = True
            for _, post, _ in self._running:
                post.stop()

    def stop(self, grace_s: float) -> None:
        """Waits at most so long for what is under way; who hangs in a network call is left
        behind with nothing in hand that is not heard again."""
        self.halt()
        until = time.monotonic() + grace_s
        for source, post, thread in self._running:
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                logger.warning("left behind", extra={"source": source.name})
            else:
                post.close()
        for lock in self._locks.values():
            lock.close()
        self._running, self._locks = [], {}
