"""One event of the ledger as one line of the audit log, always the same line for it.

The line is made from rows that never change once the event exists, so that the log can be
checked against the ledger. Texts of letters, notes and answers are given by length and
checksum only; of arguments, the names, sizes and recipients.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from factotum.gate.facets import recipients
from factotum.gate.rows import row_of
from factotum.inert import one_line
from factotum.ledger import Event, Ledger
from factotum.redaction import BLACKED_OUT, KEY_CHARS_LEAST, LOOKS_LIKE_A_KEY

#: A longer text of an event is given by its length and checksum, in characters.
TEXT_CHARS_MOST = 200
LIST_MOST = 50
DEPTH_MOST = 3

#: What an event may tell that is the text of a letter, a note or an answer.
MEASURED = frozenset({"text", "body", "why"})

#: What stays as it is when it is made one line.
_PLAIN = re.compile(r"[!-~]*(?: [!-~]+)*")

#: Fields of an event that have a place of their own in the line.
PLACED = ("digest", "rule", "version", "n")

#: Calls that no card is made for.
WITHOUT_CARD = frozenset({"looked", "denied"})

APPROVALS = {"approve": "approved", "reject": "rejected", "answer": "answered"}


def line(event: Event, ledger: Ledger, marked: str | None = None) -> str:
    """The event as one line of JSON, without its line end. `marked` is the ledger's `mark`, for
    whoever knows it already."""
    data = event.data
    seal = _seal(event, ledger)
    decision = _decision(event, seal, ledger)
    written: dict[str, Any] = {
        "timestamp": _time(event),
        "action_type": _text(_action(event, seal)),
        "actor": _actor(event),
        "target": _target(event, seal),
        "parameters": _parameters(event, seal),
        "approval_status": _approval(event, decision),
        "approved_by": _by(decision) if decision and decision["verdict"] == "approve" else None,
        "result": _result(event),
        "event": event.kind,
        "seq": event.seq,
        "task": event.task,
        "card": event.card,
        **{key: _plain(data[key]) for key in PLACED if key in data},
        "ledger": mark(ledger) if marked is None else marked,
    }
    text = json.dumps(written, ensure_ascii=True, separators=(", ", ": "))
    return text.replace("\x7f", "\\u007f")  # the one control character that JSON lets pass


def mark(ledger: Ledger) -> str:
    """By what a line names the ledger that it comes from: two machines share the folder.

    Made of the ledger's first event, so that a copy that is put back is the same ledger.
    Empty while the ledger has no event.
    """
    for first in ledger.events(limit=1):
        whole = f"{first.at!r} {first.kind} {first.task} {first.card}"
        return hashlib.sha256(whole.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return ""


def read(text: bytes) -> dict[str, Any] | None:
    """A line of a log, or None when it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def event_of(line: Mapping[str, Any], ledger: Ledger) -> Event | None:
    """The event in the ledger that has the line's number, or None."""
    seq = line.get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 < seq < 2**62:
        return None
    found = ledger.events(seq - 1, limit=1)
    return found[0] if found and found[0].seq == seq else None


def same_event(line: Mapping[str, Any], event: Event) -> bool:
    """Whether a line of the log tells of this very event. A ledger that was put back from a
    copy uses its numbers a second time."""
    return (line.get("timestamp"), line.get("event"), line.get("task"), line.get("card")) == (
        _time(event),
        event.kind,
        event.task,
        event.card,
    )


def _time(event: Event) -> str:
    return datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds")


def _seal(event: Event, ledger: Ledger) -> sqlite3.Row | None:
    """The sealed version that the event is about, if it is about one."""
    version = event.data.get("version")
    if not event.card or not isinstance(version, int | None):
        return None
    if version is None and event.kind == "try_failed":  # only one version is ever attempted
        where = "card = ? AND version = (SELECT max(version) FROM attempt WHERE card = ?)"
        values: tuple[Any, ...] = (event.card, event.card)
    else:
        where, values = "card = ? AND version = ?", (event.card, version)
    found: sqlite3.Row | None = ledger.db.execute(
        f"SELECT version, tool, args, attachments FROM seal WHERE {where}", values
    ).fetchone()
    return found


#: What follows from a decision and comes after it. Other events may be written before it.
AFTER_DECISION = frozenset({"decided", "attempt", "try_failed", "outcome"})


def _decision(event: Event, seal: sqlite3.Row | None, ledger: Ledger) -> sqlite3.Row | None:
    if seal is None or event.kind not in AFTER_DECISION:
        return None
    found: sqlite3.Row | None = ledger.db.execute(
        "SELECT verdict, channel, who FROM decision WHERE card = ? AND version = ?",
        (event.card, seal["version"]),
    ).fetchone()
    return found


def _action(event: Event, seal: sqlite3.Row | None) -> str:
    if seal is not None:
        return str(seal["tool"])
    return str(event.data["tool"]) if event.kind in WITHOUT_CARD else event.kind


def _by(decision: Mapping[str, Any] | sqlite3.Row) -> str:
    if decision["channel"] == "rule":
        return f"rule: {_text(str(decision['who']))}"
    return f"{_text(str(decision['who']))} ({_text(str(decision['channel']))})"


def _actor(event: Event) -> str:
    return _by(event.data) if {"who", "channel"} <= set(event.data) else "factotum"


def _target(event: Event, seal: sqlite3.Row | None) -> str:
    reached = _reached(seal["tool"], seal["args"]) if seal else ""
    return _text(reached or str(event.data.get("name") or event.card or event.task))


@lru_cache(maxsize=256)
def _reached(tool: str, args: str) -> str:
    """Whom a call reaches: a card has some five events, one after the other."""
    return ", ".join(recipients(tool, json.loads(args)))


def _approval(event: Event, decision: sqlite3.Row | None) -> str | None:
    if decision is not None:
        rule = decision["channel"] == "rule"
        return "allowed by rule" if rule else APPROVALS.get(decision["verdict"])
    known = {
        "sealed": "pending",
        "resealed": "pending",
        "shown": "pending",
        "denied": "denied by rule",
    }
    return known.get(event.kind, event.kind if event.kind in {"expired", "withdrawn"} else None)


def _result(event: Event) -> str | None:
    data = event.data
    match event.kind:
        case "attempt":
            return "begun"
        case "try_failed":
            return "failed before anything left"
        case "outcome":
            return _text(str(data.get("status", ""))).lower()
        case _:
            told = data.get("result") or data.get("verdict") or data.get("choice")
            return _text(str(told)) if told else None


def _parameters(event: Event, seal: sqlite3.Row | None) -> dict[str, Any]:
    told = {key: value for key, value in event.data.items() if key not in PLACED}
    given = {_text(key): _measured(key, value, 0) for key, value in told.items()}
    if seal is not None and event.kind in {"sealed", "resealed", "attempt"}:
        given["arguments"] = _arguments(seal["tool"], json.loads(seal["args"]))
        files = json.loads(seal["attachments"])
        if files:
            given["attachments"] = [
                {
                    "name": _text(file["name"]),
                    "size_bytes": file["size_bytes"],
                    "sha256": file["sha256"],
                }
                for file in files
            ]
    return given


def _arguments(tool: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Of each argument its size; of those that name recipients, the recipients."""
    reach = row_of(tool).facets.get("recipients", ())
    return {
        _text(name): _plain(value) if name in reach else _size(value)
        for name, value in args.items()
    }


def _size(value: Any) -> Any:
    match value:
        case None | bool() | int():
            return value
        case str():
            return _checksum(value)
        case list() | dict():
            return {"items": len(value)}
        case _:
            return _checksum(str(value))


def _measured(key: str, value: Any, depth: int) -> Any:
    return _size(value) if key in MEASURED else _plain(value, depth)


def _plain(value: Any, depth: int = 0) -> Any:
    """A value as it may be written: short texts, numbers, and lists and tables of them."""
    match value:
        case None | bool() | int() | float():
            return value
        case str() if len(value) <= TEXT_CHARS_MOST:
            return _text(value)
        case list() if depth < DEPTH_MOST:
            return [_plain(one, depth + 1) for one in value[:LIST_MOST]]
        case dict() if depth < DEPTH_MOST:
            pairs = list(value.items())[:LIST_MOST]
            return {_text(str(key)): _measured(str(key), one, depth + 1) for key, one in pairs}
        case _:
            return _size(value)


def _checksum(text: str) -> dict[str, Any]:
    whole = text.encode("utf-8", "backslashreplace")
    return {"chars": len(text), "sha256": hashlib.sha256(whole).hexdigest()}


def _text(text: str) -> str:
    """Without what looks like a key. The secrets that we were given the ledger leaves out of an
    event, since the line must be the same in every process."""
    if len(text) >= KEY_CHARS_LEAST:
        text = LOOKS_LIKE_A_KEY.sub(BLACKED_OUT, text)
    if len(text) <= TEXT_CHARS_MOST and _PLAIN.fullmatch(text):
        return text  # as nearly all are
    return one_line(text, TEXT_CHARS_MOST)
