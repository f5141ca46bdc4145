"""What came out of a dropped file, and the limits that hold for every format.

Plain frozen data and small pure functions on text. Nothing here knows a format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

#: A file larger than this is kept and named, but not opened.
FILE_MOST_BYTES = 25 * 1024 * 1024
#: How many parts of one mail are looked at.
PARTS_MOST = 100
#: How much text one file may give, in characters.
TEXT_MOST = 200_000
#: How much text one attachment may add to the text of its mail, in characters.
ATTACHED_TEXT_MOST = 50_000
#: The longest title, name or subject that is kept, in characters.
LINE_MOST = 200

_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Part:
    """A file inside the dropped file. Its name is safe, and unique in its reading."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Reading:
    """A dropped file as a task can use it. All of it is a stranger's words.

    `kind` is email, file or note. `text` is plain text, never HTML. `received` carries a
    zone. `attachments` are the files inside; whoever took the dropped file in keeps that
    file itself. `remarks` say in plain words what could not be read, for the person.
    `properties` of an email hold message_id, in_reply_to, references (text), to, cc,
    reply_to (lists), auto_submitted and list (text, only when it was sent by a machine
    or to a list).
    """

    kind: str
    title: str
    text: str = ""
    sender: str = ""
    sender_name: str = ""
    received: datetime | None = None
    attachments: tuple[Part, ...] = ()
    remarks: tuple[str, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)


#: How one format is read: its bytes and the name under which it was dropped.
Format = Callable[[bytes, str], Reading]


def clean(text: str) -> str:
    """The text with `\\n` for every kind of line break and without control characters."""
    text = _SURROGATES.sub("\ufffd", _BREAKS.sub("\n", text))
    return _CONTROLS.sub("", text)


def one_line(text: str, most: int = LINE_MOST) -> str:
    """The text on one line, cut with an ellipsis at `most` characters."""
    line = " ".join(clean(text[: most * 8]).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "\u2026"


def cut(text: str, most: int, what: str) -> tuple[str, tuple[str, ...]]:
    """The text up to `most` characters, and the remark that is due if there was more."""
    if len(text) <= most:
        return text, ()
    return text[:most], (f"{what} is long: only the first {most:,} characters were read",)


def stem(name: str) -> str:
    """The name of a dropped file without its ending, fit for a title."""
    base = one_line(name.replace("\\", "/").rpartition("/")[2])
    return base.rpartition(".")[0] or base or "file"
