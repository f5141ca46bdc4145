"""What a watcher hands in: one thing from outside that becomes one task. Data alone.

A watcher knows nothing of the vault or the ledger. It says what came, from whom, and how far
that may be believed; the mailroom makes a note and a row of it, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from factotum.model import Trust


@dataclass(frozen=True)
class File:
    """A file that came with it, under the name that it came with."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Bundle:
    """What a thing is collected in that is not worth a task of its own. `key` names it within
    its source, `title` is that of the task that is made of all, with `{n}` for how many they
    are, at the moment `due` (epoch seconds) of the first of them."""

    key: str
    title: str
    due: float


@dataclass(frozen=True)
class Drop:
    """`source` is the watcher's name, and `source_id` what it knows this thing by: the same two
    make the same task, however often they are handed in. Of a mail that is its place in the
    mailbox (`uidvalidity:uid`), never its Message-ID, which its writer chooses.

    `trust` is whose words these are, decided by code from what its writer cannot choose: of a
    mail by `mailroom.letter`, of a chat by the id of an owner who is on the list. `kind` is one
    of `model.KINDS`. `received` carries a zone. `properties` are facts for rules and replies
    (message_id, in_reply_to, references, to, cc, reply_to; `verified` only where the own mail
    server vouched for the sender). `remarks` are for the person: what could not be read.
    `ours` are facts for our own code, which no words of others can set. `enclosed` is what stands
    in the files of somebody whose `body` may be the owner's: nobody's order, whoever sent it.
    With a `bundle` it is told with others of its kind. `known_as` is another id by which it counts
    as seen from then on, for a watcher that must know it again when its place was numbered anew.
    """

    source: str
    source_id: str
    kind: str
    title: str
    body: str
    trust: Trust = Trust.STRANGER
    sender: str = ""
    sender_name: str = ""
    received: datetime | None = None
    attachments: tuple[File, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    ours: Mapping[str, Any] = field(default_factory=dict)
    bundle: Bundle | None = None
    known_as: str = ""
    enclosed: str = ""
