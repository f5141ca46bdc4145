"""`/status`: what is going on, on one screen of a phone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from factotum import glance
from factotum.channels import doubts
from factotum.channels.commands.lines import Line, asked, head, name, named, page
from factotum.channels.commands.place import Place, Said
from factotum.channels.commands.switch import standstill
from factotum.channels.words import Words
from factotum.model import State
from factotum.views import costs
from factotum.views.snapshot import ASKING
from factotum.worker.found_key import META as CHOSEN
from factotum.worker.heartbeat import THINKS

#: How many requests, and how many troubles, are named.
NAMED_MOST = 3
TROUBLES_MOST = 2

#: How a request is told of which more is to be said than that it waits.
STATES = {"unknown": "Unknown whether it happened: ", "expired": "Expired: "}
#: The worst first.
ORDER = ("unknown", "pending", "expired")


def status(text: str, place: Place) -> Said:
    del text
    pid = place.running()
    shown = glance.snapshot(place, pid, place.now)
    return Said(page(_lines(shown, place, pid)))


def _lines(shown: Mapping[str, Any], place: Place, pid: int | None) -> Iterator[Line]:
    at_work = ". Nobody is at work: start it on its machine with factotum up"
    yield head("Factotum", f" is at work, {_thinks(place)}" if pid else at_work)
    stopped = standstill(place)
    yield from stopped
    yield from _waits(shown["approvals"], "held back" if stopped else "goes out soon")
    yield _tasks(shown)
    yield from _troubles(shown["health"])
    if not pid:  # else the office has it among its troubles
        yield from _doubts(place)
    yield _cost(shown["cost"])


def _thinks(place: Place) -> str:
    """Which model thinks, as far as the books tell."""
    ledger = place.ledger
    named = place.settings.text("MODEL") or ledger.meta(CHOSEN)
    if not ledger.meta(THINKS):
        return "without a model: playbooks alone"
    if named:
        return f"thinking with {name(named)}"
    row = ledger.db.execute("SELECT model FROM spend ORDER BY seq DESC LIMIT 1").fetchone()
    return f"thinking with {name(row['model'])}" if row else "with a model"


def _waits(approvals: Sequence[Mapping[str, Any]], approved: str) -> Iterator[Line]:
    asking = [one for one in approvals if one["status"] in ASKING]
    asking.sort(key=lambda one: ORDER.index(one["status"]))
    if asking:
        yield head(f"Waits for you: {len(asking)}")
        for one in asking[:NAMED_MOST]:
            yield f"• {STATES.get(one['status'], '')}{named(one['title'], one.get('apart', ''))}"
    else:
        yield "Nothing waits for you."
    if going := [one for one in approvals if one["status"] == "approved"]:
        shown = [asked(one["title"], one.get("apart", "")) for one in going[:NAMED_MOST]]
        titles = ", ".join(shown)
        yield f"Approved, {approved}: {len(going)} ({titles})"


def _tasks(shown: Mapping[str, Any]) -> str:
    counts = shown["counts"]
    busy = counts.get(State.IN_PROGRESS.value, 0)
    titles = [name(one["title"], 50) for one in shown["tasks"] if one["state"] == State.IN_PROGRESS]
    more = busy - NAMED_MOST
    named = ", ".join(titles[:NAMED_MOST]) + (f" and {more} more" if more > 0 else "")
    at_work = f"At work on {busy}: {named}" if titles else f"At work on {busy or 'nothing'}"
    failed = counts.get(State.FAILED.value, 0)
    sorry = f". Failed: {failed} (/tasks failed)" if failed else ""
    return f"{at_work}. To do: {counts.get(State.NEEDS_ACTION.value, 0)}{sorry}"


def _troubles(health: Mapping[str, Any]) -> Iterator[Line]:
    """What a person should look at."""
    found = [f"{name(one['path'], 60)}: {name(one['reason'], 160)}" for one in health["problems"]]
    if not health.get("ok", True):
        found.insert(0, "Something is wrong on the machine. Find out with: factotum doctor")
    more = len(found) - TROUBLES_MOST
    for n, one in enumerate(found[:TROUBLES_MOST], 1):
        left = f" (and {more} more: factotum status)" if n == TROUBLES_MOST and more > 0 else ""
        yield Words.of(f"⚠ {one}{left}")


def _doubts(place: Place) -> Iterator[Line]:
    for one in doubts.problems(place.ledger, place.now, place.zone):
        yield Words.of(f"⚠ {one.path}: {one.reason}")


def _cost(cost: Mapping[str, Any]) -> str:
    told = costs.line(cost)
    if not told:
        return "Models have cost nothing this month."
    return f"{told[0].upper()}{told[1:]}"
