"""Who works here, for whom and by which rules: what of people's notes a model is told.

Text in, text out. What a person hid from view, wrote for people, or left unfilled is not
sent, and no note can make a prompt long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from factotum.agent.playbook import Problem as Broken
from factotum.inert import one_line, visible
from factotum.note import NoteError, parse

#: The most of one note that goes into a prompt, in characters.
PART_MOST = 4_000

#: How much of one note is looked at, in characters.
READ_MOST = 256 * 1024

#: The notes by the field of a Persona that holds their prose.
NOTES = {
    "soul": "SOUL.md",
    "user": "USER.md",
    "handbook": "Company_Handbook.md",
    "guide": "AGENTS.md",
}

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^`]*)")
#: A block that our own code reads: `yaml policy`, `yaml private`. A plain `yaml` is text.
_FOR_CODE = re.compile(r"yaml[ \t]+\w", re.I)
#: A callout for whoever opens the note. No kind of Obsidian's own is called so.
_FOR_PEOPLE = re.compile(r"> ?\[!about\]", re.I)
_HEADING = re.compile(r"(#{1,6})[ \t]")
#: `-`, `2.`, `- [ ]`, `- Name:`: an item of a list, and perhaps what it asks for.
_UNFILLED = re.compile(r"(?:[-*+]|\d{1,3}[.)])(?:[ \t]+\[ \])?(?:[ \t]+[^:]{1,60}:)?")
UNFILLED_MOST = 80
_COMMENTS = {"<!--": "-->", "%%": "%%"}
_MARKS = re.compile("(<!--|-->|%%)")
#: Letters of some scripts and the parts of one emoji are joined by these.
_JOINERS = re.compile("([\u200c\u200d])")


@dataclass(frozen=True)
class Persona:
    """The prose of the four notes; empty where there is none."""

    soul: str = ""
    user: str = ""
    handbook: str = ""
    guide: str = ""


def load(notes: Iterable[tuple[str, bytes]]) -> tuple[Persona, list[Broken]]:
    """The persona out of the notes of these names that are there, and the broken ones."""
    there: Mapping[str, bytes] = dict(notes)
    found, broken = {}, []
    for field, name in NOTES.items():
        if name in there:
            try:
                found[field] = prose(parse(there[name]).body, f"notes__read {name}")
            except NoteError as unreadable:
                broken.append(Broken(name, unreadable.line or 1, str(unreadable)))
    return Persona(**found), broken


def prose(text: str, rest: str, most: int = PART_MOST) -> str:
    """What a model is told of the text of a person's note, at most `most` characters.

    Left out are comments, callouts of the kind `about`, blocks for our own code,
    list items that nobody filled in, and headings with nothing below. `rest` says how the
    rest of a long note is read.
    """
    lines = _without_asides(_without_comments(text[:READ_MOST]))
    filled = "\n".join(_filled(list(lines)))
    return cut(re.sub(r"\n{3,}", "\n\n", filled).strip(), most, rest, len(text))


def cut(text: str, most: int, rest: str, whole: int = 0) -> str:
    """The first `most` characters at the most, as `seen`; where that is not all, it says so
    and how the rest is read. `whole` is the length of what `text` was made of."""
    shown = seen(text[:most])
    if max(len(text), len(shown)) <= most and whole <= READ_MOST:
        return shown
    remark = f"\n[Cut here, {max(whole, len(text)):,} characters in all. The rest: {rest}]"
    return shown[: most - len(remark)].rstrip() + remark if most > len(remark) else shown[:most]


def seen(text: str) -> str:
    """The owner's text with hidden characters written out, all but those that join letters."""
    parts = _JOINERS.split(text)
    return "".join(part if part in {"\u200c", "\u200d"} else visible(part) for part in parts)


def line(text: str, most: int) -> str:
    """One line of at most `most` characters, however long the text is."""
    return one_line(text[: 8 * most], most)


def _without_comments(text: str) -> Iterator[str]:
    """The lines without `<!-- -->` and `%% %%`. In a fence, those are no comments; one that
    is not closed hides the rest, as it does in Obsidian."""
    fence = closing = ""
    for line in text.split("\n"):
        mark = None if closing else _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not mark[2].strip():
            fence = ""
        elif not fence:
            whole = line
            line, closing = _uncovered(line, closing)
            if line != whole and not line.strip():
                continue
        yield line


def _uncovered(line: str, closing: str) -> tuple[str, str]:
    """The line without what is in comments, and what closes the one that is open at its end."""
    kept = []
    for piece in _MARKS.split(line):
        if closing:
            closing = "" if piece == closing else closing
        elif piece in _COMMENTS:
            closing = _COMMENTS[piece]
        else:
            kept.append(piece)
    return "".join(kept), closing


def _without_asides(lines: Iterable[str]) -> Iterator[str]:
    """The lines without callouts for people and without blocks for our own code."""
    fence, drop, aside = "", False, False
    for line in lines:
        mark = _FENCE.match(line)
        if fence:
            if not drop:
                yield line
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
            continue
        aside = bool(_FOR_PEOPLE.match(line)) or (aside and line.startswith(">"))
        if aside:
            continue
        if mark:
            fence, drop = mark[1], bool(_FOR_CODE.match(mark[2]))
        if not (mark and drop):
            yield line


def _filled(lines: list[str]) -> list[str]:
    """The lines without items that hold nothing and headings with nothing below them."""
    kept: list[str] = []
    below = ""  # the next line that stays and holds something
    for line in reversed(lines):
        heading = _HEADING.match(line)
        if heading:
            under = _HEADING.match(below)
            empty = not below or (under is not None and len(under[1]) <= len(heading[1]))
        else:
            empty = _holds_nothing(line.strip()) and _indent(below) <= _indent(line)
        if empty:
            continue
        kept.append(line)
        below = line if line.strip() else below
    return kept[::-1]


def _holds_nothing(item: str) -> bool:
    return len(item) <= UNFILLED_MOST and _UNFILLED.fullmatch(item) is not None


def _indent(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
