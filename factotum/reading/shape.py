"""What came out of a dropped file, and the limits that hold for every format.

Plain frozen data and small pure functions on text. Nothing here knows a format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
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
#: The longest that one file may be worked at, in seconds. A 300-page report takes about
#: 10 s on a Raspberry Pi.
FILE_S = 30.0
#: How many of the files inside one file are read, however deep they lie, and for how long,
#: in seconds: together what one hostile mail may hold up the intake.
INNER_FILES_MOST = 20
INNER_S = 40.0

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


@dataclass
class Purse:
    """What may still be spent on the files inside one dropped file: all of them share it."""

    files: int = INNER_FILES_MOST
    seconds: float = INNER_S

    def allows(self) -> bool:
        """Whether one more may be read; counts it."""
        self.files -= 1
        return self.files >= 0 and self.seconds >= 1.0


@dataclass(frozen=True)
class Bounds:
    """How much text one file may give, for how long it may be worked at, how many files it
    lies in, and what may be spent on those inside it."""

    text_most: int = TEXT_MOST
    wait_s: float = FILE_S
    depth: int = 0
    purse: Purse = field(default_factory=Purse)


#: How one format is read: its bytes, the name under which it was dropped, the bounds.
Format = Callable[[bytes, str, Bounds], Reading]


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


def table(rows: Sequence[Sequence[str]], cell_most: int) -> str:
    """The rows as a Markdown table, the first as its head, every row as wide as the widest."""
    width = max(map(len, rows), default=0)
    lines = []
    for row in rows:
        cells = [one_line(cell, cell_most).replace("|", "\\|") for cell in row]
        lines.append("| " + " | ".join(cells + [""] * (width - len(cells))) + " |")
    lines.insert(1, "|" + " --- |" * width)
    return "\n".join(lines)


def stem(name: str) -> str:
    """The name of a dropped file without its ending, fit for a title."""
    base = one_line(name.replace("\\", "/").rpartition("/")[2])
    return base.rpartition(".")[0] or base or "file"
