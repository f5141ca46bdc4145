"""Reading for a run: a tool's answer becomes a step, and the task's label falls with it.

What a reading tool cannot do is a failed step, not a broken task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factotum import failpoint
from factotum.agent import skills
from factotum.agent.skills import Skill
from factotum.agent.transcript import cut
from factotum.agent.turn import Became
from factotum.gate.rows import row_of
from factotum.ledger import Ledger
from factotum.model import Trust
from factotum.toolbox import Toolbox, ToolboxError
from factotum.worker.desk import Desk
from factotum.worker.local import is_local
from factotum.worker.notebook import Notebook, NotebookError, Seen
from factotum.worker.runs import Runs
from factotum.worker.shelves import NotesShelf
from factotum.worker.steps import RunTool


@dataclass
class Lookups:
    desk: Desk
    ledger: Ledger
    runs: Runs
    toolbox: Toolbox
    notebook: Notebook
    skills: NotesShelf[Sequence[Skill]]
    clock: Callable[[], float]

    async def run(self, step: RunTool) -> None:
        """Runs one reading tool and records what it said."""
        tool = step.call.tool
        if is_local(tool):
            return await self.desk.do(self._run_local, step)
        try:
            answer = await self.toolbox.call(tool, step.call.args)
            became, data = Became.GOOD, {"text": cut(answer.text)}
        except ToolboxError as failed:
            became, data = Became.FAILED, {"why": cut(str(failed), 2000)}
        await self.desk.do(self._record, step, became, data, self._first_trust(step))

    def said(self, step: RunTool) -> tuple[Became, Mapping[str, Any]]:
        """What became of a step that was run."""
        became, data = self.runs.steps(step.run)[step.idx]
        return became, data

    def _run_local(self, step: RunTool) -> None:
        """The same for a tool of our own, which needs the desk for all of it."""
        try:
            seen = self._look(step)
        except NotebookError as failed:
            why = {"why": cut(str(failed), 2000)}
            self._record(step, Became.FAILED, why, self._first_trust(step))
        else:
            data = {"text": cut(seen.text), "notes": list(seen.notes)}
            self._record(step, Became.GOOD, data, seen.trust)

    def _first_trust(self, step: RunTool) -> Trust:
        """The label of what a tool says, as far as it is known before it was asked."""
        return Trust.STRANGER if row_of(step.call.tool).reads_untrusted else Trust.OWNER

    def _look(self, step: RunTool) -> Seen:
        """What a tool of our own says. Raises NotebookError."""
        if step.call.tool != skills.READ_TOOL:
            return self.notebook.read(step.call, step.linked, self._label(step))
        try:
            text = skills.read_skill(self.skills.current(), str(step.call.args["name"]))
        except skills.NoSkill as absent:
            raise NotebookError(str(absent)) from None
        return Seen(text, (), Trust.OWNER)

    def _label(self, step: RunTool) -> Trust:
        row = self.ledger.task(step.run.task)
        return row.trust if row else Trust.STRANGER

    def _record(self, step: RunTool, became: Became, data: Mapping[str, Any], trust: Trust) -> None:
        """The step and the label that it leaves are one transaction: nothing is judged
        between the two."""
        now = self.clock()
        data = {**data, "read": step.call.tool, "trust": trust.value}
        with self.ledger.tx(durable=False):
            self.ledger.lower_trust(step.run.task, trust, now)
            new = self.runs.record(step.run, step.idx, became, data, now)
            if new and not row_of(step.call.tool).acts:  # of what acts, its attempt tells
                self.ledger.event(
                    "looked",
                    now,
                    task=step.run.task,
                    tool=step.call.tool,
                    run=step.run.n,
                    call=step.idx,
                    result=became.value,
                )
        failpoint.hit("step.recorded")
