"""Notices on a channel: what the office has told, in one message with all that waits there.

When a notice is told is for `views/notices.py` to say; this follows what was, and keeps its
place. Many that cannot be said yet become one message, not many.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from factotum.channels.card_messages import key_of
from factotum.channels.contract import Button, Message
from factotum.channels.window import Window
from factotum.channels.words import Words
from factotum.gate.apart import apart, titled
from factotum.outbox import NEWS, WAITING, Row
from factotum.views import notices
from factotum.views.notify import HEADING, HEADINGS
from factotum.views.saying import plain

KIND = "notices"
#: How many lines one message has at most; of the others it says how many they are. How long all
#: of them may be, so that they fit, and one of them: what is to be done often stands at its end.
LINES_MOST = 25
ALL_CHARS, LINE_CHARS = 3600, 600
#: What the card's own message says already, where it has one.
BY_CARD = frozenset({notices.ASKS, notices.QUESTION})
#: How the key of a task's result begins.
RESULT = "result "
#: How many cards are brought up by a button below a message, and how much of a title it says.
SHOW_MOST, LABEL_CHARS = 5, 40
#: How many are taken at once.
AT_ONCE = 500

SIGNS = {
    notices.UNKNOWN: "⚠️",
    notices.FAILED: "❌",
    notices.BUDGET: "💰",
    notices.LOGIN: "🔑",
    notices.MACHINE: "🛠",
    notices.LISTENING: "🔇",
    notices.SYNC: "🔄",
    notices.STRANGER: "👤",
    notices.OUTAGE: "⏰",
    notices.DIGEST: "☀️",
    notices.SCHEDULE: "🔔",
    notices.REMINDER: "⏳",
    notices.EXPIRED: "⌛",
}


def show_buttons(
    window: Window, row: Row, cards: Sequence[str], now: float
) -> tuple[tuple[Button, ...], ...]:
    """Buttons that bring up those of these cards that wait, each once more."""
    rows: list[tuple[Button, ...]] = []
    found = [card for card in map(window.register.find, cards) if card is not None]
    waiting = [card for card in found if card.status in {"pending", "expired", "unknown"}]
    # What stands with somebody else is not shown here.
    here = [card for card in waiting if window.chat_of_card(card)[0] == row.chat]
    details = apart(here)
    for card in here:
        label = f"Show: {titled(plain(card.title), details[card.id], LABEL_CHARS)}"
        rows += window.buttons.draw(row.seq, [[(label, "show")]], now, card.id, card.seal.digest)
    return tuple(rows)


class News:
    def __init__(self, window: Window) -> None:
        self.window = window
        self.meta = f"notices {window.name}"

    def begin(self) -> None:
        """What was told before there was this channel is not told again."""
        if not self.window.ledger.meta(self.meta):
            self.pass_over()

    def pass_over(self) -> None:
        """What was told up to now is not told here: there was nobody, or somebody else."""
        with self.window.ledger.tx():
            row = self.window.ledger.db.execute(
                "SELECT told, seq FROM notice WHERE how = 'told' ORDER BY told DESC, seq DESC"
            ).fetchone()
            self._keep(row["told"], row["seq"]) if row else self._keep(0.0, 0)

    def _keep(self, told: float, seq: int) -> None:
        self.window.ledger.set_meta(self.meta, json.dumps([told, seq]))

    def look(self, now: float) -> None:
        """Says what was told since the last look."""
        home = self.window.chats().home
        if not home:
            return
        told, seq = json.loads(self.window.ledger.meta(self.meta) or "[0, 0]")
        rows = self.window.ledger.db.execute(
            "SELECT * FROM notice WHERE how = 'told' AND (told, seq) > (?, ?)"
            " ORDER BY told, seq LIMIT ?",
            (told, seq, AT_ONCE),
        ).fetchall()
        if not rows:
            return
        told_cards = [row["card"] for row in rows if row["card"]]
        details = apart([one for one in map(self.window.register.find, told_cards) if one])
        lines = [
            (row["kind"], _line(row["text"], details.get(row["card"], "")))
            for row in rows
            if not self._is_over(row["kind"], row["card"])
            and not self._said_by_card(row["kind"], row["card"], home)
            and not self._said_by_result(row["kind"], row["key"])
        ]
        with self.window.ledger.tx():
            if lines:
                self._say(home, lines, told_cards, rows[-1]["seq"], now)
            self._keep(rows[-1]["told"], rows[-1]["seq"])

    def _is_over(self, kind: str, card: str) -> bool:
        """Whether it has come to something else since it was told."""
        found = self.window.register.find(card) if kind in notices.OPEN else None
        return found is not None and found.status not in notices.OPEN[kind]

    def _said_by_card(self, kind: str, card: str, home: str) -> bool:
        if kind not in BY_CARD:
            return False
        return bool(self.window.outbox.by_key(self.window.name, key_of(card)))

    def _said_by_result(self, kind: str, key: str) -> bool:
        """Whether it is a failure of which the one who gave the work was told in answer."""
        if kind != notices.FAILED:
            return False
        result = f"{RESULT}{key.removeprefix(f'{notices.FAILED} ')} 0"
        return bool(self.window.outbox.by_key(self.window.name, result))

    def _say(
        self, home: str, lines: list[tuple[str, str]], cards: list[str], seq: int, now: float
    ) -> None:
        """Adds the lines to the message that waits, else to a new one; below it what brings
        up the cards that it is about."""
        outbox = self.window.outbox
        row = self._unsaid(home)
        before: dict[str, Any] = json.loads(row.stage) if row else {"lines": [], "more": 0}
        about = list(dict.fromkeys([*before.get("cards", ()), *cards]))[:SHOW_MOST]
        whole: list[list[str]] = [*before["lines"], *(list(line) for line in lines)]
        more: int = before["more"] + max(0, len(whole) - LINES_MOST)
        whole = whole[:LINES_MOST]
        row = row or outbox.ensure(
            self.window.name, home, f"notices {seq}", now, kind=KIND, rank=NEWS
        )
        outbox.set_stage(row.seq, json.dumps({"lines": whole, "more": more, "cards": about}))
        buttons = show_buttons(self.window, row, about, now)
        outbox.want(row, Message(_words(whole, more), buttons).to_json())

    def _unsaid(self, home: str) -> Row | None:
        waits = self.window.outbox.in_state(self.window.name, WAITING, (KIND,), 0.0)
        return next((row for row in waits if row.chat == home), None)


def _line(text: str, detail: str) -> str:
    return titled(plain(text, LINE_CHARS), detail, LINE_CHARS)


def _words(lines: list[list[str]], more: int) -> Words:
    if len(lines) == 1:
        kind, text = lines[0]
        head = Words.bold(f"{SIGNS.get(kind, '•')} {HEADINGS.get(kind, HEADING)}")
        return Words.join("\n", [head, text])
    each = ALL_CHARS // len(lines)
    rows = [f"{SIGNS.get(kind, '•')} {plain(text, each)}" for kind, text in lines]
    head = Words.bold(f"{len(lines) + more} things to know")
    rest = [f"… and {more} more: see the Dashboard"] if more else []
    return Words.join("\n", [head, *rows, *rest])
