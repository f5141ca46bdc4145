"""How what is said lies on a screen: broken between words, below where its line begins. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from factotum.cli.chat_layout import width

#: What a line begins with that those below it stand under, or after which they are indented.
_BEGIN = re.compile(r"( *)(?:([•·\-*–] |\d{1,3}[.)] )|(factotum> ))?")
#: What stays in one piece where it fits in a row: a command with what belongs to it, a choice,
#: a word.
_PIECE = re.compile(r"factotum [a-z]+(?: [at]-[0-9a-z]+)?\S*|\[\d+\] \S+|\S+")
#: Room that a row has at least beside its indent, in columns.
LEAST = 8


def wrap(text: str, columns: int) -> str:
    """The lines of a text in rows of fewer than `columns`. What has no space in it, such as a
    link, stays whole, and the terminal breaks it where it is longer than a row."""
    return "\n".join(row for line in text.split("\n") for row in _rows(line, columns - 1))


def columns_of(text: str) -> int:
    return sum(map(width, text))


def _rows(line: str, room: int) -> Iterator[str]:
    if columns_of(line) <= room:
        yield line
        return
    begin = _BEGIN.match(line)
    assert begin is not None
    indent = " " * (columns_of(begin[1] + (begin[2] or "")) + (2 if begin[3] else 0))
    if room - len(indent) < LEAST:
        indent = ""
    row, at = begin[0], columns_of(begin[0])
    bare = True  # nothing of the line stands in the row yet
    for gap, piece in _pieces(line[begin.end() :], room - len(indent)):
        wide = columns_of(piece)
        if not bare and at + columns_of(gap) + wide > room:
            yield row.rstrip()
            row, at, gap = indent, len(indent), ""
        row, at, bare = row + gap + piece, at + columns_of(gap) + wide, False
    yield row


def _pieces(text: str, most: int) -> Iterator[tuple[str, str]]:
    """What is not to be broken, each with the space before it. Wide signs stand each for itself,
    as in a script that puts no spaces between words."""
    end = 0
    for found in _PIECE.finditer(text):
        gap, end = text[end : found.start()], found.end()
        whole = found[0] if columns_of(found[0]) <= most else ""
        for piece in [whole] if whole else _apart(found[0]):
            yield gap, piece
            gap = ""


def _apart(text: str) -> Iterator[str]:
    """A piece that is too long for a row, where it may be broken."""
    for part in re.split(r"(?<=\s)", text):
        gathered = ""
        for char in part:
            if width(char) == 2:
                if gathered:
                    yield gathered
                yield char
                gathered = ""
            else:
                gathered += char
        if gathered:
            yield gathered
