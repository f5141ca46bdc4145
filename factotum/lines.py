"""How two texts differ, line by line, with work that grows no faster than the texts.

Only what lies between the first and the last line that differ is compared, and that exactly
only while it is short. Pure: lines in, lines out.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

#: More lines than these are not matched with each other: the time for it grows by their
#: square, and for a text made to be slow by more. They count as all taken out or put in.
COMPARED_MOST_LINES = 200

_WHERE = re.compile(r"^@@ -(\d+)(,\d+)? \+(\d+)(,\d+)? @@")


def differing(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines a person must look at to see what changed."""
    begin, end = _alike(old, new)
    old, new = old[begin : len(old) - end], new[begin : len(new) - end]
    if max(len(old), len(new)) > COMPARED_MOST_LINES:
        return max(len(old), len(new))
    changes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return sum(max(b2 - b1, a2 - a1) for tag, b1, b2, a1, a2 in changes if tag != "equal")


def unified(old: Sequence[str], new: Sequence[str], context: int) -> list[str]:
    """The rows of a unified difference without its two lines of names, with `context` lines
    round each change; empty if there is none."""
    begin, end = _alike(old, new)
    if begin == len(old) == len(new):
        return []
    before, after = min(begin, context), min(end, context)
    top = begin - before
    old = old[top : len(old) - end + after]
    new = new[top : len(new) - end + after]
    if max(len(old), len(new)) - before - after > COMPARED_MOST_LINES:
        rows = [f" {line}" for line in old[:before]]
        rows += [f"-{line}" for line in old[before : len(old) - after]]
        rows += [f"+{line}" for line in new[before : len(new) - after]]
        rows += [f" {line}" for line in old[len(old) - after :]]
        return [f"@@ -{top + 1},{len(old)} +{top + 1},{len(new)} @@", *rows]
    found = list(difflib.unified_diff(old, new, n=context, lineterm=""))[2:]
    return [_moved(row, top) for row in found]


def _moved(row: str, lines: int) -> str:
    """A row that says where a change stands, as it is so many lines further down."""
    found = _WHERE.match(row)
    if not found:
        return row
    was, was_long, now, now_long = found.groups(default="")
    return f"@@ -{int(was) + lines}{was_long} +{int(now) + lines}{now_long} @@"


def _alike(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many lines the two begin with alike, and how many of the rest they end with."""
    shorter = min(len(old), len(new))
    begin = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    rest = range(1, shorter - begin + 1)
    end = next((n - 1 for n in rest if old[-n] != new[-n]), shorter - begin)
    return begin, end
