"""The rows of the outbox, and all that is asked of them. Changes nothing.

How a row comes to be shown is in `said_way.py`, what it is to show in `outbox.py`.
"""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factotum.ledger import Ledger, dumps
from factotum.said_kinds import BESIDE, MOVED, listed

#: What became of a message.
WAITING, SENDING, SENT, LOST, FAILED, DROPPED = (
    "waiting",
    "sending",
    "sent",
    "lost",
    "failed",
    "dropped",
)

#: In which order messages are said that wait together: what answers a person's own word comes
#: first. Lower is earlier.
ANSWER, CARD, NEWS, QUIET = 0, 1, 2, 3

#: So often a change of a message may fail before it gives way to others.
STUCK_TRIES = 3

#: The longest reason that is kept, in characters.
WHY_CHARS = 500


@dataclass(frozen=True)
class Row:
    """One message. `wanted` is what it is to show, as JSON; `made_of` is what it was made from,
    so that it is made anew only when that changed; `stage` is how far a person has come with
    it; `message` its id on the other side, when it is there."""

    seq: int
    channel: str
    chat: str
    key: str
    kind: str
    rank: int
    wanted: Mapping[str, Any]
    made_of: str
    stage: str
    shows: str
    state: str
    due: bool
    message: str
    tries: int
    not_before: float
    why: str
    at: float
    told: float | None

    @property
    def digest(self) -> str:
        """What `shows` becomes when the message shows what is wanted."""
        return digest_of(self.wanted)


def digest_of(wanted: Mapping[str, Any]) -> str:
    return hashlib.sha256(dumps(wanted).encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Said:
    """Every question about the rows; each looks at what it asks for alone, however many messages
    are kept."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def row(self, channel: str, chat: str, key: str) -> Row | None:
        return self._one("channel = ? AND chat = ? AND key = ?", (channel, chat, key))

    def of(self, seq: int) -> Row:
        found = self._one("seq = ?", (seq,))
        assert found is not None
        return found

    def standing(self, channel: str, chat: str, message: str) -> Row | None:
        """The row of the message with this id, or None for one that is not ours."""
        if not message:
            return None
        found = self._one("channel = ? AND chat = ? AND message = ?", (channel, chat, message))
        if found is not None and found.kind == MOVED and found.stage:
            return self.of(int(found.stage))
        return found

    def stood(self, row: Row, chat: str, message: str) -> bool:
        """Whether this is where its message stood before it was sent once more."""
        old = self.row(row.channel, chat, f"{MOVED} {message}")
        return old is not None and old.stage == str(row.seq)

    def newest(self, channel: str, chat: str) -> Row | None:
        """The last message that stands in this chat with something to say of its own."""
        where = (
            "channel = ? AND chat = ? AND state = 'sent'"
            f" AND kind NOT IN ({listed(BESIDE)}) ORDER BY told DESC, seq DESC"
        )
        return self._one(where, (channel, chat))

    def unsaid(self, channel: str, kind: str) -> list[Row]:
        """What of this kind waits to be said for the first time, the oldest first."""
        where = "channel = ? AND kind = ? AND state = 'waiting' AND due = 1 ORDER BY seq"
        return self._all(where, (channel, kind))

    def doubtful(self, channel: str, chat: str) -> list[Row]:
        """What may stand there, and of which that is not known; the newest first."""
        where = (
            "channel = ? AND chat = ? AND message = '' AND state IN ('sending', 'lost')"
            " ORDER BY seq DESC LIMIT 50"
        )
        return self._all(where, (channel, chat))

    def by_key(self, channel: str, key: str) -> list[Row]:
        """The rows of this key in whichever chats of the channel, the newest first."""
        return self._all("channel = ? AND key = ? ORDER BY seq DESC", (channel, key))

    def kept(self, channel: str, kind: str) -> list[Row]:
        """Those of this kind with which a person has not come to the end, the oldest first."""
        where = "channel = ? AND kind = ? AND stage <> '' ORDER BY seq"
        return self._all(where, (channel, kind))

    def at_stage(self, channel: str, kinds: tuple[str, ...], stage: str) -> list[Row]:
        """Those of these kinds with which a person has come to just this stage."""
        where = f"channel = ? AND kind IN ({listed(kinds)}) AND stage <> '' AND stage = ?"
        return self._all(where, (channel, stage))

    def in_state(self, channel: str, state: str, kinds: tuple[str, ...], since: float) -> list[Row]:
        """Those of these kinds that are WAITING or FAILED, made after that moment (epoch
        seconds), the oldest first."""
        where = (
            f"channel = ? AND state = '{state}' AND kind IN ({listed(kinds)}) AND at > ?"
            " ORDER BY seq"
        )
        return self._all(where, (channel, since))

    def speaks(self, channel: str, now: float) -> bool:
        """Whether something is to be said by now, or is being said."""
        return bool(self.due(channel, 1, now=now)) or bool(self.sending(channel))

    def sending(self, channel: str) -> list[Row]:
        return self._all("channel = ? AND state = 'sending'", (channel,))

    def _one(self, where: str, values: tuple[Any, ...]) -> Row | None:
        return next(iter(self._all(f"{where} LIMIT 1", values)), None)

    def _all(self, where: str, values: tuple[Any, ...]) -> list[Row]:
        rows = self.ledger.db.execute(f"SELECT * FROM said WHERE {where}", values)
        return [_row(row) for row in rows.fetchall()]

    # -- what is to be said

    def due(self, channel: str, most: int = 50, chat: str = "", now: float = math.inf) -> list[Row]:
        """What is to be sent or changed by now, what matters most first; with `chat` there
        alone. What could not be changed several times has its turn behind the others."""
        where = (
            "channel = ? AND due = 1 AND ? IN ('', chat) AND not_before <= ?"
            " ORDER BY state = 'sent' AND tries >= ?, rank, seq LIMIT ?"
        )
        return self._all(where, (channel, chat, now, STUCK_TRIES, most))

    def chats_due(self, channel: str, chat: str, now: float) -> list[str]:
        """In which chats there is something to send or to change by now, the first first."""
        rows = self.ledger.db.execute(  # the plus keeps it to the few that are due
            "SELECT chat FROM said WHERE channel = ? AND due = 1 AND ? IN ('', chat)"
            " AND not_before <= ? GROUP BY +chat ORDER BY min(rank), min(seq)",
            (channel, chat, now),
        )
        return [str(row["chat"]) for row in rows]

    def next_at(self, channel: str, chat: str, now: float) -> float | None:
        """From when on more may be said than now, in epoch seconds; None for never."""
        (at,) = self.ledger.db.execute(
            "SELECT min(not_before) FROM said WHERE channel = ? AND due = 1"
            " AND ? IN ('', chat) AND not_before > ?",
            (channel, chat, now),
        ).fetchone()
        return None if at is None else float(at)


def _row(row: sqlite3.Row) -> Row:
    plain = dict(row)
    return Row(**{**plain, "wanted": json.loads(row["wanted"]), "due": bool(row["due"])})
