"""The text of a note: its fences, and what stands under which heading.

Text in, text out. A heading inside a fence is no heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Three or more backticks with none after them in the line, or tildes.
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")


def fence(text: str, info: str = "text") -> str:
    """`text` inside a fence that is longer than any in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{info}\n{text}\n{ticks}"


def _walk(body: str) -> Iterator[tuple[str, str]]:
    """Each line with what it is: `text`, or of a fence `open`, `inside` or `close`."""
    closing = ""
    for line in body.replace("\r\n", "\n").split("\n"):
        mark = _FENCE.match(line)
        if not closing:
            closing = mark[1] if mark else ""
            yield ("open" if mark else "text"), line
        elif mark and line.strip() == mark[1] and mark[1].startswith(closing):
            closing = ""
            yield "close", line
        else:
            yield "inside", line


def outside_fences(body: str) -> str:
    """The body without its fences and what they hold, line by line."""
    return "\n".join(line for kind, line in _walk(body) if kind == "text")


def left_open(body: str) -> str:
    """What closes the fence that is open at the end of the body, or an empty string."""
    last = ""
    for kind, line in _walk(body):
        if kind == "open":
            last = line.strip()
        elif kind == "close":
            last = ""
    found = _FENCE.match(last)
    return found[1] if found else ""


def _under(body: str, heading: str) -> Iterator[tuple[str, str]] | None:
    """The lines under the first `## heading`, to the next heading of its level or above."""
    lines = _walk(body)
    for kind, line in lines:
        if kind == "text" and line.startswith("## ") and line[3:].strip() == heading:
            return _till_heading(lines)
    return None


def _till_heading(lines: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for kind, line in lines:
        if kind == "text" and line.startswith(("# ", "## ")):
            return
        yield kind, line


def fenced_under(body: str, heading: str) -> str | None:
    """The exact text in the first fence under `## heading`, or None."""
    inside: list[str] = []
    for kind, line in _under(body, heading) or ():
        if kind == "close":
            return "\n".join(inside)
        if kind == "inside":
            inside.append(line)
    return None


def after_fence(body: str, heading: str) -> str:
    """What stands below the first fence under `## heading`; empty when there is none."""
    lines = _under(body, heading)
    if lines is None or not any(kind == "close" for kind, _ in lines):
        return ""
    return "\n".join(line for _, line in lines)


def section(body: str, heading: str) -> str | None:
    """The text under `## heading` up to the next heading of its level or callout, or None."""
    lines = _under(body, heading)
    if lines is None:
        return None
    text = []
    for kind, line in lines:
        if kind == "text" and line.startswith("> [!"):
            break
        text.append(line)
    return "\n".join(text).strip()


def below(body: str, heading: str) -> str | None:
    """Everything below the first `## heading` that stands outside a fence, or None."""
    lines = _walk(body)
    for kind, line in lines:
        if kind == "text" and line.startswith("## ") and line[3:].strip() == heading:
            return "\n".join(rest for _, rest in lines)
    return None


def without(body: str, heading: str) -> str:
    """The body without what stands under each `## heading` outside a fence, and without that
    heading; every other line stays as it is."""
    kept, left_out = [], False
    for kind, line in _walk(body):
        if kind == "text" and line.startswith(("# ", "## ")):
            left_out = line.startswith("## ") and line[3:].strip() == heading
        if not left_out:
            kept.append(line)
    return "\n".join(kept)


def without_fenced(body: str, begins: re.Pattern[str]) -> str:
    """The body without each passage that begins with a line like this, outside a fence, and has
    one heading and one fence, with whose end it ends."""
    kept: list[str] = []
    headings = -1
    for kind, line in _walk(body):
        if kind == "text" and begins.fullmatch(line):
            headings = 0
        elif kind == "text" and headings >= 0 and line.startswith(("# ", "## ")):
            headings += 1
            if headings > 1:  # its fence is gone: what comes here is another passage
                headings = -1
        if headings < 0:
            kept.append(line)
        elif kind == "close":
            headings = -1
    return "\n".join(kept)


def ends_with_go(body: str) -> bool:
    """Whether the last line that holds anything is `go`."""
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    return bool(lines) and lines[-1].casefold() == "go"
