"""The ears of a test's office, with a desk of their own, as a watcher's process has them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from factotum.drop import Drop
from factotum.ears.house import room_of
from factotum.ears.post import Room
from factotum.rooms import open_rooms
from factotum.watcher import Polled, Post
from factotum.worker.desk import Desk
from tests.office import TestOffice
from tests.patience import PATIENCE_S


@contextmanager
def room(office: TestOffice) -> Iterator[Room]:
    office.state.mkdir(mode=0o700, exist_ok=True)
    rooms = open_rooms(office.settings(), office.root, guest=True)
    desk = Desk()
    try:
        yield room_of(
            rooms.settings, rooms.vault, rooms.ledger, rooms.state, desk.wait, office.clock()
        )
    finally:
        desk.close()
        rooms.close()


class Scripted(Polled):
    """A source that does at each look what is next; at rest when there is no more."""

    every_s = 0.05

    def __init__(self, name: str, *looks: Callable[[Post], float | None]) -> None:
        self.name = name
        self._looks = list(looks)
        self.looked = 0
        self.closed = 0
        self.done = threading.Event()

    def look(self, post: Post) -> float | None:
        self.looked += 1
        if not self._looks:
            self.done.set()
            return 60.0
        return self._looks.pop(0)(post)

    def close(self) -> None:
        self.closed += 1


def hands_in(*drops: Drop, cursor: str = "") -> Callable[[Post], float | None]:
    def look(post: Post) -> float | None:
        post.hand_in(*drops, cursor=cursor)
        return 0.0

    return look


def drop(source: str, n: int, **more: object) -> Drop:
    return Drop(source, str(n), "message", f"Thing {n}", "There is nothing to do.", **more)  # type: ignore[arg-type]


def until(done: Callable[[], object], most_s: float = PATIENCE_S) -> bool:
    """Waits till `done`; whether it came to that."""
    end = time.monotonic() + most_s
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
