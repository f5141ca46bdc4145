"""What is going on, as one JSON file that every face reads: the display, the phone, `status`.

Made anew at every tick from what the tick found; written only when it says something else
than before. Names and states, never the text of a note.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from factotum import disk, log
from factotum.gate.apart import apart
from factotum.gate.records import Card
from factotum.inert import one_line
from factotum.ledger import Ledger
from factotum.model import State, Trust
from factotum.progress import LATEST
from factotum.scan import Entry, Listing, Problem
from factotum.views.saying import plain
from factotum.words import local
from factotum.worker.runs import Runs

logger = log.get("factotum.views.snapshot")

#: The states of a task that are shown one by one.
SHOWN = (State.IN_PROGRESS, State.WAITING, State.NEEDS_ACTION, State.FAILED)

#: How many tasks are shown one by one, the oldest of each state; `counts` tells of all.
TASKS_MOST = 500

#: A task by its note's name, and its latest run.
TASK = (
    "SELECT t.id, t.title, r.started, r.ended, r.projected, r.final FROM task t"
    f" {LATEST}"
    " WHERE t.name = ? ORDER BY t.created DESC LIMIT 1"
)

#: What a snapshot holds when nothing ever ran.
KEYS = ("counts", "tasks", "approvals", "agents", "health", "cost", "face", "rev")

NO_COST = {"today_usd": 0.0, "month_usd": 0.0, "days": [], "tasks": []}

#: Statuses of a card that ask something of the person.
ASKING = frozenset({"pending", "unknown", "expired"})


def build(
    *,
    listing: Listing,
    cards: Sequence[Card],
    ledger: Ledger,
    runs: Runs,
    problems: Sequence[Problem],
    health: Mapping[str, Any],
    mind: Mapping[str, Any],
    rev: int,
    now: float,
) -> dict[str, Any]:
    """The whole snapshot. `mind` is who thinks and what it costs: `agents` and `cost`, as
    they are shown. `now` (epoch seconds) is not shown: it would always be new."""
    lie = sorted(listing.within(*SHOWN), key=lambda one: (SHOWN.index(one.state), one.mtime))
    tasks = [_task(entry, ledger, runs.root) for entry in lie[:TASKS_MOST]]
    tasks.sort(key=lambda task: (SHOWN.index(task["state"]), task["since"], task["note"]))
    unique = {card.id: card for card in cards}
    details = apart(list(unique.values()))
    approvals = [_approval(card, ledger, details[id]) for id, card in unique.items()]
    told = [{"path": _where(p.path, runs.root), "reason": plain(p.reason, 500)} for p in problems]
    return {
        "counts": dict(listing.counts),
        "tasks": tasks,
        "approvals": sorted(approvals, key=lambda one: (one["since"], one["id"])),
        "agents": list(mind.get("agents", ())),
        "health": {**health, "problems": told},
        "cost": _cost(mind.get("cost") or NO_COST),
        "face": _face(tasks, approvals, told, health),
        "rev": rev,
    }


def _cost(cost: Mapping[str, Any]) -> dict[str, Any]:
    tasks = [{**task, "title": plain(task["title"])} for task in cost.get("tasks", ())]
    return {**cost, "tasks": tasks}


def _iso(at: float) -> str:
    return local(at).isoformat(timespec="seconds")


def _where(path: Path, root: Path) -> str:
    inside = path.is_relative_to(root)
    return plain(path.relative_to(root).as_posix() if inside else path, 300)


def _task(entry: Entry, ledger: Ledger, root: Path) -> dict[str, Any]:
    row = ledger.db.execute(TASK, (entry.name,)).fetchone()
    if row is not None and entry.state is State.NEEDS_ACTION and _is_done(row, root):
        row = None  # a new note that only has the name of an older task
    return {
        "id": row["id"] if row else "",
        "title": plain(row["title"] if row else entry.path.stem),
        "state": entry.state.value,
        "since": _iso(_since(entry, row)),
        "instance": entry.instance,
        "note": plain(entry.path.stem, 255),
    }


def _is_done(row: sqlite3.Row, root: Path) -> bool:
    """Whether the task is over and its own note lies where it ended."""
    return bool(row["projected"] and row["final"] and (root / row["final"]).exists())


def _since(entry: Entry, row: sqlite3.Row | None) -> float:
    began = row["started"] if row else None
    ended = row["ended"] if row else None
    match entry.state:
        case State.IN_PROGRESS | State.WAITING if began is not None:
            return float(began)
        case State.FAILED if ended is not None:
            return float(ended)
        case _:
            return entry.mtime


def _approval(card: Card, ledger: Ledger, detail: str) -> dict[str, Any]:
    seal = card.seal
    until = seal.deadline if card.status == "pending" else None
    return {
        "id": card.id,
        "action": plain(seal.tool),
        "title": plain(card.title),
        "apart": detail,
        "risk": seal.risk.value,
        "rule": plain(seal.rule, 200),
        "expires": None if until is None else _iso(until),
        "task": card.task,
        "caused_by": _cause(card, ledger),
        "version": card.version,
        "kind": card.kind,
        "status": card.status,
        "note": plain(card.name.removesuffix(".md"), 255),
        "since": _iso(_waits_since(card)),
    }


def _waits_since(card: Card) -> float:
    if card.ended:
        return card.ended.at
    if card.decision:
        return card.decision.at
    return card.seal.shown or card.seal.created


def _cause(card: Card, ledger: Ledger) -> str:
    """Whose idea it was: you, or the sender of what the task came from."""
    if card.seal.about.get("brought"):
        return "what you sent"
    row = ledger.task(card.task)
    sender = str(row.facts.get("sender_name") or row.facts.get("sender") or "") if row else ""
    if card.seal.trust is Trust.OWNER or (row and not (row.source or sender)):
        return "you"
    return plain(sender) or {Trust.KNOWN: "somebody you know"}.get(card.seal.trust, "a stranger")


def _face(
    tasks: Sequence[Mapping[str, Any]],
    approvals: Sequence[Mapping[str, Any]],
    problems: Sequence[object],
    health: Mapping[str, Any],
) -> str:
    """The worst first. While it works it shows that; that something waits, it shows after."""
    if not health.get("ok", True):
        return "ERROR"
    if problems or any(one["status"] == "unknown" for one in approvals):
        return "ALERT"
    if any(task["state"] == State.IN_PROGRESS for task in tasks):
        return "WORKING"
    if any(one["status"] in ASKING for one in approvals):
        return "CURIOUS"
    return "IDLE"


def publish(path: Path, snapshot: Mapping[str, Any]) -> None:
    """Puts the snapshot where views look for it; a reader sees the old one or this one."""
    text = json.dumps(snapshot, ensure_ascii=True) + "\n"
    disk.replace(path, text.encode(), path.with_name(f"{path.name}.tmp"), durable=False)


def published(path: Path) -> dict[str, Any] | None:
    """The snapshot that lies there, or None when there is none that can be read."""
    try:
        found = json.loads(disk.read_regular(path, 1 << 26))
    except (OSError, ValueError):
        return None
    whole = isinstance(found, dict) and set(KEYS) <= set(found) and isinstance(found["rev"], int)
    return found if whole else None


class Snapshot:
    """The snapshot of this orchestrator, and the file that it is published in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._content = published(path)  # so that `rev` goes on after a restart
        self._seen: object = None
        self._failing = ""
        self._stale = False

    def update(
        self,
        *,
        listing: Listing,
        cards: Sequence[Card],
        ledger: Ledger,
        runs: Runs,
        problems: Sequence[Problem],
        health: Mapping[str, Any],
        mind: Mapping[str, Any],
        now: float,
    ) -> dict[str, Any]:
        """Publishes what is new and returns the snapshot. `rev` rises when anything changed."""
        seen = (
            ledger.last_event(),
            [(entry.path, entry.signature) for entry in listing.entries],
            dict(listing.counts),
            [(card.id, card.version, card.status, card.seal.deadline) for card in cards],
            list(problems),
            dict(health),
            dict(mind),
        )
        content = self._content
        if content is None or seen != self._seen:
            rev = content["rev"] if content else 0
            new = build(
                listing=listing,
                cards=cards,
                ledger=ledger,
                runs=runs,
                problems=problems,
                health=health,
                mind=mind,
                rev=rev,
                now=now,
            )
            new = json.loads(json.dumps(new))  # as a reader will see it
            if content is None or new != content:
                content = {**new, "rev": rev + 1}
                self._stale = True
        assert content is not None
        self._seen, self._content = seen, content
        if self._stale or not self.path.exists():
            self._publish(content)
        return content

    @property
    def settled(self) -> bool:
        """Whether the file says what there is to say."""
        return not self._stale and self.path.exists()

    def _publish(self, content: Mapping[str, Any]) -> None:
        """A face that cannot be shown stops nobody's work: it is logged, and tried again."""
        try:
            publish(self.path, content)
            self._stale, self._failing = False, ""
        except OSError as refused:
            reason = one_line(str(refused), 200)
            if reason != self._failing:
                logger.warning("the snapshot was not written", extra={"reason": reason})
            self._failing = reason
