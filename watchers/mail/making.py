"""What is made of one mail: a task, a line of the daily digest, or nothing. Pure.

A mail that cannot be read becomes a task that says so; none is ever dropped for being broken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from factotum.drop import Bundle, Drop
from factotum.letter import letter
from factotum.mailauth import Sender
from factotum.model import Trust
from factotum.reading.shape import Reading
from factotum.words import size
from watchers.digest_time import next_digest
from watchers.mail.bounce import bounce_of
from watchers.mail.rules import Do, Mail, Rule, decide
from watchers.mail.sorting import Sort, head_bytes, head_of

#: Under which name the day's lists and machines are collected.
DIGEST = "digest"
DIGEST_TITLE = "{n} newsletters and notices"
#: What was thrown away while nobody listened, and what is not written yet.
NO_MAIL = {"\\Deleted", "\\Draft"}


@dataclass(frozen=True)
class Came:
    """A mail as it was fetched. `source_id` is its place in the mailbox; `at` when it came, in
    epoch seconds. Of a mail that is too large, `raw` is the beginning, `whole_bytes` its real
    size and `files` the names of what was left at the server. `fault` says why `raw` is not all
    that it should be."""

    raw: bytes
    source_id: str
    folder: str = "INBOX"
    flags: frozenset[str] = frozenset()
    at: float = 0.0
    whole_bytes: int = 0
    files: tuple[str, ...] = ()
    fault: str = ""


def known_as(raw: bytes) -> str:
    """What a mail is known by wherever it lies: all its headers, with what the own server wrote
    into them, so that nobody can send one that counts as another."""
    return f"={hashlib.sha256(head_bytes(raw)).hexdigest()[:32]}"


@dataclass(frozen=True)
class Maker:
    """For one source. `own` are the owner's addresses, `read` is `reading.read`, `digest_at`
    the hour at which what was collected is told."""

    source: str
    read: Callable[[bytes, str], Reading]
    zone: Callable[[float], datetime]
    account: str = ""
    own: frozenset[str] = field(default_factory=frozenset)
    digest_at: str = "07:00"

    def make(
        self,
        came: Came,
        rules: Sequence[Rule],
        label: tuple[Trust, Sender],
        now: float,
        reading: Reading | None = None,
    ) -> Drop | None:
        """None for what is left alone: by a rule, or since it was thrown away or is a draft.
        `reading` is what `read` said of it, if it was read."""
        if came.flags & NO_MAIL:
            return None
        head = head_of(came.raw, self.own)
        known = label[0] is Trust.KNOWN
        do = decide(rules, Mail(head, came.folder, self.account, came.flags, known))
        if do is Do.IGNORE:
            return None
        drop = self._drop(came, label, reading)
        if head.sort is Sort.BOUNCE:
            drop = _as_bounce(drop, came.raw)
        if do is Do.DIGEST:
            due = next_digest(now, self.zone, self.digest_at)
            return replace(drop, bundle=Bundle(DIGEST, DIGEST_TITLE, due), attachments=())
        return drop

    def _drop(self, came: Came, label: tuple[Trust, Sender], reading: Reading | None) -> Drop:
        try:
            read = self.read if reading is None else lambda data, name: reading
            drop = letter(came.raw, self.source, came.source_id, label, read)
        except Exception as broken:  # noqa: BLE001 - no mail may stop those after it
            drop = self._unread(came, label, type(broken).__name__)
        if drop.kind != "email":  # its bytes look like something else; it is a mail all the same
            drop = replace(drop, kind="email", title=_title(drop.title))
        remarks = drop.remarks
        if came.fault:
            remarks = (*remarks, came.fault)
        if came.whole_bytes:
            remarks, drop = (*remarks, _too_large(came)), replace(drop, attachments=())
        received = drop.received or (self.zone(came.at) if came.at else None)
        mark = known_as(came.raw) if came.raw else ""
        return replace(drop, remarks=remarks, received=received, known_as=mark)

    def _unread(self, came: Came, label: tuple[Trust, Sender], why: str) -> Drop:
        trust, sender = label
        remark = f"this mail could not be read ({why}): look at it in your mailbox"
        return Drop(
            *(self.source, came.source_id, "email", "A mail that could not be read", "", trust),
            sender=sender.address,
            remarks=(remark,),
        )


def _title(title: str) -> str:
    return title if title and title != "mail" else "A mail that could not be read"


def _too_large(came: Came) -> str:
    left = f" Left at the server: {', '.join(came.files)}." if came.files else ""
    return (
        f"the mail has {size(came.whole_bytes)}, which is more than is fetched: only its "
        f"beginning was read.{left}"
    )


def _as_bounce(drop: Drop, raw: bytes) -> Drop:
    """The notice, told in a sentence. It has no sender, so that nobody can answer a machine."""
    found = bounce_of(raw)
    facts = {key: value for key, value in drop.properties.items() if key != "reply_to"}
    facts.update(bounce_of=found.of, bounce_to=list(found.to), bounce_why=found.why)
    return replace(
        drop,
        title=found.title,
        body=f"{found.told}\n\n{drop.body}".strip(),
        sender="",
        sender_name=drop.sender_name or drop.sender or "a mail server",
        properties={key: value for key, value in facts.items() if value},
        ours={**drop.ours, "bounce": True},
    )
