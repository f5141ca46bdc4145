"""The runs of a task in the ledger: begun, planned, ended, withdrawn, shown in the vault.

A task that is done again gets a new run, so that what it asks for gets new cards.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factotum.agent.turn import Became
from factotum.gate.register import Card, NotOpen, Register
from factotum.ledger import Ledger, dumps
from factotum.model import FOLDERS, State
from factotum.progress import is_over
from factotum.words import local


@dataclass(frozen=True)
class Run:
    """`plan` is frozen JSON once there is one; `result` is done or failed once it ended."""

    task: str
    n: int
    started: float
    plan: Mapping[str, Any] | None
    ended: float | None
    result: str | None
    reason: str
    projected: bool
    final: str


#: What a card's status means for the call that it belongs to.
BECAME: dict[str, Became] = {
    "pending": Became.OPEN,
    "approved": Became.OPEN,
    "expired": Became.OPEN,
    "unknown": Became.OPEN,
    "succeeded": Became.GOOD,
    "happened": Became.GOOD,
    "answered": Became.GOOD,
    "rejected": Became.REFUSED,
    "cancelled": Became.REFUSED,
    "withdrawn": Became.REFUSED,
    "failed_clean": Became.FAILED,
    "did_not": Became.FAILED,
}


#: The end of a run that came from a note of the owner's is to be told there (see `echo.py`).
_TELL = (
    "INSERT OR IGNORE INTO echo SELECT id, ?, ? FROM task WHERE id = ? AND EXISTS"
    " (SELECT 1 FROM json_each(facts) WHERE key IN ('line', 'schedule', 'heartbeat'))"
)


def home(run: Run, name: str) -> str:
    """Where the note of an ended run belongs, from the root of the vault."""
    if run.result != "done" or run.ended is None:
        return f"{FOLDERS[State.FAILED]}/{name}"
    month = f"{local(run.ended):%Y-%m}"
    return f"{FOLDERS[State.DONE]}/{month}/{name}"


class Runs:
    def __init__(self, ledger: Ledger, register: Register, root: Path) -> None:
        self.ledger = ledger
        self.register = register
        self.root = root
        self._bare: tuple[str, int, int] | None = None
        self._ended: tuple[tuple[str, int, int], dict[int, Became]] | None = None

    def latest(self, task: str) -> Run | None:
        return self._run("task = ? ORDER BY n DESC LIMIT 1", task)

    def run(self, task: str, n: int) -> Run | None:
        return self._run("task = ? AND n = ?", task, n)

    def _run(self, where: str, *values: object) -> Run | None:
        row = self.ledger.db.execute(f"SELECT * FROM run WHERE {where}", values).fetchone()
        if row is None:
            return None
        plan = json.loads(row["plan"]) if row["plan"] else None
        return Run(
            row["task"],
            row["n"],
            row["started"],
            plan,
            row["ended"],
            row["result"],
            row["reason"] or "",
            bool(row["projected"]),
            row["final"] or "",
        )

    def current(self, task: str, now: float) -> Run:
        """The run that is under way, or a new one."""
        latest = self.latest(task)
        if latest is not None and not latest.projected:
            return latest
        n = latest.n + 1 if latest else 1
        with self.ledger.tx(durable=False) as db:
            db.execute("INSERT INTO run (task, n, started) VALUES (?, ?, ?)", (task, n, now))
            self.ledger.event("started", now, task=task, run=n)
        return Run(task, n, now, None, None, None, "", False, "")

    def is_over(self, task: str) -> bool:
        """Whether the task has run and nothing of it is left to do."""
        return is_over(self.ledger, task)

    def unfinished(self) -> list[str]:
        rows = self.ledger.db.execute("SELECT task FROM run WHERE projected = 0")
        return [row["task"] for row in rows]

    def thinking(self) -> list[str]:
        """The agent of each run that is under way and has one."""
        rows = self.ledger.db.execute(
            "SELECT json_extract(plan, '$.agent') AS agent FROM run"
            " WHERE projected = 0 AND agent IS NOT NULL"
        )
        return [row["agent"] for row in rows]

    def finished_copy(self, task: str) -> bool:
        """Whether the task is over and its note still lies where it ended: another note
        with its id is then a stale copy."""
        latest = self.latest(task)
        return bool(
            latest and latest.projected and latest.final and (self.root / latest.final).exists()
        )

    def plan(self, run: Run, plan: Mapping[str, Any], now: float) -> None:
        with self.ledger.tx(durable=False) as db:
            db.execute(
                "UPDATE run SET plan = ? WHERE task = ? AND n = ?", (dumps(plan), run.task, run.n)
            )
            self.ledger.event(
                "planned", now, task=run.task, by=plan["by"], calls=len(plan["calls"])
            )

    def end(self, run: Run, result: str, reason: str, now: float) -> None:
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE run SET ended = ?, result = ?, reason = ? WHERE task = ? AND n = ?"
                " AND ended IS NULL",
                (now, result, reason, run.task, run.n),
            )
            db.execute(_TELL, (run.n, now, run.task))
            self.ledger.event("ended", now, task=run.task, run=run.n, result=result, reason=reason)

    def projected(self, run: Run, final: str) -> None:
        """The note lies at `final`. Taken back by a power cut, `arrived` finds it again."""
        with self.ledger.tx(durable=False) as db:
            db.execute(
                "UPDATE run SET projected = 1, final = ? WHERE task = ? AND n = ?",
                (final, run.task, run.n),
            )

    def arrived(self, task: str, name: str) -> bool:
        """Whether a run that has ended also got its note to the end, which a crash kept from
        the ledger; then the ledger learns of it."""
        run = self.latest(task)
        if run is None or run.ended is None or run.result is None:
            return False
        final = home(run, name)
        if not (self.root / final).exists():
            return False
        self.projected(run, final)
        return True

    def withdraw(self, task: str, why: str, now: float) -> None:
        """Ends the open run of a task that a person took away; its cards can run no more."""
        run = self.latest(task)
        if run is None or run.projected:
            return
        with self.ledger.tx():
            for card in self.register.of_run(task, run.n):
                self._withdraw(card, why, now)
            for became, data in self.steps(run).values():
                if became is Became.OPEN and "child" in data:
                    self.withdraw(str(data["child"]), "the task that handed it on", now)
            self.end(run, "withdrawn", why, now)
            self.projected(run, "")

    def _withdraw(self, card: Card, why: str, now: float) -> None:
        if card.status in {"pending", "expired"}:
            self.register.close(card, "withdrawn", now)
        elif card.status == "approved":
            try:
                self.register.cancel(card.id, "move", f"you ({why})", now)
            except NotOpen:
                return  # it is being carried out: its outcome is recorded all the same

    # -- the calls of a run

    def record(self, run: Run, idx: int, became: Became, data: Any, now: float) -> bool:
        """Notes what became of a call that needed no card; whether it is new. A repeated step
        changes nothing."""
        with self.ledger.tx(durable=False) as db:
            done = db.execute(
                "INSERT OR IGNORE INTO step VALUES (?, ?, ?, ?, ?, ?)",
                (run.task, run.n, idx, became.value, dumps(data), now),
            )
            return bool(done.rowcount)

    def settle(self, run: Run, idx: int, became: Became, data: Any) -> None:
        """What became of a step that was recorded as open. One that has an end keeps it."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE step SET status = ?, data = ? WHERE task = ? AND run = ? AND idx = ?"
                " AND status = 'open'",
                (became.value, dumps(data), run.task, run.n, idx),
            )

    def steps(self, run: Run) -> dict[int, tuple[Became, Any]]:
        rows = self.ledger.db.execute(
            "SELECT idx, status, data FROM step WHERE task = ? AND run = ?", (run.task, run.n)
        )
        return {row["idx"]: (Became(row["status"]), json.loads(row["data"])) for row in rows}

    def cards(self, run: Run) -> dict[int, Card]:
        """The newest card of each call: one that was proposed again replaces the first."""
        found: dict[int, Card] = {}
        mark = self._mark(run)
        if mark is not None and mark == self._bare:
            return found
        for card in sorted(self.register.of_run(run.task, run.n), key=lambda c: c.again):
            found[card.idx] = card
        self._bare = None if found else mark
        return found

    def became(self, run: Run) -> dict[int, Became]:
        cards = {idx: BECAME[card.status] for idx, card in self.cards(run).items()}
        return self._steps_became(run) | cards

    def _steps_became(self, run: Run) -> dict[int, Became]:
        mark = self._mark(run)
        if mark is not None and self._ended is not None and self._ended[0] == mark:
            return self._ended[1]
        rows = self.ledger.db.execute(
            "SELECT idx, status FROM step WHERE task = ? AND run = ?", (run.task, run.n)
        )
        steps = {row["idx"]: Became(row["status"]) for row in rows}
        self._ended = None if mark is None else (mark, steps)
        return steps

    def _mark(self, run: Run) -> tuple[str, int, int] | None:
        """By this is known whether the steps of a run, or that it has no card yet, are as they
        were: only this connection writes either. None while it may still be rolled back."""
        db = self.ledger.db
        return None if db.in_transaction else (run.task, run.n, db.total_changes)
