"""The events of a calendar in a span of time, as the owner's clock shows them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from factotum.inert import one_line
from factotum.reading import cell
from watchers.digest_time import Zone, epoch_of

#: How many events are worked out, and how long that may take, in seconds.
EVENTS_MOST, READ_S = 2000, 40.0


@dataclass(frozen=True)
class Happening:
    """One event, or one of those that repeat. `start` and `end` are epoch seconds; of one that
    takes whole days `first` and `till` are its first day and the one after its last. `key` stays
    the same when it is moved."""

    calendar: str
    key: str
    title: str
    place: str
    text: str
    start: float = 0.0
    end: float = 0.0
    first: str = ""
    till: str = ""


@dataclass(frozen=True)
class Leaf:
    """What a calendar holds in the span, and how much of it could not be read."""

    name: str
    happenings: tuple[Happening, ...]
    trouble: str = ""


@dataclass(frozen=True)
class View:
    """What is looked at: a span of time (epoch seconds), as somebody with the addresses `me`
    sees it: without what they have declined."""

    after: float
    before: float
    me: tuple[str, ...] = ()


def read(objects: Sequence[str], name: str, view: View, zone: Zone) -> Leaf:
    """Without a `name` the calendar's own is taken."""
    asked = {"objects": list(objects), **asdict(view)}
    found = cell.run("events", json.dumps(asked).encode(), EVENTS_MOST, READ_S)
    if isinstance(found, cell.Broken):
        return Leaf(name or "calendar", (), f"it cannot be read: {found.reason}")
    name = name or one_line(found["name"], 80) or "calendar"
    happenings = tuple(_happening(name, one, zone) for one in found["events"])
    bad = found["bad"]
    trouble = f"{bad} of its entries cannot be read" if bad else ""
    return Leaf(name, happenings, trouble)


def _happening(calendar: str, one: Mapping[str, Any], zone: Zone) -> Happening:
    start, end = one["start"], one["end"]
    said = f"{calendar}\0{one['uid']}\0{one['of']}"
    key = hashlib.sha256(said.encode(errors="replace")).hexdigest()[:16]
    title = one_line(one["title"], 150) or "(no title)"
    words = (calendar, key, title, one_line(one["place"], 150), str(one["text"]))
    if start["day"]:
        return Happening(*words, first=start["shown"], till=end.get("shown", "")[:10])
    return Happening(*words, start=_epoch(start, zone), end=_epoch(end, zone))


def _epoch(moment: Mapping[str, Any], zone: Zone) -> float:
    if "at" in moment:
        return float(moment["at"])
    return epoch_of(datetime.fromisoformat(moment["shown"]), zone)
