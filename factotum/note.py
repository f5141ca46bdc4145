"""A note as bytes: its properties read strictly, its lines changed one by one.

Pure: bytes in, bytes out. What a person wrote is never dumped anew; a change touches the
lines of one property, or adds text at the end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factotum.strict_yaml import YamlRefused, load

NOTE_MOST_BYTES = 1024 * 1024

_KEY = re.compile(r"[a-z_][a-z0-9_]*")
_BOM = b"\xef\xbb\xbf"


class NoteError(Exception):
    """The note cannot be read; the message names the cause and the remedy."""


@dataclass(frozen=True)
class Note:
    """`body` is the text below the properties, with `\\n` line ends; `raw` is every byte."""

    props: Mapping[str, Any]
    body: str
    raw: bytes
    newline: str
    has_block: bool


@dataclass(frozen=True)
class _Parts:
    """Where the block lies: `lines` are those between the dashes, each with its line end."""

    bom: bytes
    opening: bytes
    lines: list[bytes]
    closing: bytes
    body: bytes


def parse(data: bytes, *, max_bytes: int = NOTE_MOST_BYTES) -> Note:
    """Reads a note. Raises NoteError for what is no text, too large or has broken properties."""
    if len(data) > max_bytes:
        raise NoteError(f"the note is larger than {max_bytes // 1024} KiB; put it into Inbox")
    if b"\0" in data:
        raise NoteError("this is no text but a binary file named .md; put it into Inbox")
    parts = _split(data)
    try:
        body = parts.body.decode().replace("\r\n", "\n")
        block = b"".join(parts.lines).decode().replace("\r\n", "\n").removesuffix("\n")
    except UnicodeDecodeError as broken:
        raise NoteError(
            f"the note is not UTF-8 text (byte {broken.start}); save it as UTF-8"
        ) from None
    try:
        props = load(block) if parts.opening else {}
    except YamlRefused as refused:
        raise NoteError(
            f"the properties cannot be read: {refused}, in line {refused.line + 1} of the note. "
            f"Mend that line, or remove the block between the two ---"
        ) from refused
    return Note(props, body, data, _newline(data), bool(parts.opening))


def _newline(data: bytes) -> str:
    first = data.find(b"\n")
    return "\r\n" if first > 0 and data[first - 1 : first] == b"\r" else "\n"


def _split(data: bytes) -> _Parts:
    """A block starts with a first line `---` and ends with the next line that is `---`.
    Without that second line the first is a ruler, and there is no block."""
    bom = _BOM if data.startswith(_BOM) else b""
    rest = data[len(bom) :]
    lines = rest.splitlines(keepends=True) if b"\r" not in rest else _lines(rest)
    if lines and lines[0].rstrip() == b"---":
        for n, line in enumerate(lines[1:], 1):
            if line.rstrip() == b"---":
                return _Parts(bom, lines[0], lines[1:n], line, b"".join(lines[n + 1 :]))
    return _Parts(bom, b"", [], b"", rest)


def _lines(data: bytes) -> list[bytes]:
    return re.findall(rb"[^\n]*\n|[^\n]+$", data)


def set_props(raw: bytes, changes: Mapping[str, Any]) -> bytes:
    """Changes single properties, each as one line `key: <json>`; None takes one away.

    Every other byte stays. A block is added at the top where there is none. Raises NoteError
    for names that are none of ours.
    """
    if not changes:
        return raw
    for key in changes:
        if not _KEY.fullmatch(key):
            raise NoteError(f"{key!r} is no name for a property")
    parts = _split(raw)
    newline = _newline(raw).encode()
    lines = list(parts.lines)
    for key, value in changes.items():
        line = None if value is None else f"{key}: {_json(value)}".encode() + newline
        lines = _with_line(lines, key, line)
    if not parts.opening:
        if not lines:
            return raw
        fence = b"---" + newline
        return parts.bom + fence + b"".join(lines) + fence + parts.body
    return parts.bom + parts.opening + b"".join(lines) + parts.closing + parts.body


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True)


def _with_line(lines: list[bytes], key: str, line: bytes | None) -> list[bytes]:
    """The lines with that of `key`, and those that belong to it, replaced or taken out."""
    start = re.compile(rb"(\"?)" + key.encode() + rb"\1[ \t]*:(\s|$)")
    for n, found in enumerate(lines):
        if start.match(found):
            end = n + 1
            while end < len(lines) and _belongs(lines[end]):
                end += 1
            return lines[:n] + ([line] if line is not None else []) + lines[end:]
    return lines if line is None else [*lines, line]


def _belongs(line: bytes) -> bool:
    """Whether a line goes on with the value above it: indented, or an item of its list."""
    return line.startswith((b" ", b"\t", b"- ")) or line.rstrip() == b"-"


def with_body(raw: bytes, body: str) -> bytes:
    """The note with another text below its properties."""
    parts = _split(raw)
    text = body.replace("\n", _newline(raw)).encode()
    return parts.bom + parts.opening + b"".join(parts.lines) + parts.closing + text


def append(raw: bytes, text: str) -> bytes:
    """The note with a section added at its end; what was there stays as it is."""
    newline = _newline(raw)
    gap = newline if raw.endswith(b"\n") or not raw else newline * 2
    return raw + (gap + text.replace("\n", newline)).encode()


def render(props: Mapping[str, Any], body: str) -> bytes:
    """A note of ours: one line `key: <json>` a property, then the body."""
    for key in props:
        if not _KEY.fullmatch(key):
            raise NoteError(f"{key!r} is no name for a property")
    lines = [f"{key}: {_json(value)}" for key, value in props.items()]
    return "\n".join(["---", *lines, "---", body]).encode()


# -- sections and fences

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")


def fence(text: str, info: str = "text") -> str:
    """`text` inside a fence that is longer than any in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{info}\n{text}\n{ticks}"


def _sections(body: str) -> dict[str, list[str]]:
    """The lines under each `## heading`, headings inside fences left alone; first one wins."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    closing = ""
    for line in body.replace("\r\n", "\n").split("\n"):
        mark = _FENCE.match(line)
        if closing:
            if mark and line.strip() == mark[1] and mark[1].startswith(closing):
                closing = ""
        elif mark:
            closing = mark[1]
        elif line.startswith(("## ", "# ")):
            heading = line.lstrip("#").strip()
            current = [] if line.startswith("## ") and heading not in found else None
            if current is not None:
                found[heading] = current
            continue
        if current is not None:
            current.append(line)
    return found


def fenced_under(body: str, heading: str) -> str | None:
    """The exact text in the first fence under `## heading`, or None."""
    lines = _sections(body).get(heading)
    closing = ""
    inside: list[str] = []
    for line in lines or ():
        mark = _FENCE.match(line)
        if not closing:
            closing = mark[1] if mark else ""
        elif mark and line.strip() == mark[1] and mark[1].startswith(closing):
            return "\n".join(inside)
        else:
            inside.append(line)
    return None


def section(body: str, heading: str) -> str | None:
    """The plain text under `## heading` up to the next heading, callout or fence, or None."""
    lines = _sections(body).get(heading)
    if lines is None:
        return None
    text = []
    for line in lines:
        if line.startswith("> [!") or _FENCE.match(line):
            break
        text.append(line)
    return "\n".join(text).strip()


def ends_with_go(body: str) -> bool:
    """Whether the last line that holds anything is `go`."""
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    return bool(lines) and lines[-1].casefold() == "go"
