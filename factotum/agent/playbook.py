"""Playbooks: what to do with a task that fits, written by the owner in a note.

A note in Office/Playbooks holds one fenced `yaml playbook` block. The first playbook that
fits, by file name, says which calls are made; they go through the same gate as a model's.
Nothing here reads a file, calls a tool or knows what a tool may do.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from factotum import names
from factotum.agent import playbook_form, playbook_when
from factotum.agent.playbook_block import BlockError, find
from factotum.agent.playbook_block import load as load_block
from factotum.agent.playbook_fill import Facts, Lacking, arguments, filled, text_of
from factotum.agent.playbook_form import Enabled, Playbook, Step
from factotum.inert import inert
from factotum.model import Call, Task, Trust

__all__ = ["Calls", "Missing", "Plan", "Playbook", "Problem", "Step", "fill", "load", "match"]


@dataclass(frozen=True)
class Problem:
    """A playbook that cannot be used: the note, the line in it, what is wrong and the remedy."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.message}"


@dataclass(frozen=True)
class Calls:
    """What to do. `playbook` is its name, `summary` what it says was done."""

    calls: tuple[Call, ...]
    playbook: str
    summary: str


@dataclass(frozen=True)
class Missing:
    """What only the owner can say: asked, then found in `task.answers[name]`."""

    name: str
    question: str
    choices: tuple[str, ...] = ()


Plan = Calls | Missing


def load(notes: Iterable[tuple[str, bytes]]) -> tuple[list[Playbook], list[Problem]]:
    """The playbooks among the notes (file name, content), by file name, and the broken ones.

    A note without a playbook block is just a note.
    """
    playbooks, problems = [], []
    sorted_notes = sorted(note for note in notes if not names.ignored(note[0]))
    known = {file for file, _ in sorted_notes}
    for file, data in sorted_notes:
        try:
            text = data.decode("utf-8-sig")
            block = find(text)
            if block is not None:
                _refuse_copy(file, known)
                playbooks.append(playbook_form.read(file, load_block(block)))
        except UnicodeDecodeError:
            problems.append(Problem(file, 1, "is not text in UTF-8: save it anew as Markdown"))
        except BlockError as wrong:
            problems.append(Problem(file, wrong.line, str(wrong)))
    return playbooks, problems


def match(playbooks: Sequence[Playbook], task: Task, *, model: bool) -> Playbook | None:
    """The first playbook that fits. `model` says whether one is configured."""
    seen = playbook_when.see(task)
    on = {Enabled.ALWAYS} if model else {Enabled.ALWAYS, Enabled.WITHOUT_MODEL}
    for playbook in playbooks:
        if playbook.enabled not in on or not playbook_when.all_hold(playbook.when, seen):
            continue
        if not playbook.unless or not playbook_when.all_hold(playbook.unless, seen):
            return playbook
    return None


def fill(playbook: Playbook, task: Task, *, me: str, today: date) -> Plan:
    """The calls with the task's values in them, or the one thing that is missing.

    `me` is the owner's own address, `today` the day by the owner's clock.
    """
    facts = Facts(task, me, today)
    asked = playbook.question
    try:
        if asked is not None and not task.answers.get("answer", "").strip():
            args = arguments(asked.args, facts)
            choices = tuple(str(choice) for choice in args.get("choices", ()))
            return Missing("answer", str(args["question"]), choices)
        calls = tuple(
            Call(step.tool, _arguments(step, facts)) for step in playbook.steps if step is not asked
        )
        return Calls(calls, playbook.name, text_of(playbook.summary, facts))
    except Lacking as lacking:
        return Missing(lacking.name, lacking.question)


def _refuse_copy(file: str, known: Container[str]) -> None:
    """A copy that a sync client left behind may be an old one, with what was switched off."""
    found = names.conflict(file, known.__contains__)
    if found is not None:
        hint = "give it a name of its own if you want both, or delete it"
        raise BlockError(f"looks like a copy of {found.base} ({found.client}): {hint}", 1)


def _arguments(step: Step, facts: Facts) -> dict[str, Any]:
    """The arguments with their values. What an outsider wrote does nothing inside a note."""
    args = arguments(step.args, facts)
    if step.tool == "notes__write" and facts.task.trust is not Trust.OWNER:
        args["text"] = filled(step.args["text"], replace(facts, shown=inert))
    return args
