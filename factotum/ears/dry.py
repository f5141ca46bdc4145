"""A post at which nothing happens: what a source would hand in is collected, to be shown.

No task is made, no cursor moves, nothing counts as seen, and what is asked of the ledger is
undone. The source is told so (`dry`), so that it changes nothing on the other side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from factotum.drop import Drop
from factotum.ears.post import Room
from factotum.fenced import Node
from factotum.ledger import Ledger
from factotum.mailauth import Sender
from factotum.model import Trust
from factotum.watcher import Source

R = TypeVar("R")


class _Undone(Exception):
    """Ends a transaction whose changes are not wanted."""


@dataclass
class Tried:
    """What became of one look. `known` are those of `drops` that were handed in before."""

    source: str
    drops: list[Drop] = field(default_factory=list)
    known: set[tuple[str, str]] = field(default_factory=set)
    remarks: dict[str, str] = field(default_factory=dict)
    wrong: str = ""


class DryPost:
    once = True
    dry = True

    def __init__(self, source: Source, room: Room) -> None:
        self._name = source.name
        self._room = room
        self._cursors: dict[str, str] = {}
        self.tried = Tried(source.name)

    def now(self) -> float:
        return self._room.clock()

    def zone(self, at: float) -> datetime:
        return self._room.premises.zone(at)

    def cursor(self, part: str = "") -> str:
        if part in self._cursors:
            return self._cursors[part]
        found = self._room.desk(self._room.mailroom.cursor, self._name, part)
        return str(found)

    def hand_in(self, *drops: Drop, cursor: str = "", part: str = "") -> None:
        new = {(one.source, one.source_id) for one in self.look_up(lambda _: self._unseen(drops))}
        for one in drops:
            if (key := (one.source, one.source_id)) not in new:
                self.tried.known.add(key)
        self.tried.drops += drops
        if cursor:
            self.remember(cursor, part)

    def _unseen(self, drops: tuple[Drop, ...]) -> list[Drop]:
        return self._room.mailroom.unseen(drops)

    def remember(self, cursor: str, part: str = "") -> None:
        self._cursors[part] = cursor

    def look_up(self, ask: Callable[[Ledger], R]) -> R:
        answer: R = self._room.desk(_undone, self._room.mailroom.ledger, ask)  # type: ignore[assignment]
        return answer

    def label(self, raw: bytes) -> tuple[Trust, Sender]:
        return self._room.desk(self._room.label, raw)  # type: ignore[return-value]

    def rules(self, section: str) -> tuple[Node, ...]:
        return self._room.desk(self._room.rules, section)  # type: ignore[return-value]

    def remark(self, about: str, text: str) -> None:
        self.tried.remarks.pop(about, None)
        if text:
            self.tried.remarks[about] = text

    def login_ends(self, at: float) -> None:
        """It is told when it is run."""

    def rest(self, seconds: float, *fds: int) -> bool:
        return False


def _undone(ledger: Ledger, ask: Callable[[Ledger], R]) -> R:
    """What it answers; what it changed is taken back."""
    answer: list[R] = []
    try:
        with ledger.tx():
            answer.append(ask(ledger))
            raise _Undone
    except _Undone:
        return answer[0]
