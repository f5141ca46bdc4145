"""A table on a phone: in columns where it is narrow, else one row after another."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from factotum.channels.words import Words

#: So many columns of letters of equal width fit on a phone.
NARROW = 34
_BETWEEN = "  "

Row = Sequence[Words]


def table(head: Row, rows: Sequence[Row], right: Sequence[bool]) -> Words:
    """The table in words; `right` says of each column whether its text stands at the right."""
    widths = [max(map(_width, column)) for column in zip(head, *rows, strict=True)]
    if sum(widths) + len(_BETWEEN) * (len(widths) - 1) > NARROW or _has_breaks([head, *rows]):
        return _one_by_one(head, rows)
    ruler = Words.of("─" * (sum(widths) + len(_BETWEEN) * (len(widths) - 1)))
    shown = [_aligned(row, widths, right) for row in (head, *rows)]
    return Words.pre(Words.join("\n", [shown[0], ruler, *shown[1:]]))


def _aligned(row: Row, widths: Sequence[int], right: Sequence[bool]) -> Words:
    cells = []
    for cell, width, at_right in zip(row, widths, right, strict=True):
        blank = " " * (width - _width(cell))
        cells.append(blank + cell.text if at_right else cell.text + blank)
    return Words.of(_BETWEEN.join(cells).rstrip())


def _one_by_one(head: Row, rows: Sequence[Row]) -> Words:
    if not rows:
        return Words.bold(Words.join(" · ", head))
    blocks = [_block(head, row) for row in rows]
    return Words.join("\n" if len(head) <= 2 else "\n\n", [one for one in blocks if one])


def _block(head: Row, row: Row) -> Words:
    """“Name: value” of each cell that says something, below the first one in bold."""
    title, cells = Words.bold(row[0]), list(zip(head[1:], row[1:], strict=True))
    if len(cells) == 1 and row[0] and row[1]:
        return title + ": " + row[1]
    said = [name + ": " + cell if name else cell for name, cell in cells if cell]
    return Words.join("\n", [title, *said] if title else said)


def _has_breaks(rows: Sequence[Row]) -> bool:
    return any("\n" in cell.text for row in rows for cell in row)


def _width(cell: Words) -> int:
    return sum(_columns(char) for char in cell.text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
