"""The words of the office: states, tasks, calls, outcomes.

Plain frozen data and a table. Nothing here reads a file, a clock or a setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Where a note lies. The value is the key under which `status --json` counts it."""

    INBOX = "inbox"
    NEEDS_ACTION = "needs_action"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    PENDING = "pending_approval"
    APPROVED = "approved"
    REJECTED = "rejected"
    DONE = "done"
    FAILED = "failed"


#: The folder of each state, from the root of the vault. In_Progress has a folder per
#: instance below it, and Waiting is inside that one; Done has a folder per month.
FOLDERS: dict[State, str] = {
    State.INBOX: "Inbox",
    State.NEEDS_ACTION: "Needs_Action",
    State.IN_PROGRESS: "In_Progress",
    State.WAITING: "In_Progress",
    State.PENDING: "Pending_Approval",
    State.APPROVED: "Approved",
    State.REJECTED: "Rejected",
    State.DONE: "Done",
    State.FAILED: "Failed",
}

#: The folder inside In_Progress/<instance>/ where a task lies that awaits a person.
WAITING_FOLDER = "waiting"


class Trust(StrEnum):
    """Whose words a task carries. Kept in the ledger, never read from a note."""

    OWNER = "owner"
    KNOWN = "known"
    STRANGER = "stranger"

    def lowest(self, other: Trust) -> Trust:
        """The label of what holds words of both: it only falls."""
        order = (Trust.OWNER, Trust.KNOWN, Trust.STRANGER)
        return max(self, other, key=order.index)


class Risk(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Effect(StrEnum):
    """What may be done about an attempt whose outcome was lost.

    idempotent: do it again under the same key. queryable: ask the outside whether it
    happened. opaque: neither; only a person can tell.
    """

    IDEMPOTENT = "idempotent"
    QUERYABLE = "queryable"
    OPAQUE = "opaque"


@dataclass(frozen=True)
class Attachment:
    """A file that came with a task or goes out with a call.

    `sha256` is the hex digest of its bytes; `path` is where those bytes lie now: a path
    relative to the root of the vault, or an absolute one in the state directory.
    """

    name: str
    size_bytes: int
    sha256: str
    path: str = ""


@dataclass(frozen=True)
class Call:
    """One wish of the agent: a tool's full name (`mail__send`) and its arguments."""

    tool: str
    args: Mapping[str, Any]


#: What a task can be; the `type` property of its note.
KINDS = ("email", "file", "message", "schedule", "heartbeat", "webhook", "paid_job", "note")


@dataclass(frozen=True)
class Task:
    """A task as the agent sees it.

    `kind` is one of KINDS.
    `sender` is an address or a name, empty when the owner typed the note. `text` is the
    content without our header and fences, `added` what the owner wrote below what came from
    somebody else, `enclosed` what stands in files that came beside it. `answers` maps the field
    that was asked for (empty string: a free question) to what the owner answered. `by_itself`
    says that a schedule began it, or the task that handed it on: nobody asked for it just now.
    `trust` is the lowest label of all that it has read, `words` that of its own text alone.
    """

    id: str
    kind: str
    title: str
    text: str
    trust: Trust
    source: str = ""
    sender: str = ""
    sender_name: str = ""
    received: datetime | None = None
    attachments: tuple[Attachment, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    added: str = ""
    by_itself: bool = False
    words: Trust | None = None
    enclosed: str = ""

    @property
    def is_owners(self) -> bool:
        """Whether its text is the owner's, whatever it has read since."""
        return (self.words or self.trust) is Trust.OWNER


# What became of one attempt at an effect. `perform` returns one of these four.


@dataclass(frozen=True)
class Succeeded:
    """It happened, and the other side said so. `receipt` is flat JSON for the Done note."""

    receipt: Mapping[str, Any]


@dataclass(frozen=True)
class FailedClean:
    """Provably nothing left the house. `again`: the same seal may be tried once more."""

    reason: str
    again: bool = False


@dataclass(frozen=True)
class Lost:
    """It may or may not have happened. `last_known` says what was seen last, in words."""

    last_known: str


@dataclass(frozen=True)
class Cancelled:
    """A person stopped it before the first byte left."""

    by: str


Outcome = Succeeded | FailedClean | Lost | Cancelled
