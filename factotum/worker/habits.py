"""A rule is proposed where a person has said yes to the same again and again.

It is a task like any other, with a request to change the handbook by exactly these lines;
nothing changes without a yes, and a no is heeded for a quarter of a year.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from factotum import log, names
from factotum.gate.habits import Habit, habits, insertion
from factotum.gate.rules import Policy
from factotum.ledger import Ledger, TaskRow
from factotum.model import State
from factotum.note import fence
from factotum.privacy import HANDBOOK
from factotum.reader import Reader
from factotum.scan import TASK_MOST_BYTES
from factotum.vault import Vault
from factotum.worker import own_task
from factotum.worker.by_playbook import ByPlaybook
from factotum.worker.case import Case
from factotum.worker.steps import Next

logger = log.get("factotum.habits")

#: The fact by which such a task is known; it holds what to `find` and the `replace`, and whose
#: own word it is where it comes of no habit.
FACT, BY = "habit", "by"
#: How long a proposal is not made again, in seconds.
AGAIN_S = 90 * 86_400.0


@dataclass
class Habits:
    """`after` is how many equal yeses in a row make a proposal; 0: none is ever made."""

    vault: Vault
    ledger: Ledger
    reader: Reader
    policy: Callable[[], Policy]
    after: int
    _seen: int = -1

    def look(self, now: float) -> None:
        """Proposes what has become a habit. Costs nothing where nobody decided anything."""
        (last,) = self.ledger.db.execute("SELECT coalesce(max(rowid), 0) FROM decision").fetchone()
        if not self.after or last == self._seen:
            return
        for habit in habits(self.ledger):
            if len(habit.times) >= self.after:
                self._maybe(habit, now)
        self._seen = last

    def _maybe(self, habit: Habit, now: float) -> None:
        source = f"{FACT} {habit.key}"
        row = self.ledger.db.execute(
            "SELECT count(*) AS n, max(created) AS at FROM task WHERE source_id = ?", (source,)
        ).fetchone()
        if row["n"] and now - row["at"] < AGAIN_S:
            return self._drop_again(source)
        n = habit.since(row["at"] or 0.0)
        found = self._lines(habit, n) if n >= self.after else None
        if found is None:
            return
        id = names.id_of("t", FACT, self.ledger.epoch, source, str(row["n"]))
        title = f"May {habit.tool} to {habit.where} go without asking?"
        facts = {FACT: {"find": found[0], "replace": found[1], "times": n}}
        task = own_task.row_of(id, title, now, fallback="rule", facts=facts, source_id=source)
        self.ledger.add_task(task)
        self._drop(task)

    def _lines(self, habit: Habit, n: int) -> tuple[str, str] | None:
        """What to change in the handbook; None while it cannot be read, or is not there."""
        if self.policy().broken:
            return None
        try:
            raw = self.reader.read(self.vault.root / HANDBOOK, TASK_MOST_BYTES)
            return insertion(raw.decode("utf-8-sig").replace("\r\n", "\n"), habit, n)
        except (OSError, UnicodeDecodeError) as refused:
            logger.warning("no rule is proposed", extra={"file": HANDBOOK, "reason": str(refused)})
            return None

    def _drop_again(self, source: str) -> None:
        """Writes the note that a crash kept from being written."""
        row = self.ledger.db.execute(
            "SELECT id FROM task WHERE source_id = ? AND NOT EXISTS"
            " (SELECT 1 FROM run WHERE run.task = task.id) ORDER BY created DESC LIMIT 1",
            (source,),
        ).fetchone()
        task = self.ledger.task(row["id"]) if row else None
        if task and not any(path.exists() for path in self._places(task.name)):
            self._drop(task)

    def _places(self, name: str) -> list[Path]:
        return [
            self.vault.folder(state) / name for state in (State.NEEDS_ACTION, State.IN_PROGRESS)
        ]

    def _drop(self, task: TaskRow) -> None:
        fact = task.facts[FACT]
        body = (
            f"# {task.title}\n\nYou said yes {fact['times']} times in a row and changed nothing. "
            f"With this in {HANDBOOK} you would not be asked any more, within its bounds:\n\n"
            f"{fence(fact['replace'])}\n\nIf you say no, this is not proposed again for 90 days.\n"
        )
        own_task.drop(self.vault, task, body)


def next_step(case: Case) -> Next:
    """The course of such a task: one request to change the handbook."""
    if case.run.plan is None:
        fact = case.row.facts[FACT]
        args = {"note": HANDBOOK, "find": fact["find"], "replace": fact["replace"]}
        summary = "The new rule holds from now on. It is a line of your handbook like any other."
        calls = [{"tool": "notes__change", "args": args}]
        case.plan({"by": fact.get(BY, "your own yeses"), "summary": summary, "calls": calls})
    return ByPlaybook(case).next()
