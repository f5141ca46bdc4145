"""One task's case: what every course of its run goes by, and what it may do.

Synchronous, on the desk. A course says what the worker must do next; the worker calls tools
and models and comes back. Killed anywhere, the same question gives the same answer, from the
ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from factotum import failpoint
from factotum.gate.register import Card
from factotum.model import Call, Task
from factotum.note import Note
from factotum.worker.asks import Asks
from factotum.worker.brief import brief
from factotum.worker.runs import Run
from factotum.worker.steps import Close, Next, Office, Park
from factotum.worker.turns import FIRST

#: Questions that are asked before there is a plan are numbered from here to FIRST, so that
#: they do not meet the calls of a playbook or of a model's turn.
FIRST_QUESTION = 1000

AGAIN, DONE, DROP = "again", "done", "drop"


class Case:
    def __init__(self, office: Office, task: str, note: Note, name: str, now: float) -> None:
        """`note` is the task's note as it is now, `name` its file name."""
        self.office = office
        self.now = now
        self.name = name
        row = office.ledger.task(task)
        assert row is not None, f"{task} runs without being registered"
        self.row = row
        self.run: Run = office.runs.current(task, now)
        self.task: Task = brief(row, note, self._answers())

    # -- what all courses do

    def plan(self, plan: Mapping[str, Any]) -> None:
        """Freezes how this run is gone about."""
        self.office.runs.plan(self.run, plan, self.now)
        self.run = self._latest()

    def end(self, result: str, reason: str) -> Next:
        self.office.runs.end(self.run, result, reason, self.now)
        return Close(self._latest())

    def _latest(self) -> Run:
        latest = self.office.runs.latest(self.task.id)
        assert latest is not None
        return latest

    # -- questions

    def questions(self) -> list[Card]:
        """What was asked before there was a plan."""
        cards = self.office.runs.cards(self.run).items()
        return [card for idx, card in sorted(cards) if FIRST_QUESTION <= idx < FIRST]

    def _answers(self) -> dict[str, str]:
        """What the owner answered in this run, by the field that was asked for."""
        answers: dict[str, str] = {}
        for card in self.questions():
            text = card.decision.why.strip() if card.decision else ""
            name = str(card.seal.args.get("field") or "")
            if card.status == "answered" and (name or text.casefold() not in {AGAIN, DONE, DROP}):
                answers[name] = "\n".join(filter(None, (answers.get(name, ""), text)))
        return answers

    def ask(
        self,
        text: str,
        *,
        idx: int | None = None,
        field: str = "",
        choices: Sequence[str] = (),
        explained: str = "",
    ) -> Next:
        """Puts a question to the owner and waits; the same question again changes nothing."""
        args: dict[str, Any] = {"question": text, "field": field}
        if choices:
            args["choices"] = list(choices)
        if explained:
            args["explained"] = explained
        number = FIRST_QUESTION + len(self.questions()) if idx is None else idx
        asks = Asks(self.office, self.task, self.name, self.office.house(self.now))
        proposal = asks.question(number, Call("ask_owner", args))
        self.office.register.propose(self.task.id, self.run.n, [proposal], self.now)
        failpoint.hit("seal.committed")
        return Park()
