"""Taps on buttons: each has an id that can be answered once, and not for long."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass

from tests.servers.telegram import facts
from tests.servers.telegram.chats import Office
from tests.servers.telegram.facts import Call, bad


@dataclass(frozen=True)
class Shown:
    """What the bot answered to a tap; `alert` where the person has to dismiss it."""

    text: str
    alert: bool
    url: str = ""


class Taps:
    def __init__(self, office: Office) -> None:
        self._office = office
        #: How long a tap can be answered, in seconds.
        self.lasts_s = 900.0
        self.answers: dict[str, Shown] = {}
        self.open: dict[str, float] = {}
        self._ids = itertools.count(4_000_000_000_000_001)

    def begin(self) -> str:
        """The id of a new tap."""
        id = str(next(self._ids))
        self.open[id] = time.monotonic()
        return id

    def answer(self, call: Call) -> bool:
        id = str(call.need("callback_query_id") or "")
        text = str(call.need("text") or "")
        if len(text) > facts.ANSWER_MOST:
            raise bad("MESSAGE_TOO_LONG")
        begun = self.open.pop(id, None)
        if begun is None or time.monotonic() - begun > self.lasts_s:
            raise bad(facts.OLD_QUERY)
        shown = Shown(text, bool(call.need("show_alert")), str(call.need("url") or ""))
        self.answers[id] = shown
        self._office.changed.notify_all()
        return True
