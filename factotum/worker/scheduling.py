"""The agent's tool `schedule`: what its calls mean, what a card shows, and which note is written.

The model sees one tool with three actions. To the gate each action is a tool of its own, so that
looking needs no yes, and taking a schedule away always does. What the tool writes is a note in
Office/Schedules, with the label of its task: a stranger's words never become an owner's schedule.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from factotum import names
from factotum.gate.records import Card
from factotum.inert import inert, one_line
from factotum.model import Call, Task, Trust
from factotum.privacy import fold
from factotum.schedule import note, times
from factotum.schedule.note import FOLDER, Schedule, ScheduleError
from factotum.schedule.times import TimeError
from factotum.schedule.wish import Wish, when_of, written, wrong
from factotum.schedule.zones import HouseZone, ZoneError
from factotum.words import local, when
from factotum.worker.labels import MADE_BY
from factotum.worker.local import SCHEDULE, SCHEDULE_LIST, SCHEDULE_REMOVE
from factotum.worker.outside import led_nowhere
from factotum.worker.pages import NotebookError, Page, Pages, shown
from factotum.worker.passage import sha256_of

TOOL, LIST, REMOVE = SCHEDULE, SCHEDULE_LIST, SCHEDULE_REMOVE

#: How many schedules are listed, and how much is told of what each of them does, in characters.
LISTED_MOST = 100
SAID_CHARS = 120

#: The zone of a schedule that names none.
HOUSE = HouseZone(local)

#: What the card says of a schedule in which words of others are.
OTHERS = (
    " ⚠ Words of others are in it. After a yes its note lies in Office/Schedules, and nothing is "
    "done by it till you have written it anew in a note of your own."
)


@dataclass(frozen=True)
class There:
    """A schedule of the vault that can be read, and its note."""

    page: Page
    schedule: Schedule


def meant(call: Call) -> Call:
    """The call as the gate judges it: by what its action would do."""
    if call.tool != TOOL:
        return call
    args = dict(call.args)
    if args.get("action") == "list":
        return Call(LIST, {})
    if args.get("action") == "remove":
        return Call(REMOVE, {"name": args.get("name", "")})
    if isinstance(args.get("every"), int) and not isinstance(args["every"], bool):
        args["every"] = str(args["every"])  # a number of seconds, as some models write it
    # what a model leaves empty it did not say
    return Call(TOOL, {name: value for name, value in args.items() if value != ""})


def problems(call: Call) -> list[str]:
    """What is wrong with a call beyond its schema, for the model."""
    if call.tool == REMOVE and not str(call.args["name"]).strip():
        return [f"{TOOL}: to remove a schedule give its name, as the action list tells it"]
    if call.tool != TOOL:
        return []
    wish = wish_of(call.args)
    if why := wrong(wish):
        return [f"{TOOL}: {why}"]
    try:
        when_of(wish, HOUSE)
    except (TimeError, ZoneError) as unclear:
        return [f"{TOOL}: {unclear}"]
    return []


def wish_of(args: Mapping[str, Any], reply_to: Mapping[str, Any] | None = None) -> Wish:
    """`reply_to` has `channel` and `to`, or nothing."""

    def said(name: str) -> str:
        return str(args.get(name) or "").strip()

    to = reply_to or {}
    return Wish(
        one_line(said("name"), SAID_CHARS),
        said("message"),
        said("at"),
        said("every"),
        said("cron"),
        said("timezone"),
        said("mode"),
        channel=str(to.get("channel", "")),
        to=str(to.get("to", "")),
    )


# -- before it is done


def before(call: Call, trust: Trust, pages: Pages, now: float) -> Mapping[str, Any]:
    """What the card shows, and what must still hold when it is done. Raises NotebookError."""
    if call.tool == REMOVE:
        one = find(pages, str(call.args["name"]))
        return {
            "title": f"Take the schedule “{one_line(one.schedule.title, 60)}” away?",
            "who": inert(f"{one.page.path}: {one_line(one.schedule.said, SAID_CHARS)}"),
            "note_path": one.page.path,
            "sha256": sha256_of(one.page.raw),
            "core": one.schedule.core,
        }
    wish = wish_of(call.args)
    try:
        due = times.next_due(when_of(wish, HOUSE), now, now)
    except (TimeError, ZoneError) as unclear:
        raise NotebookError(f"{TOOL}: {unclear}") from None
    if due is None:
        raise NotebookError(f"{TOOL}: “{wish.when}” is past; name a moment that is to come")
    if there := [one for one in _there(pages) if fold(one.schedule.title) == fold(wish.name)]:
        raise NotebookError(
            f"{TOOL}: a schedule is called “{shown(wish.name)}” already ({there[0].page.path}). "
            f"Take another name, or remove that one first"
        )
    begins = when(local(due), local(now))
    return {
        "title": f"Set up the schedule “{one_line(wish.name, 60)}”?",
        "who": inert(f"{wish.when}; first {begins}.") + ("" if trust is Trust.OWNER else OTHERS),
    }


def reply_to(task: Task) -> dict[str, str]:
    """Where the owner asked for it, if that was in a chat: there its result is told too."""
    channel = str(task.properties.get("channel") or "")
    to = task.properties.get("chat_id") or task.properties.get("to") or ""
    return {"channel": channel, "to": str(to)} if channel and isinstance(to, str | int) else {}


# -- the note


def note_of(card: Card, task: str) -> tuple[str, bytes]:
    """The path and the bytes of the note that this card writes: the same each time."""
    args, about = card.seal.args, card.seal.about
    wish = wish_of(args, about.get("reply_to") or {})
    if card.seal.trust is not Trust.OWNER:
        wish = replace(wish, message=led_nowhere(wish.message))
    name = names.note_name(wish.name, id=card.id, fallback="schedule")
    more = {"task": f"[[{task}]]", MADE_BY: card.id, "aliases": [wish.name]}
    return f"{FOLDER}/{name}", written(wish, more)


def first(card: Card, now: float) -> str:
    """When it is due first, seen from now, for the receipt; empty when that is past."""
    due = times.next_due(when_of(wish_of(card.seal.args), HOUSE), now, now)
    return "" if due is None else local(due).isoformat(timespec="minutes")


def as_made(card: Card, task: str, page: Page) -> bytes:
    """What the note holds while nobody has edited it: what this card wrote, and the list of its
    runs, if it ran since."""
    _, data = note_of(card, task)
    return page.raw if core_of(page.raw) == core_of(data) else data


def core_of(raw: bytes) -> str:
    """Changes with all that stands in the note of a schedule but the list of its runs."""
    try:
        plan = note.read(raw, "schedule.md", HOUSE)
    except ScheduleError:
        return sha256_of(raw)
    return plan.core if plan else sha256_of(raw)


# -- what there is


def listed(pages: Pages, trust: Trust) -> tuple[str, list[Page]]:
    """What is told of the schedules, and which notes it is from. Those below the task's label
    are only counted: no label falls by looking round."""
    there = list(_there(pages))
    told = [one for one in there if one.page.trust.lowest(trust) is trust]
    rows = [_row(one) for one in told[:LISTED_MOST]]
    if more := len(told) - len(rows):
        rows.append(f"- and {more} more in {FOLDER}")
    if hidden := len(there) - len(told):
        rows.append(f"- and {hidden} that hold words of others")
    return "\n".join(rows) or "There are no schedules.", [one.page for one in told]


def _row(one: There) -> str:
    plan = one.schedule
    zone = one.page.note.props.get("timezone")
    where = f", {one_line(str(zone), 60)}" if zone else ""
    off = "" if plan.enabled else ", switched off"
    name, said = one_line(plan.title, SAID_CHARS), one_line(plan.said, SAID_CHARS)
    return f"- {name} ({one.page.path}): {said}{where}, {plan.mode}{off}"


def find(pages: Pages, name: str) -> There:
    """The schedule of this name, file name or path. Raises NotebookError."""
    wanted = fold(name.strip()).removesuffix(".md").removeprefix(f"{fold(FOLDER)}/")
    found = [
        one
        for one in _there(pages)
        if wanted in (fold(one.schedule.title), fold(one.page.file.stem))
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotebookError(
            f"{TOOL}: {len(found)} schedules are called “{shown(name)}”; give the path of one: "
            + ", ".join(one.page.path for one in found[:5])
        )
    raise NotebookError(f"{TOOL}: no schedule is called “{shown(name)}”; the action list tells all")


def _there(pages: Pages) -> Iterator[There]:
    """The schedules that can be read; those that are private are not there."""
    try:
        lie = sorted(os.listdir(pages.places.root / FOLDER))
    except OSError:
        return
    for name in lie:
        page = pages.page(f"{FOLDER}/{name}")
        if page is None:
            continue
        try:
            plan = note.read(page.raw, name, HOUSE)
        except ScheduleError:
            continue  # the Dashboard tells the owner of it
        if plan is not None:
            yield There(page, plan)
