"""One playbook as data, and reading it from its block; what is wrong is said with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from factotum.agent import playbook_when
from factotum.agent.playbook_block import BlockError, Node, nearest
from factotum.agent.playbook_fill import Form, Template, form, names_in, template
from factotum.agent.playbook_when import Condition

#: The keys of a block and what they mean.
KEYS: dict[str, str] = {
    "enabled": "`true`, `false`, or `without-model`: only while no model is configured",
    "when": "the conditions, all of which must hold",
    "unless": "the same keys: if all of these hold, the playbook does not fit after all",
    "do": "the calls, one after the other",
    "summary": "what the finished task says was done",
}

#: What a playbook can do without a tool server: argument → whether it is needed.
OWN_TOOLS: dict[str, Mapping[str, bool]] = {
    "ask_owner": {"question": True, "choices": False},
    "notes__write": {"folder": True, "title": True, "text": True},
    "finish": {"summary": True},
}
OWN_FOLDERS = ("Drafts", "Briefings", "Plans")

_TOOL = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*__[A-Za-z0-9_-]+")


class Enabled(StrEnum):
    ALWAYS = "true"
    NEVER = "false"
    WITHOUT_MODEL = "without-model"


@dataclass(frozen=True)
class Step:
    """One call of a playbook, its arguments still with names in them."""

    tool: str
    args: Mapping[str, Form]


@dataclass(frozen=True)
class Playbook:
    """`name` is the note's file name without its ending."""

    name: str
    enabled: Enabled
    when: tuple[Condition, ...]
    unless: tuple[Condition, ...]
    steps: tuple[Step, ...]
    summary: Template

    @property
    def question(self) -> Step | None:
        """The step whose answer another step uses; it is asked before anything is done."""
        if "answer" not in self.names:
            return None
        return next(step for step in self.steps if step.tool == "ask_owner")

    @property
    def names(self) -> set[str]:
        """Every name in braces that it uses."""
        return self.summary.names.union(*(names_in(dict(step.args)) for step in self.steps))


def read(file: str, root: Node) -> Playbook:
    """The playbook in a block of the note `file`. Raises BlockError."""
    assert isinstance(root.value, dict)
    found = root.value
    for key, node in found.items():
        if key not in KEYS:
            raise BlockError(f"no key is called `{key}`: {nearest(key, KEYS)}", node.line)
    for key, example in (("when", "words: [invoice]"), ("do", "- finish: {summary: Done.}")):
        if key not in found:
            hint = f"under it stands, for example, {example}"
            raise BlockError(f"`{key}:` is missing; {hint}", root.line)
    name = file.rpartition("/")[2].removesuffix(".md")
    playbook = Playbook(
        name,
        _enabled(found.get("enabled", Node(True, root.line))),
        playbook_when.read(found["when"], "when"),
        playbook_when.read(found["unless"], "unless") if "unless" in found else (),
        _steps(found["do"]),
        _summary(found.get("summary"), name),
    )
    _check_answer(playbook, found["do"].line)
    return playbook


def _summary(node: Node | None, name: str) -> Template:
    if node is None:
        return Template((f"Did what the playbook {name} says.",))
    if not isinstance(node.value, str):
        raise BlockError("`summary` must be text: put it in quotes", node.line)
    return template(node.value, node.line)


def _enabled(node: Node) -> Enabled:
    said = str(node.value).casefold()
    if said not in list(Enabled):
        raise BlockError(f"`enabled` is never `{said}`: {nearest(said, Enabled)}", node.line)
    return Enabled(said)


def _steps(node: Node) -> tuple[Step, ...]:
    if not isinstance(node.value, tuple) or not node.value:
        raise BlockError("`do` is a list: begin each call on a new line with a dash", node.line)
    steps = tuple(_step(one) for one in node.value)
    for step, one in zip(steps[:-1], node.value, strict=False):
        if step.tool == "finish":
            raise BlockError("`finish` ends the task: put it last", one.line)
    return steps


def _step(node: Node) -> Step:
    if not isinstance(node.value, dict) or len(node.value) != 1:
        raise BlockError("each call is one tool with its arguments: `- tool: {…}`", node.line)
    ((tool, args),) = node.value.items()
    if tool not in OWN_TOOLS and not _TOOL.fullmatch(tool):
        hint = nearest(tool, OWN_TOOLS) + " (tools of a server are written server__tool)"
        raise BlockError(f"no tool is called `{tool}`: {hint}", node.line)
    if not isinstance(args.value, dict):
        raise BlockError(f"`{tool}` needs its arguments by name, indented under it", args.line)
    if tool in OWN_TOOLS:
        _check_own(tool, args.value, node.line)
    return Step(tool, {key: form(value) for key, value in args.value.items()})


def _check_own(tool: str, args: Mapping[str, Node], line: int) -> None:
    known = OWN_TOOLS[tool]
    for key, node in args.items():
        if key not in known:
            raise BlockError(f"`{tool}` has no argument `{key}`: {nearest(key, known)}", node.line)
        wanted: type = tuple if key == "choices" else str
        if not isinstance(node.value, wanted):
            must = "a list" if wanted is tuple else "text: put it in quotes"
            raise BlockError(f"`{key}` of `{tool}` must be {must}", node.line)
    for key, needed in known.items():
        if needed and key not in args:
            raise BlockError(f"`{tool}` lacks its `{key}`", line)
    folder = args.get("folder")
    if folder is not None and folder.value not in OWN_FOLDERS:
        hint = nearest(str(folder.value), OWN_FOLDERS)
        raise BlockError(f"`folder` cannot be `{folder.value}`: {hint}", folder.line)


def _check_answer(playbook: Playbook, line: int) -> None:
    """`{answer}` needs exactly one question that it answers, and not inside itself."""
    asks = [step for step in playbook.steps if step.tool == "ask_owner"]
    if "answer" not in playbook.names:
        return
    if len(asks) != 1:
        raise BlockError("`{answer}` needs exactly one `ask_owner` with its question", line)
    if "answer" in names_in(dict(asks[0].args)):
        raise BlockError("`{answer}` cannot stand in the question itself", line)
