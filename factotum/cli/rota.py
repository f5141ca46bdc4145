"""The schedules as the command line sees them: their notes, when each runs next, how it went.

Looks and never writes. Works beside a running office and without one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factotum.cli.place import Books
from factotum.cli.telling import line, moment
from factotum.privacy import fold
from factotum.progress import LATEST
from factotum.rooms import DoorError
from factotum.schedule import book, english
from factotum.schedule.book import State
from factotum.schedule.note import FOLDER, MODES, Schedule
from factotum.schedule.zones import HouseZone
from factotum.words import local, when
from watchers.schedule.shelf import Shelf

HOUSE = HouseZone(local)

#: How the id begins of what was brought over from there; people know it without.
NANOBOT = "nanobot-"

#: How many runs are looked through for the last one of each schedule, the newest first.
RUNS_MOST = 20_000


class NoSchedule(DoorError):
    """There is none of that name, or it cannot be used; the message says what there is."""


@dataclass(frozen=True)
class Last:
    """The newest run: when it was begun (epoch seconds), its task, what became of it: ok, error,
    or open while it is under way; and why it failed."""

    at: float
    task: str
    status: str
    error: str


@dataclass(frozen=True)
class Entry:
    """`name` is the file's. Without a `schedule` the note cannot be kept, and `why` says why."""

    name: str
    schedule: Schedule | None
    why: str
    state: State | None
    last: Last | None

    @property
    def note(self) -> str:
        return f"{FOLDER}/{self.name}"

    @property
    def title(self) -> str:
        return self.schedule.title if self.schedule else self.name.removesuffix(".md")

    def coming(self, now: float) -> Iterator[float]:
        """When it runs from now on, in epoch seconds; never while it is switched off."""
        if self.schedule and self.schedule.enabled:
            yield from self.schedule.when.walk(now, self.state.since if self.state else now)

    def next(self, now: float) -> float | None:
        return next(self.coming(now), None)


def entries(opened: Books) -> list[Entry]:
    """All notes that are schedules or want to be, by name."""
    shelf = Shelf(opened.root, HOUSE, lambda ask: ask(opened.ledger))
    try:
        changed, _ = shelf.look()
    except FileNotFoundError:
        changed = []
    states = {one.note: one for one in book.states(opened.ledger).values()}
    lasts = _lasts(opened)
    found = []
    for one in shelf.read(changed):
        if one.schedule or one.why:
            note = f"{FOLDER}/{one.name}"
            found.append(Entry(one.name, one.schedule, one.why, states.get(note), lasts.get(note)))
    return found


def _lasts(opened: Books) -> Mapping[str, Last]:
    """The newest run of each schedule, by its note."""
    rows = opened.ledger.db.execute(
        "SELECT t.id, t.created, t.facts, r.started, r.ended, r.result, r.reason FROM task t"
        f" {LATEST}"
        " WHERE t.source = 'schedule' ORDER BY t.created DESC LIMIT ?",
        (RUNS_MOST,),
    )
    found: dict[str, Last] = {}
    for row in rows:
        ours = json.loads(row["facts"]).get("schedule")
        if isinstance(ours, dict) and (note := str(ours.get("note", ""))) not in found:
            found[note] = _last(row)
    return found


def _last(row: Any) -> Last:
    at = float(row["started"] or row["created"])
    if row["ended"] is None:
        return Last(at, row["id"], "open", "")
    good = row["result"] == "done"
    return Last(at, row["id"], "ok" if good else "error", "" if good else str(row["reason"] or ""))


def find(opened: Books, name: str) -> Entry:
    """The one of this title, file name, path or id. Raises NoSchedule."""
    wanted = fold(name.strip()).removesuffix(".md").removeprefix(f"{fold(FOLDER)}/")
    there = entries(opened)
    found = [one for one in there if wanted in _names(one)]
    if len(found) == 1:
        return found[0]
    if found:
        paths = ", ".join(line(one.note, 120) for one in found[:5])
        raise NoSchedule(
            f"{len(found)} schedules are called {line(name)!r}; name its note: {paths}"
        )
    raise NoSchedule(
        f"no schedule is called {line(name)!r}. They are listed by: factotum schedule list"
    )


def usable(opened: Books, name: str) -> tuple[Entry, Schedule]:
    """The same, of one that can be kept. Raises NoSchedule."""
    one = find(opened, name)
    if one.schedule is None:
        raise NoSchedule(f"{one.note} cannot be kept: {line(one.why, 500)}")
    return one, one.schedule


def _names(one: Entry) -> set[str]:
    id = one.schedule.id if one.schedule else ""
    words = (one.title, Path(one.name).stem, id, id.removeprefix(NANOBOT))
    return {fold(word) for word in words if word}


def iso(one: Entry, at: float | None) -> str | None:
    """A moment in the zone of the schedule."""
    zone = one.schedule.zone if one.schedule else HOUSE
    return None if at is None else english.shown(at, zone).isoformat(timespec="seconds")


# -- telling


def plain(one: Entry, now: float) -> dict[str, Any]:
    """For programs. Moments are ISO 8601, in the zone of the schedule."""
    plan, last = one.schedule, one.last
    return {
        "name": one.title,
        "note": one.note,
        "when": plan.said if plan else None,
        "timezone": str(plan.zone) if plan and plan.zone is not HOUSE else None,
        "mode": plan.mode if plan else None,
        "missed": plan.missed if plan else None,
        "enabled": plan.enabled if plan else False,
        "delete_after_run": plan.delete_after_run if plan else False,
        "channel": plan.channel or None if plan else None,
        "to": plan.to or None if plan else None,
        "next_run_at": iso(one, one.next(now)),
        "last_run_at": iso(one, last.at if last else None),
        "last_status": last.status if last else None,
        "last_error": last.error or None if last else None,
        "last_task": last.task if last else None,
        "problem": one.why or None,
    }


def told(one: Entry, now: float) -> list[str]:
    """For people: its name, then when and how, a line each."""
    head = f"{line(one.title, 80)}  ({one.note})"
    if one.schedule is None:
        return [head, f"  cannot be kept: {line(one.why, 500)}"]
    plan, at = one.schedule, one.next(now)
    mode = "" if plan.mode == MODES[0] else f", {plan.mode}"
    to_come = f"next {shown_at(one, at, now)}" if at else "nothing to come"
    rows = [head, f"  {line(plan.said, 200)}{mode}; {to_come if plan.enabled else 'switched off'}"]
    if last := one.last:
        why = f" ({line(last.error, 200)})" if last.error else ""
        rows.append(f"  last {moment(last.at)}: {last.status}{why}; {last.task}")
    return rows


def shown_at(one: Entry, at: float, now: float) -> str:
    """A moment in the zone of the schedule, which is named where it is not this machine's."""
    assert one.schedule is not None
    zone = one.schedule.zone
    at_there = when(english.shown(at, zone), english.shown(now, zone))
    return at_there if zone is HOUSE else f"{at_there} ({zone})"
