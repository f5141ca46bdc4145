"""One watcher that looks as often as it is told, each time an hour later; counts what it holds.

    python -m tests.watchers.cycles NAME

For each line of its input, a number, it looks so often, and answers with what its process holds
then, as JSON. Every third time its connections are closed before, as after a failure.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from factotum.ears import beats, found
from factotum.ears.house import room_of
from factotum.ears.post import Post
from factotum.rooms import Clock, open_rooms
from factotum.settings import load
from factotum.watcher import Source, SourceError

#: How much later each look is, and how long it rests after it, in seconds.
LATER_S, REST_S = 3600.0, 0.01


class Looking:
    def __init__(self, sources: list[tuple[Source, Post]], folders: list[Path]) -> None:
        self._sources = sources
        self._folders = folders
        self.later_s = 0.0

    def now(self) -> float:
        return time.time() + self.later_s

    def go(self, times: int) -> dict[str, int]:
        for n in range(times):
            self.later_s += LATER_S
            for source, post in self._sources:
                self._look(source, post, anew=n % 3 == 2)
        return self._held()

    def _look(self, source: Source, post: Post, *, anew: bool) -> None:
        if anew:
            source.close()
        try:
            source.look(post)
            post.answered()
            post.trouble("")
            post.deliver()
            source.rest(post, REST_S)
        except SourceError as refused:
            post.trouble(str(refused))
            source.close()

    def _held(self) -> dict[str, int]:
        for _, post in self._sources:
            post.show(at_once=True)
        told = [one.trouble or one.remarks for one in beats.read(self._folders[0])]
        files = sum(len(names) for there in self._folders for _, _, names in os.walk(there))
        return {
            "descriptors": len(os.listdir("/proc/self/fd")),
            "threads": threading.active_count(),
            "files": files,
            "troubles": sum(map(bool, told)),
        }


@contextmanager
def looking(name: str) -> Iterator[Looking]:
    """All sources of this watcher, in the house of which the environment tells."""
    given = load(os.environ, [])
    rooms = open_rooms(given, given.path("VAULT"), guest=True)
    it = Looking([], [rooms.state, rooms.vault.root])
    room = room_of(
        rooms.settings,
        rooms.vault,
        rooms.ledger,
        rooms.state,
        lambda deed, *args, **kwargs: deed(*args, **kwargs),
        Clock(wall=it.now),
    )
    sources, wrong = found.sources_of([name], room.premises)
    assert sources and not wrong, wrong
    it._sources += [(source, Post(source, room)) for source in sources]
    yield it
    rooms.close()


if __name__ == "__main__":
    with looking(sys.argv[1]) as looked:
        for line in sys.stdin:
            print(json.dumps(looked.go(int(line))), flush=True)
