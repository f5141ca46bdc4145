"""What of HEARTBEAT.md is work, and when an answer says that there is none. Pure: text in."""

from __future__ import annotations

import re

from factotum.worker.mentions import live

#: The fact by which the task of a heartbeat is known.
FACT = "heartbeat"
#: Where the ledger keeps whether there is a model that thinks; empty if not.
THINKS = "thinks"
ACTIVE, COMPLETED = "active tasks", "completed"

_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t#]*")
_BOX = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?:[ \t]+\[(?P<box>[^\]])\](?P<text>.*))?")
_OK = re.compile(r"[\W_]*heartbeat[\W_]*ok[\W_]*", re.I)


def actionable(text: str) -> bool:
    """Whether there is anything to do in it: a line of text or a box that is not ticked. Only
    what stands under `## Active Tasks` counts, if there is such a heading; never what stands
    under `## Completed`, in comments, or behind an empty box."""
    rows = _rows(text.replace("\r\n", "\n"))
    active = any(heading == ACTIVE for heading, _ in rows)
    return any(heading == ACTIVE if active else heading != COMPLETED for heading, _ in _work(rows))


def _rows(text: str) -> list[tuple[str, str]]:
    """Each line with the heading of the second level or above that it stands under; a heading
    itself has no text."""
    rows, under = [], ""
    for _, line, _ in live(text):
        if found := _HEADING.fullmatch(line.strip("\ufeff \t")):
            if len(found[1]) <= 2:
                under = found[2].casefold()
            rows.append((under, ""))
        else:
            rows.append((under, line))
    return rows


def _work(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(under, line) for under, line in rows if _is_work(line.strip("\ufeff \t"))]


def _is_work(line: str) -> bool:
    if not line or set(line) <= set("-*_ "):
        return False
    item = _BOX.fullmatch(line)
    if item is None:
        return True
    return item["box"] is not None and item["box"] not in "xX-" and bool(item["text"].strip())


def is_quiet(answer: str) -> bool:
    """Whether the answer says that nothing is to be done: HEARTBEAT_OK however it is spelt, and
    nothing beside it."""
    return _OK.fullmatch(answer) is not None
