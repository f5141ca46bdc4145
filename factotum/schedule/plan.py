"""Which runs are due now, and what becomes of those that were missed. Pure.

A run is missed when it is more than LATE_S late: the machine was off or asleep, or its clock was
put forward. Several that came due within that time are one run, unless each was asked for.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from factotum.schedule.times import When, count_due, last_due, next_due

#: How late a run may be and still be on time, in seconds.
LATE_S = 300.0
#: How many missed runs are made up one by one; the oldest first.
EACH_MOST = 50
#: Up to how many missed runs are counted: those of two months, every minute.
COUNT_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Missed:
    """`done` of the `count` missed runs are made up for now; `policy` is the note's `missed`."""

    policy: str
    count: int
    first: float
    last: float
    done: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`runs` are to be made, the oldest first; after them the schedule has come to `last`. With
    `ask` the owner is asked what becomes of the missed ones."""

    runs: tuple[float, ...]
    last: float
    missed: Missed | None = None
    ask: bool = False


def plan(when: When, anchor: float, last: float, policy: str, now: float) -> Plan | None:
    """What is to be done of all that was due after `last`; None when nothing was."""
    newest = last_due(when, last, now, anchor)
    oldest = next_due(when, last, anchor)
    if newest is None or oldest is None:
        return None
    if now - oldest <= LATE_S:
        runs = _each(when, anchor, last, newest) if policy == "each" else (newest,)
        return Plan(runs, newest)
    on_time = (newest,) if now - newest <= LATE_S else ()
    till = now if not on_time else newest - 1
    count = count_due(when, last, till, anchor, COUNT_MOST)
    if not count:
        return Plan(on_time, newest)
    last_missed = last_due(when, last, till, anchor)
    assert last_missed is not None
    made = _each(when, anchor, last, last_missed) if policy == "each" else ()
    done = {"once": 1, "each": len(made)}.get(policy, 0)
    missed = Missed(policy, count, oldest, last_missed, done)
    runs = (newest,) if policy == "once" else (*made, *on_time)
    return Plan(runs, newest, missed, ask=policy == "ask")


def made_up(when: When, anchor: float, first: float, last: float, how: str) -> tuple[float, ...]:
    """The runs from `first` to `last` that are made up for when the owner says `how`."""
    if how == "each":
        return _each(when, anchor, first - 1, last)
    return (last,) if how == "once" else ()


def _each(when: When, anchor: float, after: float, till: float) -> tuple[float, ...]:
    moments = itertools.takewhile(lambda at: at <= till, when.walk(after, anchor))
    return tuple(itertools.islice(moments, EACH_MOST))
