"""How two texts differ, line by line, with work that grows no faster than the texts.

Only what lies between the first and the last line that differ is compared, and that exactly
only while it is short. Pure: lines in, lines out.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

#: More lines than these are not matched with each other: the time for it grows by their
#: square, and for a text made to be slow by more. They count as all taken out or put in.
COMPARED_MOST_LINES = 200

#: How many rows of a difference are shown where there is little room.
SHOWN_ROWS = 12
#: A line that changed is shown whole if it is no longer, in characters; of a longer one, so
#: many words round what changed.
WHOLE_CHARS, WORDS_ROUND = 80, 4

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


def differences(was: str, now: str, most: int = SHOWN_ROWS) -> list[tuple[str, str]]:
    """What changed, as rows to be read: ("-", what stood there), ("+", what stands there now),
    and as the last of `most` ("…", how many rows more there are). Of a long line only the words
    that changed are shown, with some round them. Lines without words are not shown."""
    old, new = was.rstrip().split("\n"), now.rstrip().split("\n")
    begin, end = _alike(old, new)
    old, new = old[begin : len(old) - end], new[begin : len(new) - end]
    blocks = [(old, new)]
    if max(len(old), len(new)) <= COMPARED_MOST_LINES:
        changes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        blocks = [(old[a1:a2], new[b1:b2]) for tag, a1, a2, b1, b2 in changes if tag != "equal"]
    rows = [row for block in blocks for row in _pairs(*block) if row[1].strip()]
    if len(rows) <= most:
        return rows
    left = len(rows) - most + 1
    return [*rows[: most - 1], ("…", f"{left} more lines of the change")]


def _pairs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each old line with the new one in its place, as far as there is one."""
    for before, after in zip_longest(old, new):
        if before is not None and after is not None:
            before, after = _where_it_differs(before, after)
        if before is not None:
            yield "-", before
        if after is not None:
            yield "+", after


def _where_it_differs(before: str, after: str) -> tuple[str, str]:
    """Two lines without the words with which both begin and end, where they are long."""
    old, new = before.split(), after.split()
    if max(len(before), len(after)) <= WHOLE_CHARS or old == new:
        return before, after
    begin, end = _alike(old, new)
    first, last = max(0, begin - WORDS_ROUND), max(0, end - WORDS_ROUND)

    def cut(words: Sequence[str]) -> str:
        shown = " ".join(words[first : len(words) - last])
        return f"{'… ' * (first > 0)}{shown}{' …' * (last > 0)}"

    return cut(old), cut(new)


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
