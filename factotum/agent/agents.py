"""Agents: who does a task, each a note of the owner's with a prompt and a few properties.

A note in Office/Agents with one of these properties is an agent; without any it is just a
note. Nothing here reads a file or calls a model.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from factotum import names
from factotum.agent.persona import prose
from factotum.agent.playbook import Problem as Broken
from factotum.agent.playbook_when import folded, glob
from factotum.inert import one_line
from factotum.model import Task
from factotum.note import NoteError, parse

#: Who works where no other agent is named or fits.
DEFAULT = "vessel"
#: Whoever works can end the task and can ask.
ALWAYS = ("finish", "ask_owner")

#: The properties of an agent and what they mean.
KEYS: dict[str, str] = {
    "enabled": "`false` switches the agent off",
    "colour": 'its colour on displays, as `"#00e5ff"`; `color` is the same',
    "keywords": "words in the title or the text that bring a task to it",
    "tools": "the tools it may use, such as `notes__*`; without it all",
    "model": "the model it thinks with; without it the one that is set up",
    "max_turns": "how often it may ask the model in one task, from 1 to 200",
}

COLOUR = "#00ff41"
TURNS_MOST = 200
LIST_MOST = 100
#: How much of a long text is looked at for keywords, in characters.
TEXT_MOST = 100_000

_NAME = re.compile(r"[^\W_](?:[\w .-]{0,62}[\w.])?")
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")
_GLOB = re.compile(r"[A-Za-z0-9_*-]{1,100}")
_MODEL = re.compile(r"[\w./:@+-]{1,200}")
_KEYWORD = re.compile(r"[^\W_][\w' -]{0,59}\*?")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Agent:
    """`name` is the note's name without its ending. `tools` are globs; none means all.
    `within` are the tools of those who handed the work on: it may use no more than they."""

    name: str
    prompt: str = ""
    model: str | None = None
    colour: str = COLOUR
    tools: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    max_turns: int | None = None
    enabled: bool = True
    within: tuple[tuple[str, ...], ...] = ()

    def may_use(self, tool: str) -> bool:
        """Whether it is offered this tool; what a call may then do is the gate's affair."""
        lists = (self.tools, *self.within)
        return tool in ALWAYS or all(
            any(glob(pattern, tool) for pattern in tools) for tools in lists if tools
        )

    def below(self, other: Agent) -> Agent:
        """The same one at work that `other` handed on."""
        return replace(self, within=(*self.within, other.tools))


@dataclass(frozen=True)
class Choice:
    """Who does a task; `why` is said where a person may wonder, else empty."""

    agent: Agent
    why: str = ""


#: Works where there is no agent's note that can be used.
BUILT_IN = Agent(
    DEFAULT,
    "You do whatever comes up in this office: mail, notes, dates, small research. Look first "
    "what is known, do the smallest thing that answers the task, and ask when it is not clear.",
)


class _Wrong(Exception):
    """A property that cannot be used; says which one, and what to write instead."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def load(notes: Iterable[tuple[str, bytes]]) -> tuple[Sequence[Agent], list[Broken]]:
    """The agents among the notes (file name, content), by file name, and the broken ones."""
    found: list[Agent] = []
    broken: list[Broken] = []
    sorted_notes = sorted(note for note in notes if not names.ignored(note[0]))
    known = {file for file, _ in sorted_notes}
    for file, data in sorted_notes:
        try:
            note = parse(data)
            mine = {key: note.props[key] for key in (*KEYS, "color") if key in note.props}
            _check_names(note.props, bool(mine))
            if not mine:
                continue
            if copy := names.conflict(file, known.__contains__):
                hint = "give it a name of its own if you want both, or delete it"
                message = f"looks like a copy of {copy.base} ({copy.client}): {hint}"
                broken.append(Broken(file, 1, message))
                continue
            stem = _name(file)
            rest = f"notes__read Office/Agents/{stem}.md"
            found.append(_agent(stem, prose(note.body, rest), mine))
        except NoteError as unreadable:
            broken.append(Broken(file, unreadable.line or 1, str(unreadable)))
        except _Wrong as wrong:
            broken.append(Broken(file, _line(data, wrong.key), str(wrong)))
    return found, broken


def choose(task: Task, agents: Sequence[Agent], default: str = DEFAULT) -> Choice:
    """Whom the property `agent` names, else whose keywords stand most often in the title,
    then in the text (the first by file name, of several), else the default.

    One keyword counts once. The same task and notes always give the same agent.
    """
    at_work = sorted((agent for agent in agents if agent.enabled), key=lambda agent: agent.name)
    usual = next((agent for agent in at_work if agent.name == default), BUILT_IN)
    if named := str(task.properties.get("agent") or "").strip():
        wanted = folded(named)
        for agent in at_work:
            if folded(agent.name) == wanted:
                return Choice(agent, f"the task names {agent.name}")
        known = ", ".join(agent.name for agent in at_work) or "none"
        remark = f"no agent is called {one_line(named, 60)} (there are: {known})"
        return Choice(usual, f"{remark}; {usual.name} does it")
    title, text = _words(task.title), _words(task.text)
    best, most = usual, (0, 0)
    for agent in at_work:
        hits = (_hits(agent.keywords, title), _hits(agent.keywords, text))
        if hits > most:
            best, most = agent, hits
    return Choice(best, f"the task speaks of what {best.name} does") if any(most) else Choice(usual)


def _words(text: str) -> str:
    """The words of a text, each between blanks, so that looking for whole ones is quick."""
    return f" {' '.join(_WORD.findall(folded(text[:TEXT_MOST])))} "


def _hits(keywords: Iterable[str], words: str) -> int:
    return sum(_wanted(keyword) in words for keyword in keywords)


def _wanted(keyword: str) -> str:
    """What to look for among `_words`: a star at the end stands for any letters."""
    end = "" if keyword.endswith("*") else " "
    return f" {' '.join(_WORD.findall(keyword))}{end}"


# -- reading one


def _agent(name: str, prompt: str, props: Mapping[str, Any]) -> Agent:
    return Agent(
        name,
        prompt,
        _model(props.get("model")),
        _colour(props),
        _list(props, "tools", _GLOB, "names of tools, such as `notes__*`"),
        tuple(
            folded(word)
            for word in _list(props, "keywords", _KEYWORD, "words; a star may stand at the end")
        ),
        _turns(props.get("max_turns")),
        _enabled(props.get("enabled", True)),
    )


def _name(file: str) -> str:
    stem = file.rpartition("/")[2].removesuffix(".md")
    if not _NAME.fullmatch(stem):
        hint = "an agent's name is up to 64 letters, digits, blanks, dots and dashes"
        raise _Wrong("", f"cannot be called {one_line(stem, 40)}: {hint}")
    return stem


def _enabled(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("enabled", f"`enabled` is `true` or `false`, not `{one_line(str(value), 40)}`")
    return value


def _model(value: Any) -> str | None:
    if value in (None, ""):
        return None
    if not isinstance(value, str) or not _MODEL.fullmatch(value):
        raise _Wrong("model", "`model` is one name without blanks, such as `openai/gpt-5-mini`")
    return value


def _colour(props: Mapping[str, Any]) -> str:
    key = "colour" if "colour" in props else "color"
    if key not in props:
        return COLOUR
    found = _HEX.fullmatch(str(props[key] or ""))
    if found is None:
        hint = 'six digits in quotes, such as "#00e5ff" (without quotes a # begins a comment)'
        raise _Wrong(key, f"`{key}` is {hint}")
    return f"#{found[1].lower()}"


def _turns(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= TURNS_MOST:
        raise _Wrong("max_turns", f"`max_turns` is a whole number from 1 to {TURNS_MOST}")
    return value


def _list(props: Mapping[str, Any], key: str, form: re.Pattern[str], what: str) -> tuple[str, ...]:
    """A list, or words with commas between them."""
    value = props.get(key)
    said = value.split(",") if isinstance(value, str) else [] if value is None else value
    if not isinstance(said, list) or len(said) > LIST_MOST:
        raise _Wrong(key, f"`{key}` is a list of up to {LIST_MOST} {what}")
    items = [str(item).strip() for item in said if str(item).strip()]
    for item in items:
        if not form.fullmatch(item):
            raise _Wrong(key, f"`{key}` cannot hold `{one_line(item, 40)}`: it takes {what}")
    return tuple(dict.fromkeys(items))


def _check_names(props: Mapping[str, Any], is_agent: bool) -> None:
    """Refuses a property that is nearly one of ours: it would be left out in silence."""
    for key in props if is_agent else ():
        near = difflib.get_close_matches(key.casefold(), KEYS, n=1, cutoff=0.75)
        if near and key not in (*KEYS, "color"):
            raise _Wrong(
                key, f"no property of an agent is called `{key}`: did you mean `{near[0]}`?"
            )


def _line(data: bytes, key: str) -> int:
    """The line of the note in which a property begins."""
    lines = data.decode(errors="replace").splitlines()
    starts = (f"{key}:", f'"{key}":', f"'{key}':")
    return next((n for n, line in enumerate(lines, 1) if line.startswith(starts)), 1)
