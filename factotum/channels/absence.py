"""Says when nobody is at work: a channel of its own process outlives the office.

Told once for each time, and changed in place when the office is back.
"""

from __future__ import annotations

import json

from factotum.channels.contract import Message
from factotum.channels.window import Window
from factotum.channels.words import Words
from factotum.outbox import NEWS
from factotum.rooms import running
from factotum.views.saying import day

#: How long the office may be gone before that is told, in seconds: a restart takes less, and so
#: does an update.
ABSENT_S = 300.0

GONE = (
    "🛑 The office does not run since {since}. Nothing is worked on, and what you approve goes out "
    "only when it runs again: factotum up (with PM2: pm2 list shows why it stopped)"
)
BACK = "✅ The office runs again. It was gone since {since}."


class Absence:
    def __init__(self, window: Window) -> None:
        self.window = window
        self.meta = f"absent {window.name}"

    def look(self, now: float) -> None:
        """Looks whether the office runs, and says what is new of that."""
        home = self.window.chats().home
        if not home:
            return
        since, told = self._kept()
        here = running(self.window.state) is not None
        if here and since:
            if told:
                self._say(home, BACK, since, now)
            self._keep(0.0, told=False)
        elif not here and not since:
            self._keep(now, told=False)
        elif not here and not told and now - since >= ABSENT_S:
            with self.window.ledger.tx():
                self._say(home, GONE, since, now)
                self._keep(since, told=True)

    def _kept(self) -> tuple[float, bool]:
        """Since when it is gone (epoch seconds, 0 for not at all), and whether that is told."""
        try:
            since, told = json.loads(self.window.ledger.meta(self.meta) or "[0.0, false]")
            return float(since), bool(told)
        except (ValueError, TypeError):
            return 0.0, False

    def _keep(self, since: float, *, told: bool) -> None:
        self.window.ledger.set_meta(self.meta, json.dumps([since, told]))

    def _say(self, home: str, text: str, since: float, now: float) -> None:
        zone = self.window.zone
        told = text.format(since=day(zone(since), zone(now).year))
        self.window.outbox.put(
            self.window.name,
            home,
            f"absent {since:.0f}",
            Message(Words.of(told)).to_json(),
            now,
            kind="absent",
            rank=NEWS,
            not_before=self.window.not_before(now, answers=False),
        )
