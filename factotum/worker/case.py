"""One task's case: its plan, what is judged, sealed and recorded, and when it is over.

Synchronous, on the desk. It says what the worker must do next; the worker calls tools and
comes back. Killed anywhere, the same question gives the same answer, from the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from factotum import failpoint
from factotum.agent import turn
from factotum.agent.playbook import Calls, Missing, Playbook, fill, match
from factotum.agent.turn import Became, Kind
from factotum.gate import known, policy
from factotum.gate.register import Card, Proposal, Register
from factotum.gate.seal import SealError
from factotum.inert import one_line
from factotum.ledger import Ledger
from factotum.model import Attachment, Call, Effect, Risk, Task
from factotum.note import Note
from factotum.worker import about
from factotum.worker.attach import AttachError, Cupboard
from factotum.worker.brief import brief
from factotum.worker.runs import Run, Runs

#: Questions that are asked before there is a plan are numbered from here, so that they do
#: not meet the calls of the plan.
FIRST_QUESTION = 1000

AGAIN, DONE, DROP = "again", "done", "drop"


@dataclass(frozen=True)
class RunTool:
    """Call a reading tool and bring back what it said."""

    run: Run
    idx: int
    call: Call


@dataclass(frozen=True)
class Perform:
    """Carry out an effect that a rule allowed."""

    card: Card


@dataclass(frozen=True)
class Park:
    """A person must decide first: the note belongs into waiting/."""


@dataclass(frozen=True)
class Close:
    """The run has ended: the note gets its receipts and goes to Done or Failed."""

    run: Run


Next = RunTool | Perform | Park | Close


@dataclass
class Office:
    """What a case needs from its surroundings, handed in by the door."""

    ledger: Ledger
    register: Register
    runs: Runs
    cupboard: Cupboard
    playbooks: Callable[[], Sequence[Playbook]]
    me: str
    expiry_s: float
    zone: Callable[[float], datetime]
    check: Callable[[Call], list[str]] = field(default=lambda call: [])
    pin: Callable[[str], str] = field(default=lambda tool: "")


class Case:
    def __init__(self, office: Office, task: str, note: Note, name: str, now: float) -> None:
        """`note` is the task's note as it is now, `name` its file name."""
        self.office = office
        self.now = now
        self.name = name
        row = office.ledger.task(task)
        assert row is not None, f"{task} runs without being registered"
        self.run = office.runs.current(task, now)
        self.task: Task = brief(row, note, self._answers())

    def next(self) -> Next:
        """What must be done next. Records what needs no doing on the way."""
        if self.run.ended is not None:
            return Close(self.run)
        if self.run.plan is None and (waiting := self._make_plan()) is not None:
            return waiting
        while True:
            move = turn.next_move(self._kinds(), self._became())
            match move:
                case turn.Do(idx):
                    if policy.row_of(self.calls[idx].tool).acts:
                        return self._allowed(idx)
                    return RunTool(self.run, idx, self.calls[idx])
                case turn.Seal(idxs):
                    if not self._ask(idxs):
                        continue
                    return Park()
                case turn.Skip(idx):
                    self._record(idx, Became.SKIPPED, {"why": "an earlier step was not done"})
                case turn.Refuse(idx):
                    self._record(idx, Became.FAILED, {"why": "a rule forbids it"})
                case turn.Wait():
                    return Park()
                case turn.Over(failed, refused):
                    return self._over(failed, refused)

    # -- the plan

    @property
    def calls(self) -> tuple[Call, ...]:
        plan = self.run.plan or {"calls": []}
        return tuple(Call(one["tool"], one["args"]) for one in plan["calls"])

    def _make_plan(self) -> Next | None:
        """Finds the playbook that fits and freezes its calls; None when that is done."""
        questions = self._questions()
        if any(not card.over for card in questions):
            return Park()
        if refused := [card for card in questions if card.status in {"rejected", "withdrawn"}]:
            why = refused[-1].decision.why if refused[-1].decision else ""
            return self._end("done", f"You did not want to answer. {why}".strip())
        if ended := self._ended_by_word(questions):
            return ended
        playbook = match(self.office.playbooks(), self.task, model=False)
        if playbook is None:
            return self._nothing_fits(bool(questions))
        today = self.office.zone(self.now).date()
        match fill(playbook, self.task, me=self.office.me, today=today):
            case Missing(name, question, choices):
                return self._question(question, field=name, choices=choices)
            case Calls(calls, by, summary):
                return self._freeze(calls, by, summary)

    def _freeze(self, calls: Sequence[Call], by: str, summary: str) -> Next | None:
        wanted = [call for call in calls if call.tool != "finish"]
        for call in calls:
            if call.tool == "finish":
                summary = str(call.args.get("summary", summary))
        problems = [problem for call in wanted for problem in self._problems(call)]
        if problems:
            wanted, summary = [], ""  # nothing of a plan is done that cannot be done whole
        plan = {
            "by": by,
            "summary": summary,
            "calls": [{"tool": call.tool, "args": dict(call.args)} for call in wanted],
        }
        self.office.runs.plan(self.run, plan, self.now)
        latest = self.office.runs.latest(self.task.id)
        assert latest is not None
        self.run = latest
        return self._end("failed", "; ".join(problems)) if problems else None

    def _problems(self, call: Call) -> list[str]:
        problems = self.office.check(call)
        if not problems:
            problems = policy.misfits(call)
        return [_worded(call.tool, problem) for problem in problems]

    def _nothing_fits(self, asked_before: bool) -> Next:
        still = "Still no" if asked_before else "No"
        title = one_line(self.task.title, 60)
        return self._question(
            f"{title}: what shall I do? {still} playbook fits.",
            choices=[AGAIN, DONE, DROP],
            remark=(
                f"{AGAIN}: look once more (after you wrote a playbook in Office/Playbooks). "
                f"{DONE}: you did it yourself. {DROP}: leave it. Any other answer is added "
                f"to the task and I look once more."
            ),
        )

    def _ended_by_word(self, questions: Sequence[Card]) -> Next | None:
        words = {_word(card) for card in questions}
        if DONE in words:
            return self._end("done", "You said that you did it yourself.")
        if DROP in words:
            return self._end("done", "You said to leave it. Nothing was done.")
        return None

    # -- questions

    def _questions(self) -> list[Card]:
        cards = self.office.runs.cards(self.run).items()
        return [card for idx, card in sorted(cards) if idx >= FIRST_QUESTION]

    def _answers(self) -> dict[str, str]:
        """What the owner answered in this run, by the field that was asked for."""
        answers: dict[str, str] = {}
        for card in self._questions():
            text = card.decision.why.strip() if card.decision else ""
            name = str(card.seal.args.get("field") or "")
            if card.status == "answered" and (name or text.casefold() not in {AGAIN, DONE, DROP}):
                answers[name] = text
        return answers

    def _question(
        self, text: str, *, field: str = "", choices: Sequence[str] = (), remark: str = ""
    ) -> Next:
        idx = FIRST_QUESTION + len(self._questions())
        args: dict[str, Any] = {"question": text, "field": field}
        if choices:
            args["choices"] = list(choices)
        if remark:
            args["explained"] = remark
        self.office.register.propose(
            self.task.id, self.run.n, [self._asked(idx, Call("ask_owner", args))], self.now
        )
        failpoint.hit("seal.committed")
        return Park()

    def _asked(self, idx: int, call: Call) -> Proposal:
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
            policy.POLICY_VERSION,
            kind="question",
            about=about.question(text, self.task, self.name),
        )

    # -- the turn

    def _kinds(self) -> list[Kind]:
        return [_kind(call, self.task) for call in self.calls]

    def _became(self) -> Mapping[int, Became]:
        last = len(self.calls)
        return {i: what for i, what in self.office.runs.became(self.run).items() if i < last}

    def _record(self, idx: int, became: Became, data: Mapping[str, Any]) -> None:
        self.office.runs.record(self.run, idx, became, data, self.now)
        failpoint.hit("step.recorded")

    def _ask(self, idxs: Sequence[int]) -> bool:
        """Seals all the asks of the turn in one transaction; False if one cannot be sealed."""
        proposals = []
        for place, idx in enumerate(idxs, 1):
            proposal = self._proposal(idx, (place, len(idxs)))
            if proposal is None:
                return False
            proposals.append(proposal)
        self.office.register.propose(self.task.id, self.run.n, proposals, self.now)
        failpoint.hit("seal.committed")
        return True

    def _allowed(self, idx: int) -> Next:
        """An effect that a rule lets through: sealed and decided by the rule at once."""
        verdict = policy.judge(self.calls[idx], self.task)
        assert isinstance(verdict, policy.Allow)
        proposal = self._proposal(idx, (1, 1), allowed_by=verdict.rule)
        if proposal is None:
            return self.next()
        (card,) = self.office.register.propose(self.task.id, self.run.n, [proposal], self.now)
        failpoint.hit("seal.committed")
        return Perform(self.office.register.card(card))

    def _proposal(
        self, idx: int, place: tuple[int, int], *, allowed_by: str = ""
    ) -> Proposal | None:
        call = self.calls[idx]
        if call.tool == "ask_owner":
            return self._asked(idx, call)
        row = policy.row_of(call.tool)
        verdict = policy.judge(call, self.task)
        try:
            args, files = self._attachments(call)
            return Proposal(
                idx,
                call.tool,
                args,
                known.title(call, self.task.sender, self.task.sender_name),
                row.effect,
                verdict.risk if isinstance(verdict, policy.Ask) else row.risk,
                verdict.rule,
                self.office.expiry_s,
                self.task.trust,
                policy.POLICY_VERSION,
                self.office.pin(call.tool),
                self.office.me,
                files,
                allowed_by=allowed_by,
                about=about.about(call, self.task, self.name, place, self.office.register),
            )
        except (AttachError, SealError) as unfit:
            self._record(idx, Became.FAILED, {"why": str(unfit)})
            return None

    def _attachments(self, call: Call) -> tuple[dict[str, Any], tuple[Attachment, ...]]:
        wanted = call.args.get("attachments") or ()
        files = tuple(self.office.cupboard.take(str(name), self.task) for name in wanted)
        args = dict(call.args)
        if files:
            files = distinct(files)
            args["attachments"] = [file.name for file in files]
        return args, files

    # -- the end

    def _over(self, failed: Sequence[int], refused: Sequence[int]) -> Next:
        if failed:
            return self._end("failed", "; ".join(self._why(idx) for idx in failed))
        summary = str((self.run.plan or {}).get("summary") or "")
        if refused:
            cards = self.office.runs.cards(self.run)
            cancelled = all(cards[idx].status == "cancelled" for idx in refused if idx in cards)
            said = "You cancelled" if cancelled else "You said no to"
            what = "it" if len(self.calls) == 1 else "a part of it"
            summary = f"{said} {what}, so it was left undone."
        return self._end("done", summary)

    def _why(self, idx: int) -> str:
        card = self.office.runs.cards(self.run).get(idx)
        if card is not None and card.ended is not None:
            reason = card.ended.evidence.get("reason") or card.status.replace("_", " ")
            return f"{card.seal.tool}: {reason}"
        _, data = self.office.runs.steps(self.run)[idx]
        return f"{self.calls[idx].tool}: {data.get('why', '')}"

    def _end(self, result: str, reason: str) -> Next:
        self.office.runs.end(self.run, result, reason, self.now)
        latest = self.office.runs.latest(self.task.id)
        assert latest is not None
        return Close(latest)


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


def _kind(call: Call, task: Task) -> Kind:
    if call.tool == "ask_owner":
        return Kind.ASK
    match policy.judge(call, task):
        case policy.Ask():
            return Kind.ASK
        case policy.Deny():
            return Kind.DENY
        case policy.Allow():
            return Kind.ACT if policy.row_of(call.tool).acts else Kind.READ


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
