"""One set of calls of a run: judged in order, sealed, recorded, till each has an end.

A playbook's calls and those of a model's turn are carried out by the same rules. Killed
anywhere, the same question gives the same answer, from the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from factotum import failpoint
from factotum.agent import turn
from factotum.agent.turn import Became, Kind, Over
from factotum.gate import grants, policy, refused
from factotum.gate.rows import row_of
from factotum.gate.rules import House
from factotum.gate.seal import SealError
from factotum.ledger import TaskRow
from factotum.model import Call, Task, Trust
from factotum.worker import messaging, runaway
from factotum.worker.asks import Asks
from factotum.worker.attach import AttachError
from factotum.worker.children import TooMany, root_of
from factotum.worker.notebook import NotebookError
from factotum.worker.runs import Run
from factotum.worker.steps import Next, Office, Park, Perform, RunTool

_LINK = re.compile(r"\[\[([^\[\]|#^]+)")

#: Tools that are done right here: they change nothing but the run's own plan and tasks.
INNER = ("finish", "plan", "delegate")

#: How many notes one run may write without asking: a person must be able to look at them all.
UNASKED_MOST = 50
#: The same where somebody else's words caused the task.
UNASKED_MOST_OUTSIDE = 10


@dataclass
class Calls:
    """`first` is the number of the first call in the run."""

    office: Office
    run: Run
    row: TaskRow
    task: Task
    name: str
    calls: Sequence[Call]
    first: int
    now: float

    @cached_property
    def house(self) -> House:
        return self.office.house(self.now, self.task.id)

    def next(self) -> Next | Over:
        """What must be done next; Over when every call has an end."""
        self._children()
        kinds = self._kinds()
        while True:
            match turn.next_move(kinds, self.became()):
                case turn.Do(i) if self.calls[i].tool in INNER:
                    self._inner(i)
                case turn.Do(i) if row_of(self.calls[i].tool).acts:
                    if (step := self._allowed(i)) is not None:
                        return step
                    kinds = self._kinds()  # what allowed it may have ended
                case turn.Do(i):
                    return RunTool(self.run, self.first + i, self.calls[i], self._linked())
                case turn.Seal(places):
                    if self._ask(places):
                        failpoint.hit("seal.committed")
                        return Park()
                case turn.Skip(i):
                    self.record(i, Became.SKIPPED, {"why": "an earlier step was not done"})
                case turn.Refuse(i):
                    self._deny(i)
                    self._enough_guessed()
                case turn.Wait():
                    return Park()
                case turn.Over() as over:
                    return over

    def seal(self) -> bool:
        """Seals the asks of a turn in which nothing else comes first; whether it did. The
        caller says when that is committed."""
        match turn.next_move(self._kinds(), self.became()):
            case turn.Seal(places):
                return self._ask(places)
            case _:
                return False

    def _kinds(self) -> list[Kind]:
        """How each call is judged; one that has an end is not judged again."""
        over = self.became()
        return [
            Kind.READ if place in over else kind(call, self.task, self.house)
            for place, call in enumerate(self.calls)
        ]

    def _deny(self, place: int) -> None:
        """The model hears which rule forbids it, and the audit log tells that it was tried."""
        call, idx = self.calls[place], self.first + place
        rule = policy.judge(call, self.task, self.house).rule
        with self.office.ledger.tx(durable=False):
            why = {"why": f"a rule forbids it: {rule}"}
            if self.office.runs.record(self.run, idx, Became.FAILED, why, self.now):
                self.office.ledger.event(
                    "denied",
                    self.now,
                    task=self.task.id,
                    tool=call.tool,
                    run=self.run.n,
                    call=idx,
                    rule=rule,
                    result="denied",
                )
        failpoint.hit("step.recorded")

    def _enough_guessed(self) -> None:
        """Leaves the rest of a turn undone in which too many calls held a secret: what is denied
        and what is not would tell how it goes on. The next turn is a question to the owner."""
        steps = self.office.runs.steps(self.run)
        mine = range(self.first, self.first + len(self.calls))
        if sum(idx in mine for idx in runaway.held_secrets(steps)) < runaway.SECRETS_MOST:
            return
        for place in range(len(self.calls)):
            if self.first + place not in steps:
                self.record(place, Became.SKIPPED, {"why": "too many calls held a secret"})

    def became(self) -> Mapping[int, Became]:
        found = self.office.runs.became(self.run)
        return {i: found[self.first + i] for i in range(len(self.calls)) if self.first + i in found}

    def record(self, place: int, became: Became, data: Mapping[str, Any]) -> None:
        self.office.runs.record(self.run, self.first + place, became, data, self.now)
        failpoint.hit("step.recorded")

    def _linked(self) -> tuple[str, ...]:
        """What the owner linked to; the text of a handed-on task is a model's."""
        own = self.task.trust is Trust.OWNER and "parent" not in self.row.facts
        return links(self.task.text) if own else ()

    def _children(self) -> None:
        for place, what in self.became().items():
            if what is Became.OPEN and self.calls[place].tool == "delegate":
                idx = self.first + place
                call = self.calls[place]
                self.office.children.resume(self.run, idx, call, self.row, self.now)

    def _inner(self, place: int) -> None:
        call = self.calls[place]
        match call.tool:
            case "plan":
                steps = [str(step) for step in call.args.get("steps") or ()]
                done = [int(n) for n in call.args.get("done") or ()]
                text = self.office.plans.change(self.row, self.run, steps, done)
                self.record(place, Became.GOOD, {"text": f"The plan now:\n{text}"})
            case "delegate":
                idx = self.first + place
                try:
                    self.office.children.start(self.row, self.run, idx, call, self.now)
                except TooMany as too_many:
                    self.record(place, Became.FAILED, {"why": str(too_many)})
            case _:
                self.record(place, Became.GOOD, {"text": "Noted."})

    def _ask(self, places: Sequence[int]) -> bool:
        """Seals all the asks of the turn in one transaction; False if one cannot be sealed, or
        a person has said no to it before."""
        proposals = []
        asks = Asks(self.office, self.task, self.name, self.house)
        for which, place in enumerate(places, 1):
            call, idx = self.calls[place], self.first + place
            try:
                proposal = (
                    asks.question(idx, call)
                    if call.tool == "ask_owner"
                    else asks.effect(idx, call, (which, len(places)), linked=self._linked())
                )
                no = refused.earlier_no(self.office.ledger, self._asker(), proposal, self.now)
            except (AttachError, SealError, NotebookError) as unfit:
                self.record(place, Became.FAILED, {"why": str(unfit)})
                return False
            if no is not None:
                self.record(place, Became.REFUSED, {"why": refused.said(no)})
                return False
            proposals.append(proposal)
        self.office.register.propose(self.task.id, self.run.n, proposals, self.now)
        return True

    def _asker(self) -> refused.Asker:
        """A run that the owner ordered anew is asked for anew; only a first one may be one of
        many letters that are the same."""
        root = root_of(self.row)
        top = self.office.runs.latest(root) or self.run
        return refused.Asker(root, top.started, self.task.sender if top.n == 1 else "")

    def _allowed(self, place: int) -> Next | None:
        """An effect that a rule lets through: sealed and decided by the rule at once."""
        call, idx = self.calls[place], self.first + place
        verdict = policy.judge(call, self.task, self.house)
        assert isinstance(verdict, policy.Allow)
        if why := self._enough(call.tool):
            self.record(place, Became.FAILED, {"why": why})
            return None
        asks = Asks(self.office, self.task, self.name, self.house)
        try:
            proposal = asks.effect(
                idx, call, (1, 1), linked=self._linked(), allowed_by=verdict.name or verdict.rule
            )
        except (AttachError, SealError, NotebookError) as unfit:
            self.record(place, Became.FAILED, {"why": str(unfit)})
            return None
        try:
            (card,) = self.office.register.propose(self.task.id, self.run.n, [proposal], self.now)
        except grants.Spent:
            del self.house
            return None  # judged by the house as it is now, it asks
        failpoint.hit("seal.committed")
        return Perform(self.office.register.card(card))

    def _enough(self, tool: str) -> str:
        """Why the tool is not used again unasked, or an empty string. An answer of the owner's
        to a question of the run's gives room for as many notes again."""
        if tool == messaging.TOOL:
            return messaging.too_many(self.office.ledger, self.row, self.now)
        if not _writes(tool):
            return ""
        most = UNASKED_MOST if self.task.trust is Trust.OWNER else UNASKED_MOST_OUTSIDE
        written = 0
        for _, card in sorted(self.office.runs.cards(self.run).items()):
            if card.status == "answered" and "field" not in card.seal.args:
                written = 0
            by_rule = card.decision is not None and card.decision.channel == "rule"
            written += by_rule and _writes(card.seal.tool)
        if written < most:
            return ""
        return f"{most} notes were written unasked. Before you write more, ask_owner whether to"


def _writes(tool: str) -> bool:
    """Whether it writes notes of ours, which a person must be able to look at."""
    return row_of(tool).writes_own and tool != messaging.TOOL


def links(text: str) -> tuple[str, ...]:
    """The notes that a text links to, as they stand in its links."""
    return tuple(dict.fromkeys(found.strip() for found in _LINK.findall(text)))


def kind(call: Call, task: Task, house: House) -> Kind:
    if call.tool == "ask_owner":
        return Kind.ASK
    if call.tool in INNER:
        return Kind.READ
    match policy.judge(call, task, house):
        case policy.Ask():
            return Kind.ASK
        case policy.Deny():
            return Kind.DENY
        case policy.Allow():
            return Kind.ACT if row_of(call.tool).acts else Kind.READ
