"""The names in braces of a playbook, and how they get their values from a task.

A text is cut into pieces when the playbook is loaded; a value is put between the pieces
and never looked at again, so nothing that a stranger wrote can become a name, a key or
another call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from factotum.agent.playbook_block import BlockError, Node, nearest
from factotum.model import Task

#: Names whose values no outsider wrote.
OWN = ("date", "today", "me", "task", "answer")
#: The longest value on one line, in characters: a subject must still fit into a header.
LINE_MOST = 200

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ID = re.compile(r"<[^<>\s@]{1,300}@[^<>\s@]{1,300}>")
_ANSWERING = re.compile(
    r"(?:(?:re|aw|sv|vs|antw|r|i|fwd?|wg|tr|rv|res|enc)(?:\[\d{1,3}\])?\s{0,3}:\s{0,3})+",
    re.IGNORECASE,
)
_TITLES = {"dr", "prof", "mr", "mrs", "ms", "herr", "frau", "sig", "sig.ra", "m", "mme"}
_GIVEN = re.compile(r"[^\W\d_][\w'\u2019-]*")


class Lacking(Exception):
    """A name has no value; `question` is what to ask the owner."""

    def __init__(self, name: str, question: str) -> None:
        super().__init__(question)
        self.name = name
        self.question = question


@dataclass(frozen=True)
class Slot:
    """The place of a name in a text."""

    name: str


@dataclass(frozen=True)
class Template:
    """A text in pieces: what stands there literally, and slots."""

    pieces: tuple[str | Slot, ...]

    @property
    def names(self) -> set[str]:
        return {piece.name for piece in self.pieces if isinstance(piece, Slot)}


#: An argument as the playbook gives it: texts are templates, the structure is fixed.
Form = Template | int | bool | tuple["Form", ...] | dict[str, "Form"]


@dataclass(frozen=True)
class Facts:
    """Where values come from; `shown` is done to each that an outsider may have written."""

    task: Task
    me: str
    today: date
    shown: Callable[[str], str] = str


@dataclass(frozen=True)
class Name:
    """A name: what it stands for, its value (None: there is none), what to ask then.

    Without a question it may stay empty. `lines`: it may have more than one line.
    """

    meaning: str
    value: Callable[[Facts], str | tuple[str, ...] | None]
    question: str = ""
    lines: bool = False


def _subject(facts: Facts) -> str:
    said = one_line(str(facts.task.properties.get("subject") or facts.task.title))
    return _ANSWERING.sub("", said, count=1) if _ANSWERING.match(said) else said


def _first_name(facts: Facts) -> str | None:
    """The given name out of `Ada Rossi`, `Rossi, Ada` or `Dr. Ada Rossi`."""
    last, comma, first = one_line(facts.task.sender_name).partition(",")
    for word in (first if comma else last).split():
        if word.rstrip(".").casefold() not in _TITLES:
            return word if _GIVEN.fullmatch(word) else None
    return None


def _date(facts: Facts) -> str:
    received = facts.task.received
    return (received.date() if received else facts.today).isoformat()


def _message_id(facts: Facts) -> str:
    """Only a well-formed one: a broken one could not stand in the header of an answer."""
    said = str(facts.task.properties.get("message_id") or "")
    return said if _ID.fullmatch(said) else ""


def _references(facts: Facts) -> str:
    said = facts.task.properties.get("references") or ""
    return " ".join(_ID.findall(said if isinstance(said, str) else " ".join(map(str, said))))


NAMES: dict[str, Name] = {
    "from": Name(
        "the address of who wrote it",
        lambda f: f.task.sender,
        "Who shall get it? Write the address.",
    ),
    "from_name": Name(
        "their name, or their address if they gave none",
        lambda f: f.task.sender_name or f.task.sender,
        "What is the name of the person this came from?",
    ),
    "first_name": Name(
        "their first name", _first_name, "What is the first name of the person this came from?"
    ),
    "subject": Name("the subject, without `Re:` or `Fwd:` in front", _subject, "What is it about?"),
    "title": Name("the title of the task", lambda f: f.task.title, "What shall the title be?"),
    "text": Name("the text that came", lambda f: f.task.text, lines=True),
    "date": Name("the day it came, as 2026-11-21", _date),
    "today": Name("today, as 2026-11-21", lambda f: f.today.isoformat()),
    "attachments": Name(
        "the files that came; alone in an argument it is the list, inside a text their names",
        lambda f: tuple(file.name for file in f.task.attachments),
    ),
    "message_id": Name("the mail's Message-ID, so that an answer stays in its thread", _message_id),
    "references": Name("the Message-IDs of the thread before it", _references),
    "me": Name("your own address", lambda f: f.me, "What is your own address?"),
    "task": Name("the id of the task", lambda f: f.task.id),
    "answer": Name(
        "what you answered to the playbook's own `ask_owner`", lambda f: None, "?", lines=True
    ),
}


def one_line(text: str) -> str:
    """The text on one line, no longer than a header takes."""
    line = " ".join(_UNSEEN.sub(" ", text[: LINE_MOST * 8]).split())
    return line if len(line) <= LINE_MOST else line[: LINE_MOST - 1] + "\u2026"


def _lines(text: str) -> str:
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def value(name: str, facts: Facts) -> str | list[str]:
    """What a name stands for. Raises Lacking when only the owner can say."""
    rule = NAMES[name]
    answered = facts.task.answers.get(name, "").strip()
    found = answered or rule.value(facts)
    shown = str if name in OWN or answered else facts.shown
    if isinstance(found, tuple):
        return [shown(one_line(one)) for one in found]
    text = (_lines if rule.lines else one_line)(found or "")
    if not text.strip() and rule.question:
        raise Lacking(name, rule.question)
    return shown(text)


def template(text: str, line: int) -> Template:
    """Cuts a text at its names; `{{` and `}}` are braces. Raises BlockError."""
    pieces: list[str | Slot] = []
    at = 0
    for found in _PIECE.finditer(text):
        pieces.append(text[at : found.start()])
        at = found.end()
        if found[0] in ("{{", "}}"):
            pieces.append(found[0][0])
        elif found[1] is None:
            raise BlockError(f"a single `{found[0]}`: write `{found[0] * 2}` for a brace", line)
        elif found[1].strip() not in NAMES:
            said = found[1].strip()
            raise BlockError(f"no name is called `{{{said}}}`: {nearest(said, NAMES)}", line)
        else:
            pieces.append(Slot(found[1].strip()))
    pieces.append(text[at:])
    return Template(tuple(piece for piece in pieces if piece))


def form(node: Node) -> Form:
    """The arguments of a call with every text cut into pieces. Raises BlockError."""
    if isinstance(node.value, str):
        return template(node.value, node.line)
    if isinstance(node.value, tuple):
        return tuple(form(child) for child in node.value)
    if isinstance(node.value, dict):
        if len(node.value) == 1 and (said := next(iter(node.value))) in NAMES:
            raise BlockError(f'put a name that stands first in quotes: "{{{said}}}"', node.line)
        return {key: form(child) for key, child in node.value.items()}
    return node.value


def names_in(form: Form) -> set[str]:
    """Every name that stands anywhere in the arguments."""
    if isinstance(form, Template):
        return form.names
    if isinstance(form, tuple):
        return {name for child in form for name in names_in(child)}
    if isinstance(form, dict):
        return {name for child in form.values() for name in names_in(child)}
    return set()


def text_of(template: Template, facts: Facts) -> str:
    """The text with every name filled in, once."""
    return "".join(_shown(piece, facts) for piece in template.pieces)


def _shown(piece: str | Slot, facts: Facts) -> str:
    if isinstance(piece, str):
        return piece
    found = value(piece.name, facts)
    return ", ".join(found) if isinstance(found, list) else found


def filled(form: Form, facts: Facts) -> Any:
    """The argument with its values. A list that stands alone stays one; in a list it joins."""
    if isinstance(form, Template):
        if len(form.pieces) == 1 and isinstance(form.pieces[0], Slot):
            return value(form.pieces[0].name, facts)
        return text_of(form, facts)
    if isinstance(form, tuple):
        items: list[Any] = []
        for child in form:
            got = filled(child, facts)
            items += got if isinstance(got, list) and isinstance(child, Template) else [got]
        return items
    if isinstance(form, dict):
        return {key: filled(child, facts) for key, child in form.items()}
    return form


def arguments(forms: Mapping[str, Form], facts: Facts) -> dict[str, Any]:
    return {key: filled(form, facts) for key, form in forms.items()}
