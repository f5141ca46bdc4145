"""Brings a channel to what there is to show: cards, notices, work. Sends nothing.

It goes by the journal of deeds and keeps its place in the ledger, so that a start with a thousand
requests that wait looks at what is new alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from factotum import log
from factotum.channels.absence import Absence
from factotum.channels.card_messages import CardMessages
from factotum.channels.news import News
from factotum.channels.tidying import Tidying
from factotum.channels.window import Window
from factotum.channels.work import Work
from factotum.gate.records import Card

logger = log.get("factotum.channels")

#: What is on record when everything is stopped, and when it goes on.
SWITCHED = frozenset({"paused", "resumed"})
#: How many events are looked at at once.
AT_ONCE = 1000


class Displays:
    def __init__(self, window: Window) -> None:
        self.window = window
        self.cards = CardMessages(window)
        self.news = News(window)
        self.work = Work(window)
        self.absence = Absence(window)
        self.tidying = Tidying(window.ledger, window.name)
        self.meta = f"shown {window.name}"
        self._seq = -1

    def begin(self, now: float) -> None:
        """After a start, or once there is somebody else to show it to: what waits without having
        been shown to them is shown; of what was decided meanwhile the journal tells."""
        ledger, home = self.window.ledger, self.window.chats().home
        if self.window.chat:
            self._seq = ledger.last_event()
            return
        self.news.begin()
        if not home or (ledger.meta(self.meta) and ledger.meta(f"{self.meta} to") == home):
            return
        self._seq = ledger.last_event()
        self.news.pass_over()
        self.cards.look(self.window.register.unsettled(), now)
        ledger.set_meta(f"{self.meta} to", home)
        ledger.set_meta(self.meta, str(self._seq))

    def look(self, now: float) -> None:
        """Looks at what happened since the last look."""
        if not self.window.chats().owners:
            return
        while self._events(now):
            pass
        self.news.look(now)
        self.work.look(now)
        self.absence.look(now)
        self.tidying.look(now)

    def _events(self, now: float) -> bool:
        """Looks at some events; whether there may be more."""
        since = self._since()
        if self.window.ledger.last_event() <= since:
            return False
        events = self.window.ledger.events(since, limit=AT_ONCE)
        if not events:
            return False
        touched = dict.fromkeys(event.card for event in events if event.card)
        found = [card for id in touched if (card := self.window.register.find(id))]
        if SWITCHED & {event.kind for event in events}:  # what was approved waits, or goes on
            unsettled = self.window.register.unsettled()
            found += [
                one for one in unsettled if one.status == "approved" and one.id not in touched
            ]
        ended = dict.fromkeys(event.task for event in events if event.kind == "ended")
        try:
            with self.window.ledger.tx():
                self._show(found, list(ended), now)
                self._keep(events[-1].seq)
        except (sqlite3.Error, OSError):
            raise
        except Exception as odd:  # one that cannot be shown must not hide the others
            logger.error("what is new is shown one by one", exc_info=odd)
            self._show_each(found, list(ended), now)
            self._keep(events[-1].seq)
        self._seq = events[-1].seq
        return len(events) == AT_ONCE

    def _show(self, cards: Sequence[Card], ended: Sequence[str], now: float) -> None:
        """Shows what became of these cards and tasks."""
        with self.window.ledger.tx():
            self.cards.look(cards, now)
            for task in ended:
                self.work.ended(task, now)

    def _show_each(self, cards: Sequence[Card], ended: Sequence[str], now: float) -> None:
        """The same one by one. The place is kept after the last: what a kill cuts short is shown
        after the start."""
        for parts in (*(([card], []) for card in cards), *(([], [task]) for task in ended)):
            try:
                self._show(*parts, now)
            except (sqlite3.Error, OSError):
                raise
            except Exception as odd:
                what = [card.id for card in parts[0]] or parts[1]
                logger.error("it cannot be shown", exc_info=odd, extra={"card": what[0]})

    def _keep(self, seq: int) -> None:
        """All up to this event is shown; a channel that ends with its chat need not know."""
        if not self.window.chat:
            self.window.ledger.set_meta(self.meta, str(seq))

    def _since(self) -> int:
        if self._seq < 0:
            self._seq = int(self.window.ledger.meta(self.meta) or 0)
        return self._seq
