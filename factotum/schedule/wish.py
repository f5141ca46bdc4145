"""A schedule as somebody wants it, and the note that is written of it. Pure.

One code path writes every note of a schedule: of the command line, of the agent's tool, and of
what is brought from elsewhere. Whether it can be read is for whoever reads such notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from factotum.inert import one_line
from factotum.note import render
from factotum.schedule import english, times
from factotum.schedule.note import MODES, TIMES
from factotum.schedule.times import When
from factotum.schedule.zones import named

#: The longest name of a schedule, in characters.
NAME_CHARS = 120


@dataclass(frozen=True)
class Wish:
    """`every` is a number of seconds or as people write it (“20 min”). `channel` and `to` are
    where its result is told; empty for where the owner is told everything."""

    name: str
    message: str
    at: str = ""
    every: str = ""
    cron: str = ""
    timezone: str = ""
    mode: str = ""
    missed: str = ""
    enabled: bool = True
    delete_after_run: bool = False
    agent: str = ""
    channel: str = ""
    to: str = ""

    @property
    def ways(self) -> list[str]:
        """Which of the three say when."""
        return [way for way in TIMES if str(getattr(self, way)).strip()]

    @property
    def when(self) -> str:
        """When it runs, as it was written."""
        return one_line(next((str(getattr(self, way)) for way in self.ways), ""), 120)


def wrong(wish: Wish) -> str:
    """What can be told to be wrong without reading what was written, or an empty string."""
    if not wish.name.strip():
        return "a schedule needs a name"
    if not wish.message.strip():
        return "a schedule needs a message: what shall be done, or what you want to be told"
    match wish.ways:
        case []:
            return "say when: one of at, every and cron"
        case [_]:
            return ""
        case ways:
            return f"say when in one way, not in {len(ways)}: {' and '.join(ways)}"


def when_of(wish: Wish, house: tzinfo) -> When:
    """When it is due; `house` is the zone of one that names none. Raises TimeError, ZoneError."""
    zone = named(wish.timezone) if wish.timezone else house
    match wish.ways[0]:
        case "cron":
            return times.cron(wish.cron, zone)
        case "every":
            return english.when_every(wish.every, zone)
        case _:
            return english.when_at(wish.at, zone)


def written(wish: Wish, more: Mapping[str, Any] | None = None) -> bytes:
    """The note of it; `more` are further properties, as by which card it was made."""
    way = wish.ways[0]
    value = str(getattr(wish, way)).strip()
    wanted: dict[str, Any] = {
        way: int(value) if way == "every" and value.isascii() and value.isdigit() else value,
        "timezone": wish.timezone,
        "missed": wish.missed,
        "mode": wish.mode or MODES[0],
        "enabled": wish.enabled,
        "delete_after_run": wish.delete_after_run or "",
        "agent": wish.agent,
        "channel": wish.channel,
        "to": wish.to,
    }
    props = {key: value for key, value in wanted.items() if value != ""}
    heading = one_line(wish.name, NAME_CHARS)
    return render({**props, **(more or {})}, f"# {heading}\n\n{wish.message.strip()}\n")
