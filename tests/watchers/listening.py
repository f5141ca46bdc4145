"""One source, looked with as its runner would, on the rooms of a test's office."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from factotum.ears import beats
from factotum.ears.house import here, room_of
from factotum.ears.post import Post
from factotum.ledger import TaskRow
from factotum.rooms import open_rooms
from factotum.watcher import Premises, Source
from tests.office import TestOffice


class Listening:
    """`look()` is one look of the source and what it collected told; `tasks` are all that were
    made by then, `remarks` what stands on the Dashboard."""

    def __init__(self, office: TestOffice, source: Source, post: Post, rows: Any) -> None:
        self.office = office
        self.source = source
        self.post = post
        self._rows = rows

    def look(self) -> float | None:
        again_s = self.source.look(self.post)
        self.post.deliver()
        self.post.show()
        return again_s

    @property
    def tasks(self) -> list[TaskRow]:
        return cast("list[TaskRow]", self._rows())

    @property
    def titles(self) -> list[str]:
        return [task.title for task in self.tasks]

    @property
    def notes(self) -> list[str]:
        return [path.read_text() for path in self.office.files("Needs_Action")]

    @property
    def remarks(self) -> dict[str, str]:
        (beat,) = [one for one in beats.read(self.office.state) if one.source == self.source.name]
        return beat.remarks


@contextmanager
def listening(
    office: TestOffice, source: Callable[[Premises], Source], *, once: bool = False
) -> Iterator[Listening]:
    """Opens the rooms beside whoever runs the office, as a watcher's own process does."""
    office.state.mkdir(mode=0o700, exist_ok=True)
    rooms = open_rooms(office.settings(), office.root, office.clock(), guest=True)
    room = room_of(
        rooms.settings,
        rooms.vault,
        rooms.ledger,
        rooms.state,
        here,
        office.clock(),
    )
    made = source(room.premises)
    post = Post(made, room, once=once)

    def rows() -> list[TaskRow]:
        ids = rooms.ledger.db.execute("SELECT id FROM task ORDER BY rowid").fetchall()
        found = [rooms.ledger.task(row["id"]) for row in ids]
        return [one for one in found if one is not None]

    try:
        yield Listening(office, made, post, rows)
    finally:
        made.close()
        post.close()
        rooms.close()


def handbook(office: TestOffice, section: str, *entries: Any) -> None:
    """A handbook with these entries, each written as JSON, which is YAML too."""
    lines = "\n".join(f"  - {json.dumps(entry)}" for entry in entries)
    text = f"# Handbook\n\n```yaml watching\n{section}:\n{lines}\n```\n"
    (office.root / "Company_Handbook.md").write_text(text)
