"""The tools that need no server: one table of what the agent is told of each.

The descriptions are the prompt. Each schema is closed: what it does not name is an error.
What the tools do is elsewhere: `notebook.py` for notes and memory, the run itself for
`finish`, `ask_owner`, `plan` and `delegate`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from factotum.agent import skills
from factotum.model import Call
from factotum.tooling.tools import Tool, misfits

#: The tool for schedules, and what the gate sees in its place when it lists or removes; no
#: model can name those. `scheduling.py` knows what they do.
SCHEDULE = "schedule"
SCHEDULE_LIST, SCHEDULE_REMOVE = "schedule__list", "schedule__remove"

#: The tool by which the owner is told something on a channel; `messaging.py` knows how.
MESSAGE = "message__send"

#: The folders in which a note may be written without asking.
OWN_FOLDERS = ("Drafts", "Briefings", "Plans")

#: The most characters of one thing that is remembered, and of what it is about.
REMEMBERED_MOST_CHARS = 4000
ABOUT_MOST_CHARS = 120

#: The longest text of a note that is written at once, in characters: half an hour's reading.
WRITTEN_MOST_CHARS = 60_000
#: The longest passage that is put into a note at once; a longer one nobody would read on a
#: card.
PASSAGE_MOST_CHARS = 20_000


def _text(meaning: str, most: int = 1000, *, empty: bool = False) -> dict[str, Any]:
    least = {} if empty else {"minLength": 1}
    return {"type": "string", "description": meaning, **least, "maxLength": most}


def _number(meaning: str, least: int, most: int) -> dict[str, Any]:
    return {"type": "integer", "description": meaning, "minimum": least, "maximum": most}


def _list(meaning: str, items: Mapping[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "description": meaning, "items": items, "maxItems": most}


def _choice(meaning: str, words: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "string", "description": meaning, "enum": list(words)}


def _tool(name: str, description: str, args: Mapping[str, Any], *optional: str) -> Tool:
    """A tool with these arguments, all needed but the `optional` ones."""
    schema = {
        "type": "object",
        "properties": dict(args),
        "required": [arg for arg in args if arg not in optional],
        "additionalProperties": False,
    }
    told = {"name": name, "description": description, "schema": schema}
    exact = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return Tool(name, description, schema, hashlib.sha256(exact.encode()).hexdigest())


_SHORT = {"type": "string", "minLength": 1, "maxLength": 200}
_COUNT = {"type": "integer", "minimum": 1, "maximum": 99}
_NOTE = _text("The note's path as notes__search gives it, such as 'Projects/Bianchi.md'.", 500)

_ALL = (
    _tool(
        "finish",
        "Ends the task. Call it once, when all is done that can be done. The receipts of what "
        "was really done are added by themselves; say what came of it, what was left undone, "
        "and why.",
        {"summary": _text("Two or three sentences for the owner.", 4000)},
    ),
    _tool(
        "ask_owner",
        "Asks the owner one question and waits for the answer. Ask when only the owner can know "
        "it or must choose; do not ask for leave to act, that is asked by itself.",
        {
            "question": _text("One question that can be answered without looking anything up."),
            "choices": _list("Answers to choose from, if there are a few.", _SHORT, 8),
        },
        "choices",
    ),
    _tool(
        "plan",
        "Keeps a list of steps that the owner can read and change. Use it for work of more than "
        "a few steps. Steps that stand there already are left alone. Example: "
        '{"steps": ["Read the offer", "Draft the answer"], "done": [1]}',
        {
            "steps": _list("Steps to add, each a short sentence.", _SHORT, 30),
            "done": _list("Numbers of the steps that are done, from 1.", _COUNT, 99),
        },
        "steps",
        "done",
    ),
    _tool(
        "delegate",
        "Hands a part of the work to another task and waits for what comes of it. Say all that "
        "is needed to do it: the other one sees this text and nothing else.",
        {
            "task": _text("What to do, and what to bring back.", 8000),
            "title": _text("A few words that name it.", 120),
            "agent": _text("The name of the agent that shall do it.", 80),
        },
        "agent",
    ),
    _tool(
        MESSAGE,
        "Tells the owner something at once, on their phone; nobody else is ever reached. For what "
        "cannot wait till the end: a result half-way, bad news, a file they asked for. What is "
        "said in finish they are told anyway. Markdown is shown.",
        {
            "text": _text("What to tell, short: it is read on a phone.", 3500),
            "files": _list(
                "Files to send along: those that came with the task, by name, and notes that you "
                "wrote in it, as [[links]].",
                {**_SHORT, "maxLength": 500},
                5,
            ),
        },
        "files",
    ),
    _tool(
        SCHEDULE,
        "Work that comes again, or once later. add: give name, message and exactly one of at, "
        "every and cron; in mode reminder the owner is only shown the message, in mode task "
        "it is done each time. list tells what there is. remove takes one away by its name. "
        'Example: {"action": "add", "name": "Water the plants", "message": "Water the plants", '
        '"cron": "0 9 * * *", "mode": "reminder"}',
        {
            "action": _choice("What to do.", ("add", "list", "remove")),
            "name": _text("A few words that name it.", 120),
            "message": _text("What shall be done, or told, each time.", 8000),
            "at": _text("Once: '2026-12-24T09:00', 'tomorrow 9' or 'in 20 minutes'.", 60),
            "every": _text("Every so often: '20 min', '2 h' or a number of seconds.", 60),
            "cron": _text("Minute, hour, day, month, weekday, as '0 9 * * 1-5'.", 100),
            "timezone": _text("Such as 'Europe/Berlin'; the owner's own if left out.", 60),
            "mode": _choice("task if left out.", ("task", "reminder")),
        },
        "name",
        "message",
        "at",
        "every",
        "cron",
        "timezone",
        "mode",
    ),
    _tool(
        "notes__search",
        "Finds notes by their words, best first, with the passage that fits. Words need not be "
        "in order; the beginning of a word is enough. An empty query lists the newest notes.",
        {
            "query": _text("A few words, such as 'bianchi invoice'.", empty=True),
            "folder": _text("Only below this folder, such as 'Office/Contacts'.", 300),
            "limit": _number("How many notes at most; 8 if left out.", 1, 20),
        },
        "folder",
        "limit",
    ),
    _tool(
        "notes__read",
        "Reads a note, or a part of a long one.",
        {
            "note": _text("Its path, its name, or a [[link]] to it.", 500),
            "from_line": _number("The first line to read, from 1.", 1, 10_000_000),
            "lines": _number("How many lines.", 1, 100_000),
        },
        "from_line",
        "lines",
    ),
    _tool(
        "notes__write",
        "Writes a new note: a draft, a briefing, a plan. It changes no note that exists.",
        {
            "folder": {"type": "string", "enum": list(OWN_FOLDERS), "description": "Where."},
            "title": _text("What the note is called.", 200),
            "text": _text("The note, as Markdown.", WRITTEN_MOST_CHARS),
        },
    ),
    _tool(
        "notes__change",
        "Changes one passage of a note that exists; the owner sees the difference and decides. "
        "Read the note first. `find` must stand in it exactly once, letter for letter: take in "
        "a whole line, or more of them. An empty `find` adds `replace` at the end.",
        {
            "note": _NOTE,
            "find": _text(
                "The passage to replace, exactly as it is.", PASSAGE_MOST_CHARS, empty=True
            ),
            "replace": _text("What shall stand there.", PASSAGE_MOST_CHARS, empty=True),
        },
    ),
    _tool(
        "remember",
        "Keeps one fact for later tasks: a preference, a decision, how something is done. Not "
        "what stands in a note already, no passwords, nothing that is over tomorrow.",
        {
            "text": _text(
                "The fact, so that it is clear without this task.", REMEMBERED_MOST_CHARS
            ),
            "about": _text("Whom or what it is about, such as 'Studio Bianchi'.", ABOUT_MOST_CHARS),
            "sources": _list("Notes that it comes from.", {**_SHORT, "maxLength": 500}, 10),
        },
        "sources",
    ),
    _tool(
        "recall",
        "Finds what was remembered earlier. What fits this task best is told to you at its "
        "beginning already.",
        {"query": _text("A few words.", empty=True)},
    ),
    _tool(
        "forget",
        "Takes one thing that was remembered away, because it is wrong or over; the owner "
        "decides. It is put into the trash, not deleted.",
        {
            "note": _text("Its path, such as 'Office/Memory/ada-rossi_k3x9q2.md'.", 500),
            "why": _text("One sentence for the owner.", 300),
        },
    ),
    _tool(skills.READ_TOOL, skills.READ_DESCRIPTION, {"name": _text("The skill's name.", 100)}),
)

TOOLS: dict[str, Tool] = {tool.name: tool for tool in _ALL}

#: Characters that a file is not to hold, and no person can see: all that are made for
#: machines but the ends of lines and tabs.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


#: What only an undo does to notes; no model and no playbook can call it.
UNDOING = ("notes__unwrite", "notes__bring_back")


def is_local(tool: str) -> bool:
    return tool in TOOLS or tool in UNDOING or tool in (SCHEDULE_LIST, SCHEDULE_REMOVE)


def offered() -> list[Tool]:
    """The built-in tools as the model sees them."""
    return list(TOOLS.values())


def check(call: Call) -> list[str]:
    """What is wrong with a call of a local tool, in words; empty if nothing is."""
    if call.tool in UNDOING:
        return [f"{call.tool}: only factotum undo does this"]
    odd = [name for name, value in call.args.items() if _holds_control(value)]
    problems = [
        f"{call.tool}: {name} holds control characters, such as NUL; leave them out" for name in odd
    ]
    if call.tool in TOOLS:
        problems = problems or misfits(TOOLS[call.tool], call.args)
    if problems or call.tool not in (MESSAGE, SCHEDULE, SCHEDULE_REMOVE):
        return problems
    if call.tool == MESSAGE:
        from factotum.worker import messaging  # it knows this table

        return messaging.problems(call)
    from factotum.worker import scheduling  # with all that reads times; few calls need it

    return scheduling.problems(call)


def _holds_control(value: Any) -> bool:
    match value:
        case str():
            return _CONTROL.search(value) is not None
        case list():
            return any(map(_holds_control, value))
        case _:
            return False  # the schemas take nothing that is nested deeper
