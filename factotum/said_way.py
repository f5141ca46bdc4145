"""How far a message of the outbox has come on its way to being shown.

Marked before the first byte leaves and after the other side has answered; what stays marked in
between is never sent again. Says nothing of what is to be said: that is `outbox.py`.
"""

from __future__ import annotations

from factotum.ledger import dumps
from factotum.said import NEWS, QUIET, WHY_CHARS, Row, Said
from factotum.said_kinds import KINDS, MOVED


class OnItsWay(Said):
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
        rows = self.sending(channel)
        for row in rows:
            self.lost(row, "it was being sent when this machine or program stopped", now)
        return len(rows)

    def found(self, seq: int, message: str, now: float) -> None:
        """A tap or a reply shows that a message stands there of which that was not known."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET state = 'sent', message = ?, shows = '', told = ?, due = 1"
                " WHERE seq = ? AND state IN ('lost', 'sending') AND message = ''",
                (message, now, seq),
            )
