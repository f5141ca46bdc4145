"""Events of the ledger with their places in the chain, for whoever reads a log in order."""

from __future__ import annotations

from factotum import chain
from factotum.ledger import Event, Ledger
from factotum.views import links

#: How many events are looked up at a time.
WINDOW = 2000


class Events:
    """Looked up in windows: where one is asked for, the next is asked for soon."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._held: dict[int, tuple[Event, chain.Link | None]] = {}

    def at(self, seq: object) -> tuple[Event, chain.Link | None] | None:
        if not isinstance(seq, int) or isinstance(seq, bool) or not 0 < seq < 2**62:
            return None
        if seq not in self._held:
            events = self.ledger.events(seq - 1, limit=WINDOW)
            if not events or events[0].seq != seq:
                return None
            rows = self.ledger.db.execute(
                "SELECT * FROM chain WHERE seq BETWEEN ? AND ?", (seq, events[-1].seq)
            ).fetchall()
            placed = {row["seq"]: links.link_of(row) for row in rows}
            self._held = {event.seq: (event, placed.get(event.seq)) for event in events}
        return self._held.get(seq)
