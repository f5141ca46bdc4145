"""What an IMAP server's answers say: bytes in, facts out. Opens nothing.

Source: RFC 3501 and 9051, sections 7.4.2 (FETCH) and 9 (the grammar).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from factotum.reading.shape import one_line

_NEW = re.compile(rb"\d+ \(")
_UID = re.compile(rb"\bUID (\d+)")
_FLAGS = re.compile(rb"\bFLAGS \(([^()]*)\)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_DATE = re.compile(rb'\bINTERNALDATE "([^"]{1,60})"')
_QUOTED_BODY = re.compile(rb'\bBODY\[[^\]]*\](?:<\d+>)? "((?:[^"\\]|\\.)*)"', re.DOTALL)
_NAME = re.compile(rb'"(?:FILENAME|NAME)\*?" "((?:[^"\\]|\\.){1,300})"', re.IGNORECASE)

#: How many names of files that were not fetched are told.
NAMES_MOST = 20


@dataclass(frozen=True)
class Entry:
    """What a server said of one letter. `at` is when it came into the folder, in epoch
    seconds, 0 when that is unknown; `body` is None where none was sent."""

    uid: int
    flags: frozenset[str] = frozenset()
    size_bytes: int = 0
    at: float = 0.0
    body: bytes | None = None
    said: bytes = b""


def entries(data: Iterable[object]) -> list[Entry]:
    """The letters in what imaplib gives for a FETCH, in order; notices of others that the server
    slips in, which have no UID, are left out."""
    return [one for one in map(_entry, _grouped(data)) if one is not None]


def _grouped(data: Iterable[object]) -> Iterator[list[object]]:
    group: list[object] = []
    for item in data:
        head = item[0] if isinstance(item, tuple) else item
        if not isinstance(head, bytes):
            continue
        if _NEW.match(head) and group:
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def _entry(group: Sequence[object]) -> Entry | None:
    body: bytes | None = None
    said = []
    for item in group:
        if isinstance(item, tuple):
            said.append(item[0])
            if re.search(rb"\bBODY\[[^\]]*\](?:<\d+>)? \{\d+\}\Z", item[0]):
                body = item[1]
            else:
                said.append(b'"' + item[1].replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"')
        elif isinstance(item, bytes):
            said.append(item)
    words = b" ".join(said)
    uid = _UID.search(words)
    if uid is None:
        return None
    if body is None and (quoted := _QUOTED_BODY.search(words)):
        body = re.sub(rb"\\(.)", rb"\1", quoted[1], flags=re.DOTALL)
    size, flags, date = _SIZE.search(words), _FLAGS.search(words), _DATE.search(words)
    return Entry(
        int(uid[1]),
        frozenset((flags[1] if flags else b"").decode("ascii", "replace").split()),
        int(size[1]) if size else 0,
        _moment(date[1]) if date else 0.0,
        body,
        words,
    )


def _moment(text: bytes) -> float:
    try:
        found = datetime.strptime(text.decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z")
        return found.timestamp()
    except (ValueError, OverflowError):
        return 0.0


def file_names(said: bytes) -> tuple[str, ...]:
    """The names of the files in a BODYSTRUCTURE, as far as they are told."""
    found = [re.sub(rb"\\(.)", rb"\1", name) for name in _NAME.findall(said)]
    shown = (one_line(name.decode("utf-8", "replace")) for name in found)
    return tuple(dict.fromkeys(filter(None, shown)))[:NAMES_MOST]
