"""A table as text (`.csv`, `.tsv`): how many rows, and the first ones. Formulas are text."""

from __future__ import annotations

from typing import Any

from factotum.reading import cell
from factotum.reading.shape import Bounds, Reading, cut, stem, table
from factotum.reading.text_file import decode

#: The longest field that is shown, in characters; the child sends one more to show the cut.
FIELD_MOST = 200

_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def read(data: bytes, name: str, bounds: Bounds) -> Reading:
    source, guessed = decode(data)
    found = cell.run("table", source.encode(errors="replace"), bounds.text_most, bounds.wait_s)
    if isinstance(found, cell.Broken):
        text, long = cut(source, bounds.text_most, "the text")
        remark = f"the table could not be read: {found.reason}; it is shown as text"
        return Reading("file", stem(name), text, remarks=(*guessed, remark, *long))
    text, long = cut(_words(found), bounds.text_most, "the table")
    return Reading("file", stem(name), text, remarks=guessed + long)


def _words(found: dict[str, Any]) -> str:
    by = _NAMES.get(found["separator"], f"“{found['separator']}”")
    return described(found, f", separated by {by}")


def described(found: dict[str, Any], how: str = "") -> str:
    """How large the table is, and its first rows as Markdown."""
    rows, count, columns = found["rows"], found["count"], found["columns"]
    if not rows:
        return "A table without rows."
    counted = f"{count:,}" if found["whole"] else f"more than {count:,}"
    said = f"A table of {_many(counted, 'row')} with {_many(columns, 'column')}{how}."
    shown = []
    if len(rows) < count:
        shown.append(f"the first {_many(len(rows), 'row')}")
    if (widest := max(map(len, rows))) < columns:
        shown.append(f"the first {_many(widest, 'column')}")
    if shown:
        said += f" Here are {' and '.join(shown)}."
    return f"{said}\n\n{table(rows, FIELD_MOST)}"


def _many(count: int | str, what: str) -> str:
    shown = f"{count:,}" if isinstance(count, int) else count
    return f"{shown} {what}" if shown == "1" else f"{shown} {what}s"
