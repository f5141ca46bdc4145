"""The course of a run without a model: a playbook's calls, or a question when none fits."""

from __future__ import annotations

from collections.abc import Sequence

from factotum.agent.playbook import Calls as Filled
from factotum.agent.playbook import Missing, fill, match
from factotum.agent.turn import Over
from factotum.gate.register import Card
from factotum.gate.shape import misfits
from factotum.inert import one_line
from factotum.model import Call
from factotum.worker.calls import Calls
from factotum.worker.case import AGAIN, DONE, DROP, Case
from factotum.worker.steps import Next, Park


class ByPlaybook:
    def __init__(self, case: Case) -> None:
        self.case = case
        self.office = case.office

    # -- the plan

    def choose(self) -> Next | None:
        """Finds the playbook that fits and freezes its calls, or gives the run to an agent;
        None when that is done."""
        case, office = self.case, self.case.office
        questions = case.questions()
        if any(not card.over for card in questions):
            return Park()
        if refused := [card for card in questions if card.status in {"rejected", "withdrawn"}]:
            why = refused[-1].decision.why if refused[-1].decision else ""
            return case.end("done", f"You did not want to answer. {why}".strip())
        if ended := self._ended_by_word(questions):
            return ended
        thinks = office.mind.configured
        playbook = match(office.playbooks(), case.task, model=thinks)
        if playbook is None:
            if not thinks:
                return self._nothing_fits(bool(questions))
            agent = office.mind.agent(case.task, case.row).name
            case.plan({"by": f"the agent {agent}", "agent": agent, "calls": []})
            return None
        today = office.zone(case.now).date()
        match fill(playbook, case.task, me=office.me, today=today):
            case Missing(name, question, choices):
                return case.ask(question, field=name, choices=choices)
            case Filled(calls, by, summary):
                return self._freeze(calls, by, summary)

    def _freeze(self, calls: Sequence[Call], by: str, summary: str) -> Next | None:
        wanted = [call for call in calls if call.tool != "finish"]
        for call in calls:
            if call.tool == "finish":
                summary = str(call.args.get("summary", summary))
        problems = [problem for call in wanted for problem in self._problems(call)]
        if problems:
            wanted, summary = [], ""  # nothing of a plan is done that cannot be done whole
        told = [{"tool": call.tool, "args": dict(call.args)} for call in wanted]
        self.case.plan({"by": by, "summary": summary, "calls": told})
        return self.case.end("failed", "; ".join(problems)) if problems else None

    def _problems(self, call: Call) -> list[str]:
        problems = self.office.check(call) or misfits(call)
        return [_worded(call.tool, problem) for problem in problems]

    def _nothing_fits(self, asked_before: bool) -> Next:
        still = "Still no" if asked_before else "No"
        title = one_line(self.case.task.title, 60)
        return self.case.ask(
            f"{title}: what shall I do? {still} playbook fits.",
            choices=[AGAIN, DONE, DROP],
            explained=(
                f"{AGAIN}: look once more (after you wrote a playbook in Office/Playbooks). "
                f"{DONE}: you did it yourself. {DROP}: leave it. Any other answer is added "
                f"to the task and I look once more."
            ),
        )

    def _ended_by_word(self, questions: Sequence[Card]) -> Next | None:
        words = {_word(card) for card in questions}
        if DONE in words:
            return self.case.end("done", "You said that you did it yourself.")
        if DROP in words:
            return self.case.end("done", "You said to leave it. Nothing was done.")
        return None

    # -- the turn

    def next(self) -> Next:
        case = self.case
        plan = case.run.plan or {"calls": []}
        calls = [Call(one["tool"], one["args"]) for one in plan["calls"]]
        made = Calls(case.office, case.run, case.row, case.task, case.name, calls, 0, case.now)
        step = made.next()
        return self._over(calls, step) if isinstance(step, Over) else step

    def _over(self, calls: Sequence[Call], over: Over) -> Next:
        if over.failed:
            return self.case.end("failed", "; ".join(self._why(calls, i) for i in over.failed))
        summary = str((self.case.run.plan or {}).get("summary") or "")
        if over.refused:
            summary = self._refused(calls, over)
        return self.case.end("done", summary)

    def _refused(self, calls: Sequence[Call], over: Over) -> str:
        cards = self.office.runs.cards(self.case.run)
        steps = self.office.runs.steps(self.case.run)
        if before := [str(steps[i][1]["why"]) for i in over.refused if i in steps]:
            return f"Left undone: {before[0]}. Move this note to Needs_Action to be asked anew."
        cancelled = all(cards[i].status == "cancelled" for i in over.refused if i in cards)
        said = "You cancelled" if cancelled else "You said no to"
        what = "it" if len(calls) == 1 else "a part of it"
        return f"{said} {what}, so it was left undone."

    def _why(self, calls: Sequence[Call], idx: int) -> str:
        card = self.office.runs.cards(self.case.run).get(idx)
        if card is not None and card.ended is not None:
            reason = card.ended.evidence.get("reason") or card.status.replace("_", " ")
            return f"{card.seal.tool}: {reason}"
        _, data = self.office.runs.steps(self.case.run)[idx]
        return f"{calls[idx].tool}: {data.get('why', '')}"


def _worded(tool: str, problem: str) -> str:
    """The problem with its tool named once, and what to do about a setting that is missing."""
    text = problem if problem.startswith(tool) else f"{tool}: {problem}"
    if "needed by" in problem:
        text += (
            ". Set it in .env (README, “Connect your mail”), start again, and move this note "
            "to Needs_Action"
        )
    return text


def _word(card: Card) -> str:
    """The owner's answer to a free question, folded; empty if it is not answered so."""
    if card.status != "answered" or card.seal.args.get("field") or card.decision is None:
        return ""
    return card.decision.why.strip().casefold()
