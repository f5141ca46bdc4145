"""From a call to what is sealed and shown: the proposal of an effect or of a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from factotum.gate import known, policy
from factotum.gate.facets import pays
from factotum.gate.register import Proposal
from factotum.gate.rows import row_of
from factotum.gate.rules import House
from factotum.inert import code, inert, one_line
from factotum.model import Attachment, Call, Effect, Risk, Task
from factotum.worker import about, messaging
from factotum.worker.attach import task_file
from factotum.worker.local import is_local
from factotum.worker.steps import Office

#: How long a request for money waits at most, in seconds: what was right yesterday is not
#: paid next week.
PAYMENT_S = 86_400.0


@dataclass(frozen=True)
class Asks:
    """`name` is the file name of the task's note, which the card links to."""

    office: Office
    task: Task
    name: str
    house: House

    def question(self, idx: int, call: Call) -> Proposal:
        text = str(call.args.get("question", ""))
        return Proposal(
            idx,
            "ask_owner",
            call.args,
            text,
            Effect.IDEMPOTENT,
            Risk.LOW,
            "only you know this",
            self.office.expiry_s,
            self.task.trust,
            self.house.policy.version,
            kind="question",
            about=about.question(text, self.task, self.name, self.office.register),
        )

    def effect(
        self,
        idx: int,
        call: Call,
        place: tuple[int, int],
        *,
        allowed_by: str = "",
        linked: Sequence[str] = (),
    ) -> Proposal:
        """`place` is (which, of how many); `linked` are the notes that the owner's own task
        links to, for a reading tool. Raises AttachError, SealError or NotebookError for
        what cannot be put to a person as it is."""
        row = row_of(call.tool)
        verdict = policy.judge(call, self.task, self.house)
        args, files = self._attachments(call)
        shown = about.about(call, self.task, self.name, place, self.office.register, self.house)
        shown = {**shown, "lines": [*shown["lines"], *self._from_the_vault(call, files)]}
        if not row.changes:
            shown = {**shown, "linked": list(linked)}
        elif is_local(call.tool):
            shown = {**shown, **self.office.mind.before(call, self.task)}
        return Proposal(
            idx,
            call.tool,
            args,
            str(shown.get("title") or known.title(call, self.task.sender, shown["sender_name"])),
            row.effect if row.changes else Effect.IDEMPOTENT,
            verdict.risk if isinstance(verdict, policy.Ask) else row.risk,
            verdict.rule,
            expiry_s(call, self.house, self.office.expiry_s),
            self.task.trust,
            self.house.policy.version,
            self.office.pin(call.tool),
            self.office.me,
            files,
            allowed_by=allowed_by,
            about=shown,
        )

    def _attachments(self, call: Call) -> tuple[dict[str, Any], tuple[Attachment, ...]]:
        wanted = call.args.get(_files_in(call)) or ()
        files = tuple(self._take(call.tool, str(name)) for name in wanted)
        args = dict(call.args)
        if files:
            files = distinct(files)
            args[_files_in(call)] = [file.name for file in files]
        return args, files

    def _take(self, tool: str, name: str) -> Attachment:
        if tool == messaging.TOOL:
            return messaging.take(self.office.cupboard, self.office.ledger, name, self.task)
        return self.office.cupboard.take(name, self.task)

    def _from_the_vault(self, call: Call, files: Sequence[Attachment]) -> list[str]:
        """Of each file that did not come with the task, where it lies: its name alone may be
        that of another one."""
        wanted = map(str, call.args.get(_files_in(call)) or ())
        return [
            f"📎 {inert(one_line(file.name, 100))} is from your vault: {code(where)}"
            for where, file in zip(wanted, files, strict=True)
            if task_file(where, self.task) is None
        ]


def _files_in(call: Call) -> str:
    """The argument that names the files of a call."""
    return messaging.FILES if call.tool == messaging.TOOL else "attachments"


def expiry_s(call: Call, house: House, usual_s: float) -> float:
    """How long a request for this call may be answered, in seconds."""
    money = pays(call, house.policy.tools.get(call.tool))
    return min(usual_s, PAYMENT_S) if money else usual_s


def distinct(files: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """The same files under names of which none stands twice: a name is what one is sent by."""
    taken: set[str] = set()
    named = []
    for file in files:
        stem, dot, ending = file.name.rpartition(".")
        name, n = file.name, 1
        while name.casefold() in taken:
            n += 1
            name = f"{stem}-{n}.{ending}" if dot else f"{file.name}-{n}"
        taken.add(name.casefold())
        named.append(replace(file, name=name))
    return tuple(named)
