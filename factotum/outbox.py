"""The outbox: what is to be said on a channel, durable, and said once.

A row is one message in one chat. It says what the message is to show; the channel sends it, or
changes it where it stands. Before a send the row is marked: where the outcome is lost, by a kill
or a broken line, it stays marked and is never sent again, for a second message would be one too
many; it counts as lost, which is shown. Changing a message in place can be repeated.
May be written by any process of the same user.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factotum.ledger import Ledger, dumps

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
        return _digest(self.wanted)


def _digest(wanted: Mapping[str, Any]) -> str:
    return hashlib.sha256(dumps(wanted).encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Outbox:
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
        return self._one("channel = ? AND chat = ? AND message = ?", (channel, chat, message))

    def newest(self, channel: str, chat: str) -> Row | None:
        """The last message of ours that stands in this chat."""
        where = "channel = ? AND chat = ? AND state = 'sent' ORDER BY told DESC, seq DESC"
        return self._one(where, (channel, chat))

    def _one(self, where: str, values: tuple[Any, ...]) -> Row | None:
        row = self.ledger.db.execute(f"SELECT * FROM said WHERE {where} LIMIT 1", values).fetchone()
        return _row(row) if row else None

    # -- what is to be said

    def put(
        self,
        channel: str,
        chat: str,
        key: str,
        wanted: Mapping[str, Any],
        now: float,
        *,
        kind: str = "notice",
        rank: int = NEWS,
        made_of: str = "",
        stage: str | None = None,
    ) -> Row:
        """Has the message of this key show `wanted`, and says it if it was not said yet."""
        text = dumps(wanted)
        with self.ledger.tx() as db:
            db.execute(
                "INSERT OR IGNORE INTO said (channel, chat, key, kind, rank, wanted, made_of,"
                " stage, state, due, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', 1, ?)",
                (channel, chat, key, kind, rank, text, made_of, stage or "", now),
            )
            db.execute(
                "UPDATE said SET wanted = ?, made_of = ?, stage = coalesce(?, stage),"
                " due = CASE WHEN state = 'waiting' THEN 1 WHEN state = 'sending' THEN due"
                " WHEN state = 'sent' THEN shows <> ? ELSE 0 END, not_before = 0"
                " WHERE channel = ? AND chat = ? AND key = ? AND (wanted, made_of) <> (?, ?)",
                (text, made_of, stage, _digest(wanted), channel, chat, key, text, made_of),
            )
            found = self.row(channel, chat, key)
            assert found is not None
            return found

    def drop(self, seq: int, why: str) -> None:
        """Takes back what was not sent yet; what stands there stays."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET state = 'dropped', due = 0, why = ?"
                " WHERE seq = ? AND state = 'waiting'",
                (why, seq),
            )

    # -- saying it

    def due(self, channel: str, most: int = 50) -> list[Row]:
        """What is to be sent or changed, what matters most first."""
        rows = self.ledger.db.execute(
            "SELECT * FROM said WHERE channel = ? AND due = 1 ORDER BY rank, seq LIMIT ?",
            (channel, most),
        )
        return [_row(row) for row in rows.fetchall()]

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
                "UPDATE said SET shows = ?, tries = 0, why = '', due = wanted <> ? WHERE seq = ?",
                (row.digest, dumps(row.wanted), row.seq),
            )

    def again(self, row: Row, why: str, not_before: float) -> None:
        """Nothing was sent; it waits till then (epoch seconds)."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET due = 1, why = ?, not_before = ?,"
                " state = CASE state WHEN 'sending' THEN 'waiting' ELSE state END WHERE seq = ?",
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

    def gone(self, row: Row) -> None:
        """The message is there no more: the next that is wanted of it is sent anew."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET state = 'waiting', message = '', shows = '', due = 1"
                " WHERE seq = ? AND state = 'sent'",
                (row.seq,),
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
        """A tap shows that a message stands there whose send was lost."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET state = 'sent', message = ?, shows = '', told = ?, due = 1"
                " WHERE seq = ? AND state IN ('lost', 'sending') AND message = ''",
                (message, now, seq),
            )


def _row(row: sqlite3.Row) -> Row:
    plain = dict(row)
    return Row(**{**plain, "wanted": json.loads(row["wanted"]), "due": bool(row["due"])})
