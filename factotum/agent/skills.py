"""Skills: how a kind of work is done, written down by people, read when it is needed.

The prompt holds a line for each; the text is read by a tool when the work calls for it.
The format is that of Agent Skills: a folder with a SKILL.md, which has a `description` and
a `name` that is the folder's. A plain note with a `description` is a skill too. Nothing
here reads a file. Source: agentskills.io, specification.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from factotum import names
from factotum.agent.persona import cut, prose
from factotum.agent.playbook import Problem as Broken
from factotum.inert import one_line
from factotum.note import NoteError, parse

FOLDER = "Office/Skills"
FILE = "SKILL.md"

#: How many skills the prompt names, and how long all their lines may be, in characters.
LISTED_MOST = 40
INDEX_MOST = 4_000
#: The longest line that a skill gets, in characters.
LINE_MOST = 200
DESCRIPTION_MOST = 1_024
#: How much of a skill is read at once, in characters.
TEXT_MOST = 12_000

#: The tool by which a skill outside the vault is read.
READ_TOOL = "skill__read"
READ_DESCRIPTION = (
    "Read a skill: written instructions for a kind of work. Read the one that fits before you "
    "begin. Takes the name as the list of skills gives it."
)
_HEAD = "Written instructions for kinds of work. When one fits the task, read it before you begin."
_NAME = re.compile(r"[^\W_](?:[\w .-]{0,62}[\w.])?")
_LOOSE = re.compile(r"(?m)^description:[ \t]*([^\s>|].*)$")
_BLOCK = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.M | re.S)


class NoSkill(LookupError):
    """No skill has this name; the message names those that are near, or all."""


@dataclass(frozen=True)
class Skill:
    """`path` is relative to the vault, or absolute for a skill that lies outside it."""

    name: str
    description: str
    path: str
    text: str = field(default="", repr=False)

    @property
    def outside(self) -> bool:
        return self.path.startswith("/")


def load(notes: Iterable[tuple[str, bytes]]) -> tuple[Sequence[Skill], list[Broken]]:
    """The skills among the notes (path, content): those of the vault first, then by path.

    Of two with one name the first is taken. The broken ones are told.
    """
    found: dict[str, Skill] = {}
    broken: list[Broken] = []
    sorted_notes = sorted(notes, key=lambda note: (note[0].startswith("/"), note[0]))
    known = {path for path, _ in sorted_notes}
    for path, data in sorted_notes:
        try:
            skill = _skill(path, data)
        except NoteError as unreadable:
            broken.append(Broken(path, unreadable.line or 1, str(unreadable)))
            continue
        if skill is None:
            continue
        if copy := names.conflict(path, known.__contains__):
            hint = "give it a name of its own if you want both, or delete it"
            message = f"looks like a copy of {copy.base} ({copy.client}): {hint}"
            broken.append(Broken(path, 1, message))
        elif (first := found.setdefault(skill.name.casefold(), skill)) is not skill:
            hint = "give one of them another `name`"
            message = f"is called {skill.name}, as {first.path} is: {hint}"
            broken.append(Broken(path, 1, message))
    return list(found.values()), broken


def index(skills: Sequence[Skill]) -> str:
    """The lines for the prompt: what each skill is for and how it is read. At most
    INDEX_MOST characters, whatever there is; empty where there is none."""
    listed = skills[:LISTED_MOST]
    if not listed:
        return ""
    groups: dict[str, list[Skill]] = {}
    for skill in listed:
        groups.setdefault(_how(skill), []).append(skill)
    more = len(skills) - len(listed)
    frame = [_HEAD, *groups, *([f"({more} more are not listed.)"] if more else [])]
    room = (INDEX_MOST - sum(len(line) + 1 for line in frame)) // len(listed) - 1
    lines = [_HEAD]
    for how, some in groups.items():
        lines += [how, *(_line(skill, min(LINE_MOST, room)) for skill in some)]
    return "\n".join([*lines, *frame[1 + len(groups) :]])


def _how(skill: Skill) -> str:
    if skill.outside:
        return f"Read with {READ_TOOL} NAME:"
    own = "NAME/SKILL.md" if skill.path.endswith(f"/{FILE}") else "NAME.md"
    return f"Read with notes__read {FOLDER}/{own}:"


def _line(skill: Skill, most: int) -> str:
    return one_line(f"- {skill.name}: {skill.description}", most)


def read_skill(skills: Sequence[Skill], name: str) -> str:
    """The text of a skill, at most TEXT_MOST characters. Raises NoSkill."""
    wanted = name.strip().casefold()
    for skill in skills:
        if skill.name.casefold() == wanted:
            return f"Skill {skill.name}, from {skill.path}\n\n{skill.text}"[:TEXT_MOST]
    known = ", ".join(skill.name for skill in skills[:LISTED_MOST])
    raise NoSkill(f"no skill is called {one_line(name, 64)}; there are: {known or 'none'}")


# -- reading one


def _skill(path: str, data: bytes) -> Skill | None:
    """The skill in a note, None for a plain note without a description. Raises NoteError."""
    folder, _, file = path.rpartition("/")
    is_folder = file == FILE
    props, body = _parts(data, is_folder)
    description = _one(props.get("description"))
    if not description:
        if is_folder:
            raise NoteError("has no `description`: write in one line what it is for, and when")
        return None
    name = folder.rpartition("/")[2] if is_folder else file.removesuffix(".md")
    if not _NAME.fullmatch(name):
        hint = "a skill's name is up to 64 letters, digits, dots and dashes"
        raise NoteError(f"cannot be called {one_line(name, 40)}: {hint}")
    room = TEXT_MOST - len(path) - len(name) - 20
    text = cut(body.strip(), room, f"open {path}") if is_folder else prose(body, path, room)
    return Skill(name, description, path, text)


def _parts(data: bytes, lenient: bool) -> tuple[Mapping[str, Any], str]:
    """Properties and body. Other agents' skills are often no strict YAML (a colon in a
    description): of those only the line that counts is read."""
    try:
        note = parse(data)
    except NoteError as broken:
        text = data[: 4 * TEXT_MOST].decode(errors="replace")
        block = _BLOCK.match(text) if lenient and broken.line else None
        loose = _LOOSE.search(block[1]) if block else None
        if loose is None:
            raise
        return {"description": loose[1].strip(" \"'")}, broken.body
    return note.props, note.body


def _one(value: Any) -> str:
    return one_line(value, DESCRIPTION_MOST) if isinstance(value, str) else ""
