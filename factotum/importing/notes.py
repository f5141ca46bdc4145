"""nanobot's notes as notes here: written where there is none, else added below a heading.

Pure: bytes in, bytes out. What stands in a person's note stays, byte for byte.
"""

from __future__ import annotations

import re

from factotum import note
from factotum.note import NoteError
from factotum.sections import below
from factotum.worker.heartbeat import actionable

#: Where each of its notes belongs in the vault.
NOTES: dict[str, str] = {
    "SOUL.md": "SOUL.md",
    "USER.md": "USER.md",
    "memory/MEMORY.md": "Office/Memory/MEMORY.md",
    "HEARTBEAT.md": "HEARTBEAT.md",
}
#: Its notes that are instructions for nanobot's own tools, which are not here.
NOT_TAKEN = ("AGENTS.md", "TOOLS.md")

HEADING = "From nanobot"
ACTIVE = "Active Tasks"
NOTE_MOST_BYTES = 256 * 1024

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HEADED = re.compile(r"(?m)^(#{1,5})(?=[ \t])")
_ACTIVE = re.compile(r"(?mi)^##[ \t]+active tasks[ \t#]*\r?\n")
_NEXT = re.compile(r"(?m)^#{1,2}[ \t]")


class NotText(Exception):
    """The note cannot be taken over; the message says why."""


def words_of(name: str, raw: bytes) -> str:
    """What of its note is worth bringing; empty for nothing. Raises NotText."""
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise NotText("it is not UTF-8 text") from None
    if "\0" in text:
        raise NotText("it is no text")
    if name != "HEARTBEAT.md":
        return text.strip()
    shown = _COMMENT.sub("", text)
    wanted = _before_completed(below(shown, ACTIVE) or shown)
    return "\n".join(row.rstrip() for row in wanted.split("\n") if actionable(row))


def _before_completed(text: str) -> str:
    return re.split(r"(?mi)^##[ \t]+completed", text, maxsplit=1)[0]


def fresh(name: str, words: str) -> bytes:
    """The note where there is none yet."""
    if name == "HEARTBEAT.md":
        return f"# Heartbeat\n\n## {ACTIVE}\n\n{words}\n\n## Completed\n".encode()
    return f"{words}\n".encode()


def merged(name: str, there: bytes, words: str) -> bytes:
    """The note that is there, with the words below it; as it is where they stand in it already.
    Raises NotText."""
    try:
        parsed = note.parse(there)
        text = parsed.raw.decode("utf-8-sig")
    except NoteError as broken:
        raise NotText(str(broken)) from None
    if words in text.replace("\r\n", "\n"):
        return there
    found = _ACTIVE.search(text, _body_at(text, parsed.body))
    if name == "HEARTBEAT.md" and found:
        return _into_list(there, text, found.end(), words)
    lower = _HEADED.sub(r"#\1", words)
    return note.append(there, f"## {HEADING}\n\n{lower}\n")


def _body_at(text: str, body: str) -> int:
    """Where what stands below the properties begins; `body` may have other line ends."""
    above = text.count("\n") - body.count("\n")
    return sum(len(row) + 1 for row in text.split("\n")[:above])


def _into_list(there: bytes, text: str, start: int, words: str) -> bytes:
    """At the end of the list of what is active, before the next heading."""
    newline = "\r\n" if "\r\n" in text else "\n"
    rows = [row for row in words.split("\n") if row not in text.splitlines()]
    following = _NEXT.search(text, start)
    end = following.start() if following else len(text)
    before, after = text[:end], text[end:]
    gap = "" if before.endswith("\n") else newline
    added = newline.join([*rows, *([""] if following else []), ""])
    bom = there[: len(there) - len(text.encode())]
    return bom + (before + gap + added + after).encode()
