"""Schedules to test with: a real vault and ledger, the real source, and a clock that is passed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from factotum.ears.house import here, room_of
from factotum.ears.post import Post
from factotum.ledger import Ledger, TaskRow
from factotum.rooms import open_rooms
from factotum.schedule import book
from factotum.schedule.book import State
from tests.office import TestOffice
from watchers import schedule_watcher
from watchers.schedule_watcher import Schedules

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def at(text: str, zone: tzinfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@dataclass
class Clockwork:
    """`house` is the machine's zone. What is written lies still since `still_s` seconds."""

    office: TestOffice
    house: tzinfo = BERLIN
    post: Post | None = field(default=None, init=False)

    @property
    def now(self) -> float:
        return self.office.hands.wall

    @now.setter
    def now(self, at: float) -> None:
        self.office.hands.wall = at

    def path(self, name: str) -> Path:
        return self.office.root / "Office/Schedules" / name

    def note(self, name: str, props: str, body: str = "Do it.", age_s: float = 400.0) -> Path:
        path = self.path(name)
        path.write_text(f"---\n{props}\n---\n{body}\n")
        self.touch(name, age_s)
        return path

    def touch(self, name: str, age_s: float = 0.0) -> None:
        os.utime(self.path(name), (self.now - age_s, self.now - age_s))

    @contextmanager
    def open(self) -> Iterator[Schedules]:
        """A fresh start of the watcher; its next look is the first."""
        self.office.state.mkdir(mode=0o700, exist_ok=True)
        rooms = open_rooms(self.office.settings(), self.office.root, guest=True)
        room = room_of(
            rooms.settings,
            rooms.vault,
            rooms.ledger,
            rooms.state,
            here,
            self.office.clock(),
        )
        house = self.house
        premises = replace(
            room.premises, zone=lambda one: datetime.fromtimestamp(one, UTC).astimezone(house)
        )
        (source,) = schedule_watcher.sources(premises)
        assert isinstance(source, Schedules)
        self.post = Post(source, room, once=True)
        try:
            yield source
        finally:
            source.close()
            self.post.close()
            rooms.close()

    def look(self, source: Schedules) -> float:
        assert self.post is not None
        pause = source.look(self.post)
        assert pause is not None
        return pause

    def start(self) -> None:
        """One look of a watcher that has just been started."""
        with self.open() as source:
            self.look(source)

    def go_on(self, source: Schedules, until: float) -> None:
        """Looks whenever it wants to, till then."""
        while self.now < until:
            self.now = min(until, self.now + self.look(source))
        self.look(source)

    # -- what came of it

    def tasks(self) -> list[TaskRow]:
        ledger = self.ledger()
        rows = ledger.db.execute("SELECT id FROM task WHERE source = 'schedule' ORDER BY rowid")
        tasks = [ledger.task(row["id"]) for row in rows.fetchall()]
        ledger.close()
        return [task for task in tasks if task is not None]

    def dues(self, title: str = "") -> list[str]:
        """When the runs were due that became tasks, in the schedule's zone."""
        mine = (t.facts.get("schedule") for t in self.tasks() if title in t.title)
        return [str(fact["due"])[:16] for fact in mine if fact]

    def events(self, kind: str) -> list[dict[str, Any]]:
        ledger = self.ledger()
        found = [dict(event.data) for event in ledger.events() if event.kind == kind]
        ledger.close()
        return found

    def states(self) -> list[State]:
        ledger = self.ledger()
        found = list(book.states(ledger).values())
        ledger.close()
        return found

    def ledger(self) -> Ledger:
        return Ledger(self.office.state / "ledger.db")

    def done(self) -> None:
        """Whatever waits is done: the notes are there no more."""
        for path in self.office.files("Needs_Action"):
            path.unlink()

    def remarks(self) -> dict[str, str]:
        assert self.post is not None
        return dict(self.post._beat.remarks)
