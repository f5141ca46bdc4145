"""`/did`: what was really done on a day, to whom, by whose yes, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from factotum.channels.commands.days import DayError, bounds, day_of
from factotum.channels.commands.deeds import (
    HAPPENED,
    UNKNOWN,
    Deed,
    Finished,
    deeds,
    finished,
    first_at,
    refusals,
    spent_usd,
)
from factotum.channels.commands.lines import (
    Line,
    asked,
    by,
    clock,
    count,
    day,
    head,
    listed,
    name,
    page,
    parts,
)
from factotum.channels.commands.place import Place, Said
from factotum.channels.words import Words
from factotum.views.costs import usd

#: How many of each kind are named.
NAMED_MOST = 12
#: How many of those that something reached.
TO_MOST = 3

#: What became of what did not happen.
NOT_DONE = {
    "FAILED_CLEAN": "failed, nothing left the house",
    "CANCELLED": "cancelled, not sent",
    "DID_NOT": "did not happen, by your word",
}


def did(text: str, place: Place) -> Said:
    today = place.zone(place.now).date()
    try:
        wanted = day_of(text, today)
    except DayError as wrong:
        return Said(Words.of(name(str(wrong), 300)))
    since, till = bounds(wanted, place.zone)
    told = parts(*_blocks(place, since, till))
    title = _title(wanted, today)
    if not told:
        return Said(page([head(title), "Nothing was done.", _before(place, wanted, today)]))
    return Said(parts(head(title), told))


def _title(wanted: date, today: date) -> str:
    shown = day(wanted, today)
    near = {0: "Today", 1: "Yesterday"}.get((today - wanted).days)
    return f"{near}, {shown}" if near else shown


def _before(place: Place, wanted: date, today: date) -> str:
    """That nothing is on record, where the day lies before all that is."""
    first = first_at(place.ledger)
    if first is None or (began := place.zone(first).date()) <= wanted:
        return ""
    return f"What is on record begins on {day(began, today)}."


def _blocks(place: Place, since: float, till: float) -> list[Words]:
    all_of_it = deeds(place.ledger, since, till)
    happened = [one for one in all_of_it if one.status in HAPPENED]
    done = [one for one in happened if not one.own]
    unknown = [one for one in all_of_it if one.status in UNKNOWN]
    not_done = [one for one in all_of_it if one.status in NOT_DONE]
    no = [
        f"{clock(place, one.at)} {asked(one.title)} · {by(place, one.who, one.channel)}"
        for one in refusals(place.ledger, since, till)
    ]
    blocks = [
        _block("Done", [told(place, one) for one in done]),
        _block("Unknown whether it happened", [told(place, one) for one in unknown]),
        _block("Not done", [f"{told(place, one)} · {NOT_DONE[one.status]}" for one in not_done]),
        _block("Refused", no),
        _block("Tasks", _tasks(finished(place.ledger, since, till)), counted=False),
        page(_besides(place, len(happened) - len(done), since, till)),
    ]
    return [one for one in blocks if one]


def _block(title: str, rows: Sequence[Line], *, counted: bool = True) -> Words:
    if not rows:
        return Words()
    shown = listed(rows, NAMED_MOST, " (all of them: factotum logs)")
    return page([head(f"{title}: {len(rows)}" if counted else title), *shown])


def told(place: Place, deed: Deed) -> str:
    """One effect in a line: when, what, to whom, by whose yes."""
    return f"{clock(place, deed.at)} {what(deed)} · {_yes(place, deed)}"


def what(deed: Deed) -> str:
    """What it was, and those whom it reached, where that does not say so already."""
    title, subject = asked(deed.title), f" “{name(deed.subject, 60)}”" if deed.subject else ""
    more = len(deed.to) - TO_MOST
    shown = ", ".join(name(one, 80) for one in deed.to[:TO_MOST])
    to = f" → {shown}{f' and {more} more' if more > 0 else ''}" if shown else ""
    return f"{title}{subject}{'' if len(deed.to) == 1 and shown in title else to}"


def _yes(place: Place, deed: Deed) -> str:
    if deed.channel == "rule":
        return name(deed.rule, 120)
    return f"yes: {by(place, deed.who, deed.channel)}" if deed.channel else "never approved"


def _tasks(ended: Sequence[Finished]) -> list[Line]:
    """How many ended in each way, and the names of those that did not go well."""
    done = [one for one in ended if one.result == "done"]
    failed = [one for one in ended if one.result == "failed"]
    others = len(ended) - len(done) - len(failed)
    rows: list[Line] = []
    if done:
        rows.append(f"{len(done)} done: {_names(done)}")
    if failed:
        rows.append(f"{len(failed)} failed: {_names(failed)}")
    if others:
        rows.append(f"{others} taken back")
    return rows


def _names(ended: Sequence[Finished], most: int = 5) -> str:
    more = len(ended) - most
    shown = ", ".join(name(one.title, 60) for one in ended[:most])
    return f"{shown}{f' and {more} more' if more > 0 else ''}"


def _besides(place: Place, own: int, since: float, till: float) -> list[Line]:
    cost = spent_usd(place.ledger, since, till)
    return [
        f"{count(own, 'draft or note', 'drafts and notes')} of my own written" if own else "",
        f"Models: {usd(cost)}" if cost else "",
    ]
