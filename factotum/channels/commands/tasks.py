"""`/tasks`: what is open, and what each waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from factotum import glance
from factotum.channels.commands.lines import (
    REASON_CHARS,
    asked,
    count,
    head,
    moment,
    name,
    named,
    page,
    short,
)
from factotum.channels.commands.place import Place, Said
from factotum.channels.words import Words
from factotum.model import State
from factotum.views.snapshot import ASKING

ROWS_MOST = 15

#: Which states are shown for what stands behind the command; the first word is without any.
KINDS: dict[str, tuple[str, tuple[State, ...]]] = {
    "open": ("Open", (State.NEEDS_ACTION, State.IN_PROGRESS, State.WAITING)),
    "waiting": ("Waiting", (State.WAITING,)),
    "failed": ("Failed", (State.FAILED,)),
}

#: What a task waits for, by the state of its request.
WAITS = {
    "pending": "waits for your yes",
    "unknown": "waits for your word whether it happened",
    "expired": "its request has expired",
    "approved": "goes out soon",
}


def tasks(text: str, place: Place) -> Said:
    wanted, start = _wanted(text)
    if wanted not in KINDS:
        known = ", ".join(f"/tasks {kind}" for kind in KINDS)
        return Said(Words.of(f"“{name(wanted, 40)}” is no kind of task. There are: {known}"))
    shown = glance.snapshot(place, place.running(), place.now)
    title, states = KINDS[wanted]
    found = [one for one in shown["tasks"] if one["state"] in states]
    found.sort(key=lambda one: datetime.fromisoformat(one["since"]))
    whole = sum(shown["counts"].get(state.value, 0) for state in states)
    rows = found[start : start + ROWS_MOST]
    if not rows:
        return Said(Words.of(_none(wanted, whole)))
    told = [_row(one, shown, place) for one in rows]
    left = whole - start - len(rows)
    more = f"… and {count(left, 'more', 'more')}"
    if len(found) > start + len(rows):
        more += f": /tasks {wanted} {(start + len(rows)) // ROWS_MOST + 1}"
    return Said(page([head(f"{title}: {whole}"), *told, more if left > 0 else ""]))


def _wanted(text: str) -> tuple[str, int]:
    """The kind that is named, and how many rows are left out for the page that is."""
    words = text.casefold().split()
    number = next((int(one) for one in words if one.isdecimal() and len(one) < 6), 1)
    kinds = [one for one in words if not one.isdecimal()]
    return " ".join(kinds) or "open", (max(1, number) - 1) * ROWS_MOST


def _none(wanted: str, whole: int) -> str:
    if whole:
        return f"There are {whole}, and no such page. From the beginning: /tasks {wanted}"
    nothing = {
        "open": "No task is open.",
        "waiting": "No task waits.",
        "failed": "None has failed.",
    }
    return nothing[wanted]


def _row(task: Mapping[str, Any], shown: Mapping[str, Any], place: Place) -> Words:
    since = moment(place, datetime.fromisoformat(task["since"]).timestamp())
    id = Words.code(short(task["id"])) + " " if task["id"] else Words()
    return Words.of("• ") + id + f"{name(task['title'])} · {_state(task, shown, place)} · {since}"


def _state(task: Mapping[str, Any], shown: Mapping[str, Any], place: Place) -> str:
    """What it waits for, in a few words."""
    if held := _held(task, shown["health"]["problems"]):
        return held
    match task["state"]:
        case State.FAILED:
            run = place.runs.latest(task["id"]) if task["id"] else None
            return name(run.reason, REASON_CHARS) if run and run.reason else "failed"
        case State.IN_PROGRESS:
            return "at work"
        case State.NEEDS_ACTION:
            return "to be begun"
        case _:
            mine = [one for one in shown["approvals"] if one["task"] == task["id"] and task["id"]]
            return _asks(mine)


def _asks(mine: Sequence[Mapping[str, Any]]) -> str:
    first = next((one for one in mine if one["status"] in ASKING), None) or next(iter(mine), None)
    if first is None:
        return "waits for another task"
    more = f" (and {len(mine) - 1} more)" if len(mine) > 1 else ""
    detail = first.get("apart", "")
    if first["kind"] == "question":
        return f"waits for your answer: {named(first['title'], detail)}{more}"
    return f"{WAITS.get(first['status'], 'waits')}: {asked(first['title'], detail)}{more}"


def _held(task: Mapping[str, Any], problems: Sequence[Mapping[str, Any]]) -> str:
    """What keeps it from going on, where the office says so: no money, no model, a conflict."""
    for problem in problems:
        last = str(problem["path"]).rpartition("/")[2]
        if last.removesuffix(".md") == task["note"]:
            return name(problem["reason"], REASON_CHARS)
    return ""
