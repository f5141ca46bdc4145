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

import frontmatter

from factotum.own_lines import Block, dump, dump_line, own
from factotum.sections import (
    after_fence,
    below,
    ends_with_go,
    fence,
    fenced_under,
    left_open,
    outside_fences,
    section,
)
from factotum.strict_yaml import Handler, YamlRefused, read

__all__ = [
    "NOTE_MOST_BYTES",
    "Note",
    "NoteError",
    "after_fence",
    "append",
    "below",
    "ends_with_go",
    "fence",
    "fenced_under",
    "outside_fences",
    "parse",
    "render",
    "section",
    "set_props",
    "with_body",
]

NOTE_MOST_BYTES = 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_OPENING = re.compile(rb"---[ \t]*\r?\n")
_CLOSING = re.compile(rb"---[ \t]*\r?(?:\n|\Z)")
_SURROGATES = re.compile("[\ud800-\udfff]")


class NoteError(Exception):
    """The note cannot be read or changed; the message names the cause and the remedy.

    `body` is what stands below broken properties, so that it can still be shown; `line` is
    the line of the note, from 1, or 0 when it is no matter of one line.
    """

    def __init__(self, message: str, *, body: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.body = body
        self.line = line


@dataclass(frozen=True)
class Note:
    """`body` is the text below the properties, with `\\n` line ends; `raw` is every byte."""

    props: Mapping[str, Any]
    body: str
    raw: bytes
    has_block: bool


@dataclass(frozen=True)
class _Parts:
    """Where the block lies; joined, the parts are the note. No opening: no block."""

    bom: bytes
    opening: bytes
    block: bytes
    closing: bytes
    body: bytes


def _split(data: bytes) -> _Parts:
    """A block starts with a first line `---` and ends with the next line that is `---`.
    Without that second line the first is a ruler, and there is no block."""
    bom = _BOM if data.startswith(_BOM) else b""
    rest = data[len(bom) :]
    if (top := _OPENING.match(rest)) and (end := _closing(rest, top.end())):
        block = rest[top.end() : end.start()]
        return _Parts(bom, top.group(), block, end.group(), rest[end.end() :])
    return _Parts(bom, b"", b"", b"", rest)


def _closing(data: bytes, start: int) -> re.Match[bytes] | None:
    """The first line from `start` on, where a line begins, that is `---`."""
    at = start - 1  # the line end before it: the search for three dashes is the quick part
    while (at := data.find(b"\n---", at)) >= 0:
        if found := _CLOSING.match(data, at + 1):
            return found
        at += 1
    return None


def parse(data: bytes, *, max_bytes: int = NOTE_MOST_BYTES) -> Note:
    """Reads a note. Raises NoteError for what is no text, too large or has broken properties."""
    if len(data) > max_bytes:
        raise NoteError(f"the note is larger than {max_bytes // 1024} KiB; put it into Inbox")
    if b"\0" in data:
        raise NoteError("this is no text but a binary file named .md; put it into Inbox")
    try:
        data.decode()
    except UnicodeDecodeError as broken:
        raise NoteError(
            f"the note is not UTF-8 text (byte {broken.start}), or a binary file named .md; "
            f"save it as UTF-8, or put it into Inbox"
        ) from None
    parts = _split(data)
    props: Mapping[str, Any] = {}
    if parts.opening:
        props = _props(parts)
    return Note(props, _text(parts.body), data, bool(parts.opening))


def _props(parts: _Parts) -> Mapping[str, Any]:
    text = _text(parts.block)
    if (ours := own(text)) is not None:
        return ours
    try:
        props, _ = frontmatter.parse(f"---\n{text}---", handler=Handler())
    except YamlRefused as refused:
        raise _note_error(refused, parts) from refused
    return props


def _note_error(refused: YamlRefused, parts: _Parts) -> NoteError:
    line = refused.line + 1
    return NoteError(
        f"the properties cannot be read: {refused}, in line {line} of the note. "
        f"Mend that line, or remove the block between the two ---",
        body=_text(parts.body),
        line=line,
    )


def _text(data: bytes) -> str:
    return data.decode().replace("\r\n", "\n")


def _bytes(text: str, newline: str) -> bytes:
    whole = _SURROGATES.sub("\ufffd", text)
    return whole.replace("\r\n", "\n").replace("\n", newline).encode()


def _newline(data: bytes) -> str:
    first = data.find(b"\n")
    return "\r\n" if first > 0 and data[first - 1 : first] == b"\r" else "\n"


# -- changing


def set_props(raw: bytes, changes: Mapping[str, Any]) -> bytes:
    """Changes single properties, each as one line `key: <json>`; None takes one away.

    Every other byte stays, and so does the line of a value that is what it should be; what
    is blank or indented below a property that is taken away goes with it. A new property is
    put last. A block is added at the top where there is none, and goes with its last
    property. Raises NoteError for properties that cannot be read, for names and values that
    are none of ours, and where the block would become too large.
    """
    parts = _split(raw)
    try:
        block = read(_text(parts.block))
    except YamlRefused as refused:
        raise _note_error(refused, parts) from refused
    try:
        wanted = {key: dump_line(key, value) for key, value in changes.items()}
    except ValueError as wrong:
        raise NoteError(f"{wrong}; this is a fault of what wanted to write it") from wrong
    new = {key: read(line).values[key] for key, line in wanted.items()}
    newline = _newline(raw)
    lines = _lines(parts.block)
    changed = False
    for key in sorted(changes, key=lambda key: -block.lines.get(key, -1)):  # from the end
        line = [] if changes[key] is None else [_bytes(wanted[key] + "\n", newline)]
        if key in block.values:
            if line and json.dumps(block.values[key]) == json.dumps(new[key]):
                continue
            start = block.lines[key]
            lines[start : _end(lines, block, key, whole=not line)] = line
        elif not line:
            continue
        else:
            lines += line
        changed = True
    if not changed:
        return raw
    gone = {key for key, value in changes.items() if value is None}
    expected = {k: v for k, v in {**block.values, **new}.items() if k not in gone}
    return _checked(_joined(parts, b"".join(lines), newline), expected, parts.body)


def _lines(data: bytes) -> list[bytes]:
    return re.findall(rb"[^\n]*\n|[^\n]+\Z", data)


def _end(lines: list[bytes], block: Block, key: str, *, whole: bool) -> int:
    """The line after the last one of this property's value, or of all that is below it.

    Comments before the next property are not the value's, except what is indented in a text.
    """
    start = block.lines[key]
    end = min((n for n in block.lines.values() if n > start), default=len(lines))
    text = re.search(rb":[ \t]+[|>][-+0-9]*[ \t]*(#.*)?\r?\n\Z", lines[start])
    outside = rb"[ \t]*\r?\n|#" if text else rb"[ \t]*\r?\n|[ \t]*#"
    while end > start + 1 and re.match(outside, lines[end - 1]):
        end -= 1
    while whole and end < len(lines) and re.match(rb"[ \t\r\n]", lines[end]):
        end += 1
    return end


def _joined(parts: _Parts, block: bytes, newline: str) -> bytes:
    if not parts.opening:
        dashes = _bytes("---\n", newline)
        return parts.bom + dashes + block + dashes + parts.body
    if not block and not _split(parts.body).opening:
        return parts.bom + parts.body
    return parts.bom + parts.opening + block + parts.closing + parts.body


def _checked(raw: bytes, expected: Mapping[str, Any], body: bytes) -> bytes:
    """The changed note, when it reads as it should."""
    parts = _split(raw)
    try:
        values = read(_text(parts.block)).values
    except YamlRefused as refused:
        raise _note_error(refused, parts) from refused
    if values != expected or parts.body != body:
        raise NoteError(
            "the properties are written in a way in which one of them cannot be changed alone. "
            "Write each as one `name: value` line"
        )
    return raw


def with_body(raw: bytes, body: str) -> bytes:
    """The note with another text below its properties."""
    parts = _split(raw)
    newline = _newline(raw)
    closing = parts.closing
    if closing and not closing.endswith(b"\n"):
        closing += newline.encode()
    return parts.bom + parts.opening + parts.block + closing + _bytes(body, newline)


def append(raw: bytes, text: str) -> bytes:
    """The note with a section added at its end; what was there stays as it is.

    A fence that was left open is closed first, so that the section is not swallowed by it.
    """
    newline = _newline(raw)
    parts = _split(raw)
    gap = "" if raw in (b"", _BOM) or raw.endswith(b"\n") else "\n"
    if closing := left_open(parts.body.decode(errors="replace")):
        gap += closing + "\n"
    if parts.body:
        gap += "\n"
    added = raw + _bytes(gap + text, newline)
    if not parts.opening and _split(added).opening:  # our text would close a ruler of theirs
        added = raw + _bytes(gap + re.sub(r"(?m)^---([ \t]*)$", r"- - -\1", text), newline)
    return added


def render(props: Mapping[str, Any], body: str) -> bytes:
    """A note of ours: one line `key: <json>` a property, then the body.

    What `parse` would refuse is made good: forbidden characters become U+FFFD, a text or list
    that is too long is shortened. Raises NoteError for names and values that are none of ours.
    """
    try:
        block = dump(props)
    except ValueError as wrong:
        raise NoteError(f"{wrong}; this is a fault of what wanted to write it") from wrong
    return _bytes("\n".join(["---", *([block] if block else []), "---", body]), "\n")
