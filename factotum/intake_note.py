"""The note of a task that a dropped file makes, and what the ledger keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from factotum.inert import inert, one_line
from factotum.model import Attachment
from factotum.note import fence, render
from factotum.reading import Reading
from factotum.words import dated, size
from factotum.worker.brief import CONTENT, ENCLOSED, ENCLOSED_MARK


def note_of(
    id: str,
    source: str,
    reading: Reading,
    files: tuple[Attachment, ...],
    now: datetime,
    after: str = "",
    enclosed: str = "",
) -> bytes:
    """The task note: what is known by code above, the words that came in a fence below.

    `source` is empty for the owner's own words, that came another way than by a note. `now`
    carries the zone in which times are shown. `after` is the note of the task that it goes on
    from, if any; `enclosed` what stands in files that came beside the words.
    """
    at = reading.received or now
    props = {
        "id": id,
        "type": reading.kind,
        **({"source": source} if source else {}),
        "from": _from(reading),
        "title": reading.title,
        "received": at.isoformat(timespec="seconds"),
        "priority": "normal",
        "status": "pending",
        "attachments": [_link(file) for file in files],
        "aliases": [one_line(reading.title, 120)],
    }
    came = f"from {source}" if source else ""
    told = (_from(reading), dated(at.astimezone(now.tzinfo)), came, _proved(reading))
    facts = [part for part in told if part]
    body = [f"# {inert(one_line(reading.title, 120))}", inert(" · ".join(facts))]
    if after:
        body.append(f"It goes on from [[{after}]].")
    body += [f"📎 {_link(file)} ({size(file.size_bytes)})" for file in files]
    body += [f"> [!warning] {inert(remark)}" for remark in reading.remarks]
    body += [f"## {CONTENT}", fence(reading.text)]
    if enclosed:
        body += [f"{ENCLOSED_MARK}\n## {ENCLOSED}", fence(enclosed)]
    return render(props, "\n\n".join(body) + "\n")


def _proved(reading: Reading) -> str:
    """Whether the owner's mail server vouches for the sender of a mail; if not, what the mail
    says of that itself, which anybody can write."""
    if reading.kind != "email":
        return ""
    if reading.properties.get("verified") is True:
        return "sender verified"
    claimed = str(reading.properties.get("claimed") or "")
    return f"sender not verified{f' (the mail itself says {claimed})' if claimed else ''}"


def _link(file: Attachment) -> str:
    if file.path.startswith("/"):
        return inert(file.path)
    return f"[[{file.path}|{_link_text(file.name)}]]"


def _from(reading: Reading) -> str:
    if reading.sender_name and reading.sender:
        return f"{reading.sender_name} <{reading.sender}>"
    return reading.sender or reading.sender_name


def _link_text(name: str) -> str:
    return "".join(c for c in name if c not in "[]|#^")


def facts_of(reading: Reading, files: tuple[Attachment, ...]) -> dict[str, Any]:
    """What the ledger keeps of a dropped file, for rules and replies."""
    return {
        "sender": reading.sender,
        "sender_name": reading.sender_name,
        "subject": reading.title,
        "received": reading.received.isoformat() if reading.received else "",
        "attachments": [vars(file) for file in files],
        "properties": _plain(reading.properties),
    }


def _plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in properties.items()
        if isinstance(value, str | int | bool | list | tuple)
    }
