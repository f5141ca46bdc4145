"""The course of a run that an agent thinks about: ask the model, do what it wants, again.

The rules of the loop are `agent/loop.py`'s; here its steps meet the ledger and the gate.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from factotum import failpoint, log
from factotum.agent import loop
from factotum.agent.agents import Agent
from factotum.agent.heed import heeded
from factotum.agent.loop import Limits, Turn
from factotum.agent.talk import Reply, Wanted
from factotum.agent.transcript import cut
from factotum.agent.turn import Became, Over
from factotum.gate.shape import misfits
from factotum.inert import one_line
from factotum.joined import JoinedBook
from factotum.ledger import TaskRow
from factotum.model import Call, Trust
from factotum.worker import runaway, scheduling
from factotum.worker.calls import Calls
from factotum.worker.case import Case
from factotum.worker.children import root_of
from factotum.worker.runs import Run
from factotum.worker.steps import AskModel, Briefed, Next, Office
from factotum.worker.turns import CIRCLES, MONEY, base

logger = log.get("factotum.worker")

#: How much is told of why a call cannot be made, in characters: it may name what was wrong.
WHY_MOST_CHARS = 2000


class ByModel:
    def __init__(self, case: Case) -> None:
        self.case = case
        self.office = case.office
        self.agent: Agent = self._who()

    def _who(self) -> Agent:
        """The agent of the run, who may use no tool that one above it may not use."""
        case, mind = self.case, self.office.mind
        agent, row = mind.named(planned(case.run)), case.row
        while parent := row.facts.get("parent"):
            above, run = self.office.ledger.task(parent), self.office.runs.latest(parent)
            if above is None or run is None:
                break
            if name := planned(run):
                agent = agent.below(mind.named(name))
            row = above
        return agent

    @property
    def limits(self) -> Limits:
        most = self.office.limits
        turns = min(self.agent.max_turns or most.turns, most.turns)
        return Limits(turns, most.reprompts, most.repeats, most.calls)

    def next(self) -> Next:
        case = self.case
        talks = case.task.kind == "message"
        while True:
            turns = self.office.turns.of(case.run, self.limits.calls)
            match loop.next_step(turns, self.limits, talks=talks, worry=self._worry(turns)):
                case loop.Think(reprompt):
                    return self._think(len(turns) + 1, reprompt)
                case loop.Act(turn):
                    step = self._act(turn)
                    if not isinstance(step, Over):
                        return step
                case loop.Leave(turn, word):
                    self._leave(turn, word)
                case loop.AskWhether(turn, question):
                    return self._whether(turn, question)
                case loop.Finish(summary):
                    if JoinedBook(self.office.ledger).untold(case.task.id):
                        return self._think(len(turns) + 1, reprompt=False)
                    return case.end("done", summary)
                case loop.GiveUp(reason):
                    return case.end("failed", reason)

    # -- thinking

    def _think(self, n: int, reprompt: bool) -> Next:
        words = self.office.turns.money_words(self.case.run)
        if no := [word for word in words if word and not loop.is_go_on(word)]:
            return self.case.end("failed", f"Its money was spent, and you said: {no[-1]}")
        case = self.case
        briefed = Briefed(case.task, case.row, case.run, self.agent, case.now, reprompt)
        return AskModel(
            briefed,
            n,
            root_of(case.row),
            case.row.trust is not Trust.OWNER,
            allowance_usd(self.office, case.row, case.run),
        )

    def ask_for_money(self, why: str) -> Next:
        """The task has spent what it may: asks the owner whether it may spend as much again."""
        turns = self.office.turns.of(self.case.run, self.limits.calls)
        said = len(self.office.turns.money_words(self.case.run))
        if said == len(MONEY):
            return self.case.end("failed", f"It asked {said} times for more money. {why}")
        return self.case.ask(
            f"{self.case.task.title}: may it cost more? ({why})",
            idx=base(len(turns) + 1) + MONEY[said],
            choices=[loop.GO_ON, loop.STOP],
        )

    # -- acting

    def _act(self, turn: Turn) -> Next | Over:
        return self._calls(turn).next()

    def _calls(self, turn: Turn) -> Calls:
        """The turn's calls; those that cannot be judged are recorded as failed here."""
        case, first = self.case, base(turn.n)
        wanted = turn.reply.calls[: self.limits.calls]
        calls = [scheduling.meant(Call(call.tool, dict(call.args))) for call in wanted]
        made = Calls(case.office, case.run, case.row, case.task, case.name, calls, first, case.now)
        became = made.became()
        for place, (asked, call) in enumerate(zip(wanted, calls, strict=True)):
            if place not in became and (problems := self._problems(asked, call)):
                made.record(place, Became.FAILED, {"why": cut("; ".join(problems), WHY_MOST_CHARS)})
        return made

    def _problems(self, asked: Wanted, call: Call) -> list[str]:
        """Why a call is not even judged: the model hears it and may mend it."""
        if asked.broken:
            return [asked.broken]
        known = self.office.known_tools()
        if asked.tool not in known:
            near = difflib.get_close_matches(asked.tool, known, 3)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            return [f"there is no tool {asked.tool!r:.80}.{hint}"]
        if not self.agent.may_use(asked.tool):
            return [f"the agent {self.agent.name} may not use {asked.tool}"]
        return self.office.check(call) or self._nobody(call) or misfits(call)

    def _nobody(self, call: Call) -> list[str]:
        """Whether work is handed on to an agent that there is none of."""
        wanted = call.args.get("agent") if call.tool == "delegate" else None
        there = self.office.mind.names()
        if not wanted or wanted in there:
            return []
        return [f"no agent is called {str(wanted)!r:.80}; there are: {', '.join(there)}"]

    def _leave(self, turn: Turn, word: str) -> None:
        """The owner said something else than go on: what the turn wanted is left undone."""
        first = base(turn.n)
        for place in range(len(turn.reply.calls[: self.limits.calls])):
            why = f"the owner said: {word}"
            self.office.runs.record(
                self.case.run, first + place, Became.SKIPPED, {"why": why}, self.case.now
            )
        failpoint.hit("step.recorded")

    def _worry(self, turns: Sequence[Turn]) -> str:
        """What is odd about what the last turn wants, or an empty string."""
        if not runaway.is_fresh(turns):
            return ""
        steps = self.office.runs.steps(self.case.run)
        secrets = runaway.held_secrets(steps)
        return runaway.worry(turns, runaway.told(steps), self.limits, secrets)

    def _so_far(self) -> str:
        run = self.case.run
        turns = self.office.turns.of(run, self.limits.calls)
        return runaway.so_far(turns, self.office.budget.task_usd(run.task, run.n))

    def _whether(self, turn: Turn, question: str) -> Next:
        calls = turn.reply.calls
        return self.case.ask(
            f"{self.case.task.title}: {question}",
            idx=base(turn.n) + CIRCLES,
            choices=[loop.GO_ON, loop.STOP, *([] if calls else [loop.THAT_IS_IT])],
            explained=f"{self._so_far()}. {_choices(turn)}",
        )

    # -- hearing

    def heard(self, n: int, reply: Reply, words: int, reservation: int) -> Next:
        """Records the turn, and what it asks for, in one transaction; then goes on."""
        reply = heeded(reply, self.office.known_tools())
        run, now, sealed = self.case.run, self.case.now, False
        turn = (run, n, reply, words, reservation, now)
        try:
            with self.office.ledger.tx():
                self.office.turns.heard(*turn)
                sealed = self._seal_last()
        except Exception:  # whatever a call of it may hold: the reply is paid for and kept
            logger.exception("a reply could not be sealed", extra={"task": run.task})
            self.office.turns.heard(*turn)
        if sealed:
            failpoint.hit("seal.committed")
        failpoint.hit("turn.recorded")
        return self.next()

    def _seal_last(self) -> bool:
        """Seals what the last turn asks for, if nothing of it comes first."""
        turns = self.office.turns.of(self.case.run, self.limits.calls)
        match loop.next_step(turns, self.limits, worry=self._worry(turns)):
            case loop.Act(turn):
                return self._calls(turn).seal()
            case _:
                return False


def planned(run: Run) -> str:
    """The name of the agent that a run was given to, or an empty string."""
    return str((run.plan or {}).get("agent") or "")


def allowance_usd(office: Office, row: TaskRow, run: Run) -> float:
    """What the task may cost: each go-on of the owner is worth as much again."""
    said = office.turns.money_words(run)
    if (root := root_of(row)) != row.id:
        top = office.runs.latest(root)
        said += office.turns.money_words(top) if top else []
    return office.budget.caps.task_usd * (1 + sum(map(loop.is_go_on, said)))


def _choices(turn: Turn) -> str:
    """What each answer to whether it may go on leads to."""
    go_on, stop, that_is_it = loop.GO_ON, loop.STOP, loop.THAT_IS_IT
    if len(turn.became) < len(turn.reply.calls):  # it asks before the call is made
        return (
            f"{go_on}: make the call. {stop}: end the task here. "
            f"Anything else is told to the model instead of the call."
        )
    if turn.reply.calls:
        return (
            f"{go_on}: as many turns again. {stop}: end the task as failed. "
            f"Anything else is told to the model."
        )
    return (
        f"It says: “{one_line(turn.reply.text, 600)}” {that_is_it}: take that for the answer. "
        f"{go_on}: tell it to go on. {stop}: end the task as failed. "
        f"Anything else is told to the model."
    )
