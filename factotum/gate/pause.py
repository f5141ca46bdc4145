"""The kill switch: a person says stop, and nothing is begun until a person says go on.

It stands in the ledger, so it outlives restarts, and `begin` looks at it in its own
transaction: what was not begun before the pause was committed is not begun at all. A note
STOP.md in the vault says the same and reaches every machine that shares the vault.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from factotum.ledger import Ledger, dumps
from factotum.words import dated, local

#: Under which name the ledger keeps the pause; empty while there is none.
META = "paused"

#: Under which name the ledger keeps whether STOP.md lay in the vault at the last look, and as
#: whom its coming and going is on record: who put it there nobody knows.
NOTE_META, NOTE = "stop_note", ("STOP.md", "vault")

STOP_NOTE = "STOP.md lies in the vault: remove it and I go on"


@dataclass(frozen=True)
class Pause:
    """Who stopped everything, by which channel, why (may be empty), and when."""

    who: str
    channel: str
    why: str
    at: float


def current(ledger: Ledger) -> Pause | None:
    """The pause that is in force, or None. One that cannot be read is in force."""
    text = ledger.meta(META)
    if not text:
        return None
    try:
        return Pause(**json.loads(text))
    except (ValueError, TypeError):
        return Pause("somebody", "ledger", "what was noted of it cannot be read", 0.0)


def pause(ledger: Ledger, found: Pause) -> Pause:
    """Stops every new attempt; returns the pause in force, which is an older one if there was
    one already. May be called from any process of the same user."""
    with ledger.tx():
        if (there := current(ledger)) is not None:
            return there
        ledger.set_meta(META, dumps(asdict(found)))
        ledger.event("paused", found.at, who=found.who, channel=found.channel, reason=found.why)
        return found


def resume(ledger: Ledger, who: str, channel: str, now: float) -> Pause | None:
    """Ends the pause; returns the one that was in force, or None where there was none."""
    with ledger.tx():
        there = current(ledger)
        if there is not None:
            ledger.set_meta(META, "")
            ledger.event("resumed", now, who=who, channel=channel)
        return there


def record_note(ledger: Ledger, lies: bool, now: float) -> None:
    """Puts on record that STOP.md has come or gone since the last look. Only the executor says
    so."""
    if lies == bool(ledger.meta(NOTE_META)):
        return
    who, channel = NOTE
    with ledger.tx():
        ledger.set_meta(NOTE_META, "1" if lies else "")
        ledger.event("paused" if lies else "resumed", now, who=who, channel=channel)


def said(pause: Pause) -> str:
    """The pause in a line, with the time in this machine's zone."""
    why = f": {pause.why}" if pause.why else ""
    return (
        f"Paused by {pause.who} ({pause.channel}) since {dated(local(pause.at))}{why}. "
        f"To go on: factotum resume"
    )


def till(ledger: Ledger, stop_note: bool, resume: str) -> str:
    """Till when nothing is begun, as “till /resume”; empty where it is begun. `resume` is how
    the order that ends a pause is written, `stop_note` whether STOP.md lies."""
    told = [f"till {resume}"] if current(ledger) else []
    told += ["till STOP.md is gone from the vault"] if stop_note else []
    return " and ".join(told)


def stopped(ledger: Ledger, stop_note: bool) -> str:
    """Why nothing may be begun now, or an empty string. `stop_note`: whether STOP.md lies."""
    there = current(ledger)
    told = [said(there)] if there else []
    return " ".join([*told, *([STOP_NOTE] if stop_note else [])])
