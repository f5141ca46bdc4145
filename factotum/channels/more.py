"""What else there is to see of a card: all that would go out, what they wrote, its files.

Shown as messages of their own, because the person asked for it, as often as they ask.
"""

from __future__ import annotations

from factotum.channels.contract import Attached, Message, Reply
from factotum.channels.split import split
from factotum.channels.window import Window
from factotum.channels.words import Words
from factotum.gate.content import whole
from factotum.gate.records import Card
from factotum.outbox import ANSWER, Row


class More:
    def __init__(self, window: Window) -> None:
        self.window = window

    def show(self, what: str, card: Card, row: Row, now: float) -> Reply:
        """Shows it below. An unknown wish shows nothing."""
        match what:
            case "read":
                self._text("All that would go out:", whole(card), row, now)
            case "excerpt":
                self._text("They wrote:", str(card.seal.about.get("excerpt") or ""), row, now)
            case "files":
                return self._files(card, row, now)
            case _:
                return Reply("There is no such thing here.")
        return Reply()

    def _text(self, head: str, text: str, row: Row, now: float) -> None:
        words = Words.join("\n", [Words.bold(head), Words.whole(text)])
        for n, part in enumerate(split(words, self.window.limits.units)):
            self._say(Message(part, reply_to=row.message), row, f"part {n}", now)

    def _files(self, card: Card, row: Row, now: float) -> Reply:
        if not self.window.limits.files:
            return Reply("Files cannot be shown here; they lie beside the note.", alert=True)
        for n, file in enumerate(card.seal.attachments):
            attached = Attached(file.sha256, file.name, file.size_bytes)
            words = Words.of(file.name)
            self._say(Message(words, reply_to=row.message, file=attached), row, f"file {n}", now)
        return Reply()

    def _say(self, message: Message, row: Row, what: str, now: float) -> None:
        key = f"more {row.seq} {what} {now:.3f}"
        self.window.outbox.put(
            row.channel, row.chat, key, message.to_json(), now, kind="more", rank=ANSWER
        )
