"""The terminal as a channel: messages are printed, choices are numbered. Keeps nothing.

What a message is changed to is printed as far as it is new, for a line that was printed stands.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from factotum.channels.contract import Button, Limits, Message

NAME = "cli"
#: What a person may type instead of a label.
SYNONYMS = {"y": "yes", "n": "no", "l": "later"}


LIMITS = Limits(units=100_000, files=False, chat_s=0.0)


@dataclass
class TerminalChannel:
    """`asks` says of a button's token whether somebody is there to choose it now; `hint` by which
    command it can be chosen otherwise."""

    out: IO[str]
    asks: Callable[[str], bool]
    hint: Callable[[str], str]
    name: str = NAME
    limits: Limits = LIMITS

    def __post_init__(self) -> None:
        self._ids = itertools.count(1)
        self._there: dict[str, Message] = {}

    async def check(self) -> None:
        """A terminal is there."""

    async def send(self, chat: str, message: Message) -> str:
        id = str(next(self._ids))
        first, *rest = message.words.text.split("\n")
        self._print([f"factotum> {first}", *(f"  {line}".rstrip() for line in rest)])
        self._offer(message)
        self._there[id] = message
        return id

    async def edit(self, chat: str, id: str, message: Message) -> None:
        before = self._there.get(id)
        known = set(before.words.text.split("\n")) if before else set()
        lines = [line for line in message.words.text.split("\n") if line.strip()]
        after = [*lines[1:], ""]
        new = [
            line
            for line, below in zip(lines, after, strict=True)
            if line not in known and not (line.endswith(":") and below in known)
        ]
        self._print([f"  {line}".rstrip() for line in new])
        if before is None or _labels(before) != _labels(message):
            self._offer(message)
        self._there[id] = message

    async def busy(self, chat: str) -> None:
        """What is being done shows in what is printed."""

    def _offer(self, message: Message) -> None:
        buttons = _buttons(message)
        if buttons and not self.asks(buttons[0].token):
            self._print([f"  {hint}" for hint in [self.hint(buttons[0].token)] if hint])
        elif buttons:
            numbered = (f"[{n}] {one.label}" for n, one in enumerate(buttons, 1))
            self._print([f"  {'  '.join(numbered)}"])

    def _print(self, lines: list[str]) -> None:
        for line in lines:
            self.out.write(f"{line}\n")
        self.out.flush()

    # -- what a person may say to it

    def current(self) -> tuple[str, Message] | None:
        """The last message that asks for something, with its id."""
        for id, message in reversed(self._there.items()):
            buttons = _buttons(message)
            if message.prompt or (buttons and self.asks(buttons[0].token)):
                return id, message
        return None

    def chosen(self, typed: str) -> str:
        """The token of the button that was meant, by its number or its label; or empty."""
        found = self.current()
        if found is None:
            return ""
        buttons = _buttons(found[1])
        said = SYNONYMS.get(typed.casefold().strip(), typed.casefold().strip())
        if said.isdecimal() and 1 <= int(said) <= len(buttons):
            return buttons[int(said) - 1].token
        for one in buttons:
            label = one.label.casefold().rstrip("…")
            if said == label or (said == "yes" and one is _yes(buttons)):
                return one.token
        return ""


def _buttons(message: Message) -> list[Button]:
    return [one for row in message.rows for one in row]


def _labels(message: Message) -> list[str]:
    return [one.label for one in _buttons(message)]


def _yes(buttons: list[Button]) -> Button | None:
    """The button that a plain yes means: the first, where No is not put before it."""
    return buttons[0] if buttons and buttons[0].label not in {"No", "Back"} else None
