"""The section `## Runs` of a schedule's note: what became of its last runs, newest first.

Pure: bytes in, bytes out. A line is put in and the oldest of ours go; every other byte of the
note stays, also what a person wrote into the section.
"""

from __future__ import annotations

import re

from factotum.note import append
from factotum.worker.mentions import live

HEADING = "## Runs"
#: How many runs are kept there.
RUNS_MOST = 20

#: How a line of ours begins.
_OURS = re.compile(rb"- \d{4}-\d\d-\d\d \d\d:\d\d (?:ok|error|skipped)\b")


def with_run(raw: bytes, entry: str) -> bytes:
    """The note with this line (`- 2026-11-30 09:00 ok, …`) on top of its runs; as it is if the
    line stands there. Raises UnicodeDecodeError for what is no text."""
    found = _section(raw)
    if found is None:
        return append(raw, f"{HEADING}\n\n{entry}\n")
    lines = raw.split(b"\n")
    start, end = found
    cr = b"\r" if lines[start - 1].endswith(b"\r") else b""
    new = entry.encode()
    if any(line.removesuffix(b"\r") == new for line in lines[start:end]):
        return raw
    ours = [n for n in range(start, end) if _OURS.match(lines[n])]
    at = ours[0] if ours else start + (end - start > 1 and not lines[start].strip())
    for gone in reversed(ours[RUNS_MOST - 1 :]):
        del lines[gone]
        if gone == len(lines):  # it was the last one, and had no end
            lines[-1] = lines[-1].removesuffix(b"\r")
    if at == len(lines):  # the heading is the last line and has no end
        return raw + b"\n" + new
    lines.insert(at, new + cr)
    return b"\n".join(lines)


def _section(raw: bytes) -> tuple[int, int] | None:
    """Between which lines the section lies, the heading not counted."""
    text = raw.decode()
    start = None
    for number, line, _ in live(text):
        if start is None and line.rstrip() == HEADING:
            start = number + 1
        elif start is not None and line.startswith(("# ", "## ")):
            return start, number
    return None if start is None else (start, text.count("\n") + 1)
