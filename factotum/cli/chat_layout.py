"""How a line that is typed lies on a screen: in rows, with the cursor in one of them. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

TAB = "    "
#: Stands where there is more than is shown.
MORE = "…"


@dataclass(frozen=True)
class Laid:
    """`row` and `column` are where the cursor is, from 0 on; `widths` how wide each row is."""

    rows: tuple[str, ...]
    widths: tuple[int, ...]
    row: int
    column: int


def width(char: str) -> int:
    """How many columns a sign takes. Source: Unicode, UAX 11."""
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def lay_out(prompt: str, text: str, cursor: int, columns: int, rows_most: int) -> Laid:
    """The prompt and the text behind it, in rows of fewer than `columns`, so that a terminal
    breaks none of them itself; of more than `rows_most` those round the cursor."""
    room = max(4, columns - 1)
    around = room * rows_most
    start = max(0, cursor - around) if len(text) > 2 * around else 0
    shown = (MORE if start else prompt) + text[start : cursor + around]
    at = cursor - start + (1 if start else len(prompt))
    rows, widths, here = [""], [0], (0, 0)
    for n, char in enumerate(shown):
        if n == at:
            here = (len(rows) - 1, widths[-1])
        drawn = TAB if char == "\t" else char
        wide = sum(map(width, drawn))
        if char == "\n" or widths[-1] + wide > room:
            rows.append("")
            widths.append(0)
            if n == at and char != "\n":
                here = (len(rows) - 1, 0)
        if char != "\n":
            rows[-1] += drawn
            widths[-1] += wide
    if at >= len(shown):
        here = (len(rows) - 1, widths[-1])
    first = max(0, min(here[0] - rows_most // 2, len(rows) - rows_most))
    last = first + rows_most
    if first and here[0] > first:
        rows[first], widths[first] = MORE, 1
    return Laid(tuple(rows[first:last]), tuple(widths[first:last]), here[0] - first, here[1])
