"""Forgets messages of long ago, so that the books do not grow for ever.

What waits, what asks still, and what is not over on the other side stays, however old it is.
"""

from __future__ import annotations

from factotum.ledger import Ledger

#: How long a message is kept in the books, and how often they are tidied, in seconds.
KEPT_S, EVERY_S = 180 * 86_400.0, 86_400.0

#: Messages of this channel that nothing will come of any more: older than that, and of no card
#: that is open, nor a part of a message that shows one.
_OLD = (
    "SELECT s.seq FROM said s WHERE s.channel = ? AND s.at < ? AND s.due = 0"
    " AND s.state IN ('sent', 'lost', 'failed', 'dropped') AND NOT EXISTS (SELECT 1 FROM button b"
    " JOIN card c ON c.id = b.card WHERE b.said = s.seq AND c.settled = 0)"
    " AND NOT EXISTS (SELECT 1 FROM card c WHERE c.settled = 0 AND s.key = 'card ' || c.id)"
    " AND NOT (s.kind = 'batch' AND EXISTS"
    " (SELECT 1 FROM said o WHERE o.channel = s.channel AND o.kind = 'card' AND o.stage <> ''"
    " AND o.stage = 'batch ' || s.seq))"
)


class Tidying:
    def __init__(self, ledger: Ledger, channel: str) -> None:
        self.ledger = ledger
        self.channel = channel
        self.meta = f"tidied {channel}"

    def look(self, now: float) -> int:
        """Forgets what is to be forgotten, once a day; how many messages."""
        last = float(self.ledger.meta(self.meta) or 0.0)
        if last <= now < last + EVERY_S:
            return 0
        with self.ledger.tx() as db:
            before = now - KEPT_S
            old = [row["seq"] for row in db.execute(_OLD, (self.channel, before)).fetchall()]
            db.executemany("DELETE FROM button WHERE said = ?", [(seq,) for seq in old])
            db.executemany("DELETE FROM said WHERE seq = ?", [(seq,) for seq in old])
            self.ledger.set_meta(self.meta, str(now))
        return len(old)
