"""How far each schedule has come, in the ledger: a line for each, under a name of its own.

The name (`part`) is given to a note when it is first seen and goes with it when it is renamed, so
that nothing runs anew. Use it on the thread that owns the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

from factotum.ledger import Ledger, dumps
from factotum.schedule.plan import Missed

SOURCE = "schedule"
_BEFORE = f"cursor:{SOURCE}:"
#: The folder of the state directory in which a file is touched when the owner answered.
ANSWERS = "schedules"
#: Under which names the ledger keeps what the owner answered.
_ANSWERS = "schedule answered:"


@dataclass(frozen=True, slots=True)
class State:
    """`note` is where it lies, from the top of the office; `rule` and `core` are as its note had
    them. `since` is when it began, `last` up to when its runs were dealt with. `off`: it was
    switched off. `gone` is when its note was last found missing. `todo` are runs that were
    decided on and not handed in yet, and `owed` what was missed before them: with the policy
    `ask` the owner is still to be asked. `task` is the task of its newest run, `skipped` the
    newest run that was left out since the one before was still open. All moments are epoch
    seconds, 0 for never."""

    part: str
    note: str
    rule: str
    core: str
    id: str
    since: float
    last: float
    off: bool = False
    gone: float = 0.0
    todo: tuple[float, ...] = ()
    owed: Missed | None = None
    task: str = ""
    skipped: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the owner said of the missed runs from `first` to `last`: once, each or skip."""

    part: str
    rule: str
    how: str
    first: float
    last: float
    count: int


def written(state: State) -> str:
    """The line of a state."""
    return dumps({key: value for key, value in asdict(state).items() if value and key != "part"})


def state_of(part: str, line: str) -> State | None:
    """None for a line that says nothing."""
    try:
        held = json.loads(line)
        known = {one.name for one in fields(State)} - {"part", "todo", "owed"}
        given = {key: value for key, value in held.items() if key in known}
        begun = {"note": "", "rule": "", "core": "", "id": "", "since": 0.0, "last": 0.0}
        todo = tuple(float(at) for at in held.get("todo", ()))
        owed = Missed(**held["owed"]) if held.get("owed") else None
        return State(**{**begun, **given, "part": part, "todo": todo, "owed": owed})
    except (ValueError, TypeError, AttributeError):
        return None


def states(ledger: Ledger) -> dict[str, State]:
    """All, by their parts."""
    rows = ledger.db.execute(
        "SELECT key, value FROM meta WHERE key >= ? AND key < ?", (_BEFORE, f"{_BEFORE}~")
    )
    found = (state_of(row["key"].removeprefix(_BEFORE), row["value"]) for row in rows)
    return {one.part: one for one in found if one is not None}


def keep(ledger: Ledger, new: Iterable[State]) -> None:
    with ledger.tx() as db:
        db.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)",
            [(f"{_BEFORE}{one.part}", written(one)) for one in new],
        )


def forget(ledger: Ledger, parts: Iterable[str]) -> None:
    with ledger.tx() as db:
        db.executemany("DELETE FROM meta WHERE key = ?", [(f"{_BEFORE}{part}",) for part in parts])


def answer(ledger: Ledger, given: Answer) -> None:
    """Leaves the owner's answer for the watcher."""
    ledger.set_meta(f"{_ANSWERS}{given.part}:{given.last:.0f}", dumps(asdict(given)))


def answers(ledger: Ledger) -> dict[str, Answer]:
    """All that wait, by the key under which each is taken away."""
    rows = ledger.db.execute(
        "SELECT key, value FROM meta WHERE key >= ? AND key < ?", (_ANSWERS, f"{_ANSWERS}~")
    )
    return {row["key"]: Answer(**json.loads(row["value"])) for row in rows}


def answered(ledger: Ledger, key: str) -> None:
    with ledger.tx() as db:
        db.execute("DELETE FROM meta WHERE key = ?", (key,))
