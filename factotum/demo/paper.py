"""A note as a terminal can show it: its text without the marks of Markdown.

Pure: bytes in, lines out. A folded part is shown by its title; of those, what somebody
wrote is opened, the exact data is not.
"""

from __future__ import annotations

import html
import re

from factotum.demo.letterbox import Received
from factotum.note import parse

_FOLD = re.compile(r"> \[!(\w+)\]-? ?(.*)")
_FENCE = re.compile(r"`{3,}\w*")
_ESCAPED = re.compile(r"\\([^\w\s])")

#: Headers of a sent letter that tell a person something.
HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To")


def readable(raw: bytes) -> list[str]:
    """The body of a note, line by line; a heading with nothing below it is left out."""
    lines: list[tuple[str, str]] = []
    in_fence, fold = False, ""
    for line in parse(raw).body.strip().split("\n"):
        if opened := _FOLD.match(line):
            fold = opened[1]
            lines.append(("fold", f"▸ {_plain(opened[2])}"))
            continue
        if not line.startswith(">"):
            fold = ""
        if fold == "info":
            continue
        text = line.removeprefix(">").removeprefix(" ") if fold else line
        if _FENCE.fullmatch(text):
            in_fence = not in_fence
        elif in_fence or fold:
            lines.append(("text", f"    {text}"))
        elif text.startswith("#"):
            lines.append(("heading", _plain(text.lstrip("# "))))
        else:
            lines.append(("text", _plain(text)))
    return _once_empty([text for n, (_, text) in enumerate(lines) if not _idle(lines, n)])


def _idle(lines: list[tuple[str, str]], n: int) -> bool:
    """Whether line `n` is a heading that stands over nothing."""
    if lines[n][0] != "heading":
        return False
    below = next((kind for kind, text in lines[n + 1 :] if text.strip()), "fold")
    return below != "text"


def _plain(text: str) -> str:
    text = re.sub(r"\*\*(.+?)\*\*|(?<!\\)`([^`]*)`", lambda m: m[1] or m[2] or "", text)
    return html.unescape(_ESCAPED.sub(r"\1", text)).replace("[[", "").replace("]]", "")


def _once_empty(lines: list[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1].strip()):
            kept.append(line)
    return kept[:-1] if kept and not kept[-1].strip() else kept


def part(raw: bytes, *headings: str) -> list[str]:
    """The parts of a note under these headings, each with its heading."""
    lines: list[str] = []
    shown = False
    for line in parse(raw).body.split("\n"):
        if line.startswith(("#", ">")):
            shown = line.lstrip("# ") in headings
        if shown:
            lines.append(_plain(line.lstrip("# ") if line.startswith("#") else line))
    return _once_empty(lines)


def as_received(letter: Received) -> list[str]:
    """A letter as the mail server has it: envelope, headers, text."""
    message = letter.message
    lines = [f"envelope: {letter.sender} → {', '.join(letter.recipients)}"]
    lines += [f"{name}: {message[name]}" for name in HEADERS if message[name]]
    body = message.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    return [*lines, "", *str(text).rstrip().splitlines()]
