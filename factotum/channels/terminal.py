"""The terminal as a channel: messages are printed, choices are numbered. Keeps nothing.

What a message is changed to is printed as far as it is new, for a line that was printed stands.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from factotum.channels.contract import Button, Limits, Message, NotSent

NAME = "cli"
#: What a person may type instead of a label.
SYNONYMS = {"y": "yes", "n": "no", "l": "later"}


LIMITS = Limits(
    units=100_000,
    files=False,
    chat_s=0.0,
    replies=False,
    commands=(("/quit", "Leave; what is under way goes on in the office"),),
)


class Out(Protocol):
    """What is printed to: whole lines, which are shown with `flush`. Both may raise OSError."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> None: ...


@dataclass
class TerminalChannel:
    """`asks` says of a button's token whether somebody is there to choose it now; `hint` by which
    command it can be chosen otherwise; `changed` is told that something was shown."""

    out: Out
    asks: Callable[[str], bool]
    hint: Callable[[str], str]
    changed: Callable[[], None] = lambda: None
    name: str = NAME
    limits: Limits = LIMITS

    def __post_init__(self) -> None:
        self._ids = itertools.count(1)
        self._there: dict[str, Message] = {}
        #: Of which message the last line is that stands there, and whether nobody reads any more.
        self.last = ""
        self.gone = False

    async def check(self) -> None:
        """A terminal is there."""

    async def send(self, chat: str, message: Message) -> str:
        id = str(next(self._ids))
        first, *rest = message.words.text.split("\n")
        lines = [f"factotum> {first}", *(f"  {line}".rstrip() for line in rest)]
        self._print(id, [*lines, *self._offered(message)])
        self._there[id] = message
        self.changed()
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
        lines = [f"  {line}".rstrip() for line in new]
        if new and self.last != id:  # below what another message says it would seem to be its
            lines[0] = f"factotum> {new[0]}"
        if before is None or _labels(before) != _labels(message):
            lines += self._offered(message)
        self._print(id, lines)
        self._there[id] = message
        self.changed()

    async def busy(self, chat: str) -> None:
        """What is being done shows in what is printed."""

    def again(self, id: str) -> None:
        """Says once more for what a message asks that stands further above."""
        message = self._there[id]
        first = message.words.text.partition("\n")[0]
        self._print(id, [f"factotum> {first}", *self._offered(message)])

    def _offered(self, message: Message) -> list[str]:
        buttons = _buttons(message)
        if buttons and not self.asks(buttons[0].token):
            return [f"  {hint}" for hint in [self.hint(buttons[0].token)] if hint]
        numbered = "  ".join(f"[{n}] {one.label}" for n, one in enumerate(buttons, 1))
        return [f"  {numbered}"] if buttons else []

    def _print(self, id: str, lines: list[str]) -> None:
        if not lines:
            return
        try:
            self.out.write("".join(f"{line}\n" for line in lines))
            self.out.flush()
        except OSError as closed:
            self.gone = True
            raise NotSent(f"nobody reads here any more ({closed.strerror})") from closed
        self.last = id

    # -- what a person may say to it

    def asking(self) -> Iterator[tuple[str, Message]]:
        """The messages that ask for something, each with its id, the last that was said first."""
        for id, message in reversed(self._there.items()):
            buttons = _buttons(message)
            if message.prompt or (buttons and self.asks(buttons[0].token)):
                yield id, message

    def current(self) -> tuple[str, Message] | None:
        """The last message that asks for something, with its id."""
        return next(self.asking(), None)


def chosen(typed: str, message: Message) -> str:
    """The token of the button that was meant, by its number or its label; or empty."""
    buttons = _buttons(message)
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
