"""A source that is made when the handbook first has something for it to do.

Most offices have no feeds and watch no pages; what asks the web is not even loaded there.
"""

from __future__ import annotations

from collections.abc import Callable

from factotum.watcher import Polled, Post, Premises, Source

#: How often it is looked whether the handbook says something now, in seconds.
LOOK_S = 300.0


class Later(Polled):
    """`make` gives the source that does the work; it has the same name."""

    every_s = LOOK_S

    def __init__(
        self, name: str, section: str, premises: Premises, make: Callable[[Premises], Source]
    ) -> None:
        self.name = name
        self._section = section
        self._premises = premises
        self._make = make
        self._made: Source | None = None

    def look(self, post: Post) -> float | None:
        if self._made is None:
            if not post.rules(self._section):
                return None
            self._made = self._make(self._premises)
        return self._made.look(post)
