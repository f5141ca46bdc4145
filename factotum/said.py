"""The rows of the outbox: what each is to show, and how far it has come on its way there.

Marked before the first byte leaves and after the other side has answered; what stays marked in
between is never sent again. Says nothing of what is to be said: that is `outbox.py`.
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
from factotum.said_kinds import BESIDE, KINDS, MOVED, listed

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
        rows = self.ledger.db.execute(
            "SELECT * FROM said WHERE channel = ? AND kind = ? AND state = 'waiting' AND due = 1"
            " ORDER BY seq",
            (channel, kind),
        )
        return [_row(row) for row in rows.fetchall()]

    def doubtful(self, channel: str, chat: str) -> list[Row]:
        """What may stand there, and of which that is not known; the newest first."""
        rows = self.ledger.db.execute(
            "SELECT * FROM said WHERE channel = ? AND chat = ? AND message = ''"
            " AND state IN ('sending', 'lost') ORDER BY seq DESC LIMIT 50",
            (channel, chat),
        )
        return [_row(row) for row in rows.fetchall()]

    def _one(self, where: str, values: tuple[Any, ...]) -> Row | None:
        row = self.ledger.db.execute(f"SELECT * FROM said WHERE {where} LIMIT 1", values).fetchone()
        return _row(row) if row else None

    def ensure(
        self, channel: str, chat: str, key: str, now: float, *, kind: str, rank: int = NEWS
    ) -> Row:
        """The row of this message; made if need be, with nothing to say yet. Raises KeyError for
        a kind that is not in the table of them."""
        KINDS[kind]
        with self.ledger.tx() as db:
            db.execute(
                "INSERT OR IGNORE INTO said (channel, chat, key, kind, rank, wanted, made_of,"
                " state, due, at) VALUES (?, ?, ?, ?, ?, '{}', '', 'waiting', 0, ?)",
                (channel, chat, key, kind, rank, now),
            )
            found = self.row(channel, chat, key)
            assert found is not None
            return found

    def _stood(self, row: Row, now: float) -> Row:
        """Keeps in mind where the message of a row stood, for a reply or a tap that comes from
        there."""
        key = f"{MOVED} {row.message}"
        old = self.ensure(row.channel, row.chat, key, now, kind=MOVED, rank=QUIET)
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET state = 'sent', message = ?, stage = ?, told = ? WHERE seq = ?",
                (row.message, str(row.seq), row.told or now, old.seq),
            )
        return self.of(old.seq)

    # -- saying it

    def due(self, channel: str, most: int = 50, chat: str = "", now: float = math.inf) -> list[Row]:
        """What is to be sent or changed by now, what matters most first; with `chat` there
        alone. What could not be changed several times has its turn behind the others."""
        rows = self.ledger.db.execute(
            "SELECT * FROM said WHERE channel = ? AND due = 1 AND ? IN ('', chat)"
            " AND not_before <= ? ORDER BY state = 'sent' AND tries >= ?, rank, seq LIMIT ?",
            (channel, chat, now, STUCK_TRIES, most),
        )
        return [_row(row) for row in rows.fetchall()]

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

    def begin(self, row: Row) -> bool:
        """Marks it as being sent, durably, before the first byte leaves; False where another
        process was first, or it is wanted otherwise by now."""
        with self.ledger.tx() as db:
            done = db.execute(
                "UPDATE said SET state = 'sending', due = 0, tries = tries + 1"
                " WHERE seq = ? AND state = 'waiting' AND wanted = ?",
                (row.seq, dumps(row.wanted)),
            )
            return bool(done.rowcount)

    def sent(self, row: Row, message: str, now: float) -> None:
        """It stands there under this id, and shows what `row` wanted."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET state = 'sent', message = ?, shows = ?, told = ?, why = '',"
                " due = wanted <> ? WHERE seq = ? AND state IN ('sending', 'lost')",
                (message, row.digest, now, dumps(row.wanted), row.seq),
            )

    def showed(self, row: Row) -> None:
        """The message that stands there shows what `row` wanted."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET shows = ?, tries = 0, why = '', due = wanted <> ?"
                " WHERE seq = ? AND message = ?",
                (row.digest, dumps(row.wanted), row.seq, row.message),
            )

    def again(self, row: Row, why: str, not_before: float) -> None:
        """Nothing was sent; it waits till then (epoch seconds)."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET due = 1, why = ?, not_before = ?,"
                " tries = tries + (state = 'sent'),"
                " state = CASE state WHEN 'sending' THEN 'waiting' ELSE state END"
                " WHERE seq = ? AND state IN ('waiting', 'sending', 'sent')",
                (why[:WHY_CHARS], not_before, row.seq),
            )

    def failed(self, row: Row, why: str) -> None:
        """The other side does not take it. One that stands there stays as it is."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET due = 0, why = ?,"
                " state = CASE state WHEN 'sent' THEN 'sent' ELSE 'failed' END WHERE seq = ?",
                (why[:WHY_CHARS], row.seq),
            )

    def lost(self, row: Row, why: str, now: float) -> None:
        """It may stand there and may not: it is not sent again."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET state = 'lost', due = 0, why = ?, told = ?"
                " WHERE seq = ? AND state = 'sending'",
                (why[:WHY_CHARS], now, row.seq),
            )
            self.ledger.event("said_lost", now, what=row.kind, channel=row.channel, reason=why)

    def gone(self, row: Row, now: float) -> None:
        """The message is there no more, or cannot be changed: what is wanted is sent anew."""
        with self.ledger.tx() as db:
            done = db.execute(
                "UPDATE said SET state = 'waiting', message = '', shows = '', due = 1"
                " WHERE seq = ? AND state = 'sent' AND message = ?",
                (row.seq, row.message),
            )
            if done.rowcount:
                self._stood(row, now)

    def spoilt(self, seq: int) -> None:
        """Something else stands there than what was said: it is shown anew."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET shows = '', due = 1 WHERE seq = ? AND state = 'sent'", (seq,)
            )

    def recover(self, channel: str, now: float) -> int:
        """After a break: what was being sent then is lost. Call it with the channel's lock."""
        rows = self.ledger.db.execute(
            "SELECT * FROM said WHERE channel = ? AND state = 'sending'", (channel,)
        ).fetchall()
        for row in rows:
            self.lost(_row(row), "it was being sent when this machine or program stopped", now)
        return len(rows)

    def found(self, seq: int, message: str, now: float) -> None:
        """A tap or a reply shows that a message stands there of which that was not known."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET state = 'sent', message = ?, shows = '', told = ?, due = 1"
                " WHERE seq = ? AND state IN ('lost', 'sending') AND message = ''",
                (message, now, seq),
            )


def _row(row: sqlite3.Row) -> Row:
    plain = dict(row)
    return Row(**{**plain, "wanted": json.loads(row["wanted"]), "due": bool(row["due"])})
