"""Named places where a test can kill the process, to see what the next start makes of it.

FACTOTUM_FAILPOINT=name[:n] makes the process SIGKILL itself the n-th time that it comes by, so
nothing is flushed, closed or tidied up. Unset, a place costs one look into a dictionary. Who
wants to know which places a life comes by can `listen`.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass

VARIABLE = "FACTOTUM_FAILPOINT"

#: Every place by name: what has just happened, or is about to.
NAMES: dict[str, str] = {
    "claim.renamed": "a task's note lies in our folder; the ledger does not know it yet",
    "claim.registered": "the ledger knows the task; its first turn has not begun",
    "task.dropped": "a dropped file is marked as seen; it is not put away yet",
    "inbox.claimed": "a dropped file was taken out of Inbox; it is not read yet",
    "inbox.read": "a dropped file was read; no note exists yet",
    "inbox.dropped": "the note of a dropped file exists; the file is not marked as seen",
    "watch.kept": "the files of what a watcher heard are kept; the ledger knows no task of it",
    "watch.registered": "the ledger knows the task of what a watcher heard; no note exists yet",
    "watch.dropped": "the note of what a watcher heard exists; it does not count as seen",
    "watch.seen": "what a watcher heard counts as seen, and the cursor has moved on",
    "join.lowered": "a task's label has fallen to that of a mail that joined it; nothing else has",
    "join.written": "a task's note holds a mail that joined it; the ledger does not know it yet",
    "join.anew": "a mail that joined a task too late is a task; the ledger has it wait still",
    "step.recorded": "a step of a task is in the ledger; nothing has followed from it",
    "turn.heard": "a model has answered; what it said is not in the ledger yet",
    "turn.recorded": "what a model said is in the ledger; nothing has followed from it",
    "redraft.begun": "an order to change a draft is begun; no model was asked",
    "redraft.thought": "a model has answered an order; neither version nor cost is in the ledger",
    "redraft.sealed": "a draft has a new version; its note shows the one before",
    "child.registered": "a task that was handed on is in the ledger; its note is not there yet",
    "seal.committed": "an effect is sealed; its card is not written yet",
    "card.written": "a card lies in Pending_Approval; the ledger does not know its file",
    "task.waiting": "a task's note was moved to the waiting folder",
    "decision.recorded": "a person's decision is in the ledger; the card has not moved",
    "attempt.begun": "an attempt is in the ledger; nothing has left",
    "effect.before": "an effect is about to be carried out",
    "effect.after": "an effect was carried out; its outcome is not in the ledger",
    "outcome.recorded": "an outcome is in the ledger; no note shows it",
    "mail.connected": "the mail server has greeted; MAIL and RCPT come next",
    "mail.phase": "the recipients are accepted; the phase file is written next",
    "mail.data": "the phase file says `data`; the content is sent next",
    "mail.dot": "the content is sent to its end; the mail server's answer is not read",
    "mail.accepted": "the mail server has taken the letter; no copy is in Sent",
    "mail.sent_copy": "the letter is out, and its copy is in Sent",
    "card.rewritten": "a card's note has its new words; it does not lie in its new folder yet",
    "card.projected": "a card was moved to where its outcome belongs",
    "task.receipts": "the receipts are in the note; it has not moved",
    "task.projected": "a finished note was moved to Done or Failed",
    "tap.recorded": "what a tap on a channel decides is in the ledger; nobody was told",
    "talk.heard": "what was said on a channel is durable; the channel does not know",
    "said.begun": "a message is marked as being sent; nothing of it has left",
    "said.sent": "a message was sent; its id is not in the ledger",
    "said.recorded": "a message that was sent is in the ledger with its id",
    "said.changed": "a message was changed in place; the ledger does not know",
    "log.sealed": "events have their codes in the ledger; the key has not moved on",
    "log.appended": "a line was written into Logs",
    "notice.told": "a notice is marked as told; no sign was given of it yet",
    "snapshot.written": "the snapshot for the views was written",
}


class FailpointError(Exception):
    """There is no such place: which name, and where the names are listed."""


@dataclass
class _Armed:
    name: str
    left: int


_lock = threading.Lock()
_armed: _Armed | None = None
_told: Callable[[str], None] | None = None


def arm(text: str) -> None:
    """Sets the place, `name` or `name:n`; "" sets none. Raises FailpointError."""
    global _armed  # noqa: PLW0603  a process has one way to die
    name, _, count = text.partition(":")
    if not text:
        _armed = _Armed("", 0)
    elif name not in NAMES:
        raise FailpointError(
            f"{VARIABLE}: there is no failpoint {name!r}. List them: factotum doctor --failpoints"
        )
    elif count and not (count.isascii() and count.isdigit() and int(count)):
        raise FailpointError(f"{VARIABLE}: write {name}:n with n a whole number from 1 upwards")
    else:
        _armed = _Armed(name, int(count or 1))


def listen(told: Callable[[str], None] | None) -> None:
    """Has `told` hear the name of every place that is come by, before anybody dies there; it is
    called on whatever thread that is. None ends it."""
    global _told  # noqa: PLW0603  as above
    _told = told


def hit(name: str) -> None:
    """Says that the process has come to `name`. KeyError if no place has that name."""
    NAMES[name]
    if _told is not None:
        _told(name)
    if _armed is None:
        arm(os.environ.get(VARIABLE, ""))
    assert _armed is not None
    if _armed.name == name:
        _pass(_armed)


def _pass(armed: _Armed) -> None:
    with _lock:
        armed.left -= 1
        if armed.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
