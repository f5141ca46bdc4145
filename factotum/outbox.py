"""The outbox: what is to be said on a channel, durable, and said once.

A row is one message in one chat. It says what the message is to show; the channel sends it, or
changes it where it stands. Before a send the row is marked: where the outcome is lost, by a kill
or a broken line, it stays marked and is never sent again, for a second message would be one too
many; it counts as lost, which is shown. Changing a message in place can be repeated.
May be written by any process of the same user.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factotum.ledger import dumps
from factotum.said import (
    ANSWER,
    CARD,
    DROPPED,
    FAILED,
    LOST,
    NEWS,
    QUIET,
    SENDING,
    SENT,
    WAITING,
    WHY_CHARS,
    Row,
    digest_of,
)
from factotum.said_way import OnItsWay

__all__ = [
    "ANSWER",
    "CARD",
    "DROPPED",
    "FAILED",
    "LOST",
    "NEWS",
    "QUIET",
    "SENDING",
    "SENT",
    "WAITING",
    "Outbox",
    "Row",
]


class Outbox(OnItsWay):
    def want(
        self,
        row: Row,
        wanted: Mapping[str, Any],
        *,
        made_of: str = "",
        not_before: float = 0.0,
        anew: bool = False,
    ) -> None:
        """Has the message show `wanted`: it is changed where it stands, at once, else sent, but
        not before that moment (epoch seconds). One whose send was lost is sent again only when it
        is wanted `anew`: when it says something that was never said."""
        text = dumps(wanted)
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET wanted = :text, made_of = :made_of,"
                " not_before = CASE state WHEN 'sent' THEN 0 ELSE :not_before END,"
                " due = CASE state WHEN 'sent' THEN shows <> :digest WHEN 'sending' THEN 0"
                " WHEN 'lost' THEN :anew ELSE 1 END,"
                " state = CASE WHEN state IN ('dropped', 'failed') OR (state = 'lost' AND :anew)"
                " THEN 'waiting' ELSE state END WHERE seq = :seq",
                {
                    "text": text,
                    "made_of": made_of,
                    "not_before": not_before,
                    "digest": digest_of(wanted),
                    "anew": int(anew),
                    "seq": row.seq,
                },
            )

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
        not_before: float = 0.0,
    ) -> Row:
        """Says it once under this key, and has the message show it from then on."""
        with self.ledger.tx():
            row = self.ensure(channel, chat, key, now, kind=kind, rank=rank)
            if row.wanted != wanted:
                self.want(row, wanted, not_before=not_before)
            return self.of(row.seq)

    def set_stage(self, seq: int, stage: str) -> None:
        """How far a person has come with it."""
        with self.ledger.tx() as db:
            db.execute("UPDATE said SET stage = ? WHERE seq = ?", (stage, seq))

    def move(self, row: Row, note: Mapping[str, Any], now: float) -> None:
        """Has it be sent once more, at the end of the chat, by the person's own wish; where it
        stood stands the `note`."""
        with self.ledger.tx() as db:
            if row.state == "sent":
                old = self._stood(row, now)
                db.execute(
                    "UPDATE said SET wanted = ?, due = 1 WHERE seq = ?", (dumps(note), old.seq)
                )
            db.execute(
                "UPDATE said SET state = 'waiting', message = '', shows = '', due = 1,"
                " not_before = 0 WHERE seq = ? AND state <> 'sending'",
                (row.seq,),
            )

    def drop(self, seq: int, why: str) -> None:
        """Takes back what was not sent yet; what stands there stays."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET state = 'dropped', due = 0, why = ?"
                " WHERE seq = ? AND state IN ('waiting', 'failed')",
                (why, seq),
            )

    def speaks_as(self, channel: str, by: str) -> None:
        """Whose voice the channel has. In the chats of another nothing of ours stands: what asks
        is to be shown anew, and no message there is to be taken for one of before."""
        key = f"speaks {channel}"
        before = self.ledger.meta(key)
        if before == by:
            return
        with self.ledger.tx() as db:
            self.ledger.set_meta(key, by)
            if before:
                db.execute(
                    "UPDATE said SET message = '', shows = '', made_of = '',"
                    " due = state = 'waiting',"
                    " state = CASE state WHEN 'waiting' THEN 'waiting' ELSE 'dropped' END"
                    " WHERE channel = ?",
                    (channel,),
                )
                self.ledger.set_meta(f"shown {channel} to", "")
                self.ledger.set_meta(f"numbers {channel}", f"@{by}")  # they begin anew

    def numbering(self, channel: str) -> str:
        """What tells the numbers of messages there from the same ones that they had in the chats
        of a voice of before; empty for the first voice."""
        return self.ledger.meta(f"numbers {channel}")

    def leave(self, channel: str, chat: str) -> None:
        """Says nothing more in a chat in which nobody is an owner now."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET due = 0, why = 'nobody there is an owner any more',"
                " state = CASE state WHEN 'sent' THEN 'sent' ELSE 'dropped' END"
                " WHERE channel = ? AND chat = ? AND due = 1",
                (channel, chat),
            )

    def dropped(self, seq: int, why: str) -> None:
        """Says of one that was taken back what became of it elsewhere."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE said SET why = ? WHERE seq = ? AND state = 'dropped'",
                (why[:WHY_CHARS], seq),
            )

    def reasons_awaited(self, since: float) -> set[str]:
        """The cards of which it was asked after that moment (epoch seconds) why they were
        refused, and a person has neither said it nor that they will not."""
        rows = self.ledger.db.execute(
            "SELECT stage FROM said WHERE kind = 'prompt' AND stage <> '' AND at > ?", (since,)
        )
        stages = [str(row["stage"]).split(" ") for row in rows]
        return {stage[1] for stage in stages if len(stage) == 3 and stage[0] == "why"}
