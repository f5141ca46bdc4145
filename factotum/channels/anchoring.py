"""The head of the audit log on Telegram: told once a day, without a sound, into the owner's chat.

It is no anchor as those in `anchors/` are: nobody here can read back what was told, so nothing is
compared by itself. The owner can, by giving a message of that chat to `factotum audit verify`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from factotum import outbox
from factotum.anchor import Head
from factotum.channels.contract import Message
from factotum.channels.owners import TELEGRAM
from factotum.channels.words import Words
from factotum.ledger import Ledger
from factotum.outbox import QUIET, Outbox
from factotum.worker.messaging import Place, places

KIND = "anchor"
#: Where the ledger keeps on which day what was told last: [day, lines, chat].
META = "anchor_said"


class Anchoring:
    """Use it on the thread that owns the ledger."""

    def __init__(self, ledger: Ledger, zone: Callable[[float], datetime]) -> None:
        self.ledger = ledger
        self.zone = zone

    def due(self, now: float) -> bool:
        """Whether this day's head is not told yet."""
        return self._last()[0] != f"{self.zone(now):%Y-%m-%d}"

    def tell(self, head: Head, now: float) -> None:
        """Has it told, if that is due and something was done since the last time."""
        place, today = self._place(), f"{self.zone(now):%Y-%m-%d}"
        last, count, _ = self._last()
        if place is None or last == today:
            return
        with self.ledger.tx():
            if head.count != count:
                wanted = Message(words(head, self.zone(now)), silent=True).to_json()
                put = (place.channel, place.chat, _key(today), wanted, now)
                Outbox(self.ledger).put(*put, kind=KIND, rank=QUIET)
            self.ledger.set_meta(META, json.dumps([today, head.count, place.chat]))

    def trouble(self) -> str:
        """Why it is not told, or an empty string."""
        if self._place() is None:
            return "is to be told to you on Telegram, and Telegram is not set up"
        last, _, chat = self._last()
        row = Outbox(self.ledger).row(TELEGRAM, chat, _key(last)) if last else None
        if row is None or row.state not in (outbox.FAILED, outbox.LOST):
            return ""
        if row.state == outbox.LOST:
            return f"of {last} may not have reached you on Telegram: {row.why}"
        return f"of {last} could not be told to you on Telegram: {row.why}"

    def _place(self) -> Place | None:
        return next(iter(places(self.ledger).get(TELEGRAM, ())), None)

    def _last(self) -> tuple[str, int, str]:
        day, count, chat = json.loads(self.ledger.meta(META, '["", -1, ""]'))
        return day, count, chat


def _key(today: str) -> str:
    return f"anchor {today}"


def words(head: Head, now: datetime) -> Words:
    """The message: what it is, and the head as it can be copied with one tap."""
    lines = f"{head.count:,} line{'s' * (head.count != 1)}"
    return Words.join(
        "\n",
        [
            Words.bold(f"🔒 The audit log on {now:%a} {now.day} {now:%b}: {lines}"),
            Words.code(head.text()),
            "Nothing to do. If you ever doubt the log: factotum audit verify --head -",
        ],
    )
