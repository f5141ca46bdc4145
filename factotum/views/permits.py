"""The permissions that stand, each with its end, as the Dashboard lists them.

How many calls one has left is not told: it would write the note anew at each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from factotum.gate.grants import SAID, Grant, standing
from factotum.inert import code
from factotum.ledger import Ledger
from factotum.views.saying import day, shown

#: How many are listed one by one; a person has few, and a command lists all.
ROWS_MOST = 5


def lines(ledger: Ledger, now: float, zone: Callable[[float], datetime]) -> list[str]:
    """One line each, the one that ends first at the top; none where no permission stands."""
    found = sorted(standing(ledger, now), key=lambda one: (one.until, one.id))
    told = [_line(one, zone, zone(now).year) for one in found[:ROWS_MOST]]
    if more := len(found) - len(told):
        told.append(f"- … and {more} more")
    return [*told, "", "All of them: `factotum policy grants`."] if told else []


def _line(grant: Grant, zone: Callable[[float], datetime], year: int) -> str:
    what = f"{shown(grant.tool)}: {SAID[grant.kind]}, {shown(grant.where)}"
    end = code(f"factotum policy revoke {grant.id}")
    return f"- {what} · till {day(zone(grant.until), year)} · to end it: {end}"
