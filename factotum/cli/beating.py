"""`factotum heartbeat now`: goes through HEARTBEAT.md at once, whatever the hour."""

from __future__ import annotations

import click

from factotum.cli import FAILED, place
from factotum.cli.telling import line
from factotum.ears.house import here, room_of
from factotum.ears.post import Post
from factotum.rooms import open_rooms
from watchers.heartbeat_watcher import Heartbeat


@click.group()
def heartbeat() -> None:
    """The list HEARTBEAT.md, which is gone through from time to time."""


@heartbeat.command()
def now() -> int:
    """Go through the list now, also if nothing has changed."""
    given = place.settings()
    rooms = open_rooms(given, place.root_of(given), guest=True)
    try:
        room = room_of(rooms.settings, rooms.vault, rooms.ledger, rooms.state, here, rooms.clock)
        source = Heartbeat(room.premises)
        post = Post(source, room, once=True)
        reason = source.beat(post, anyway=True)
        post.close()
    finally:
        rooms.close()
    if reason:
        print(f"No heartbeat: {line(reason, 400)}.")
        return FAILED
    print("The list is a task now; what came of it is shown by: factotum tasks")
    return 0
