"""Where a person talks: what is said to them stands above, what they type stays whole below it.

A line that is begun means what stood before it then, whatever comes up while it is typed. No
screen knows what a line means. `Plain` is for a terminal that cannot be drawn on, or whose output
goes elsewhere: there the terminal itself keeps the line. `Drawn` stands in a file of its own.
"""

from __future__ import annotations

import asyncio
import io
import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Protocol

from factotum.cli.chat_line import clean
from factotum.cli.chat_wrap import wrap

#: How much is read at once, in bytes.
READ_BYTES = 65_536
COLUMNS, ROWS = 80, 24  # where a terminal does not tell


@dataclass(frozen=True)
class Prompt:
    """What stands before the line, what a line that is begun there is `about`, and since when
    it stands there (of the loop's clock, in seconds)."""

    text: str = ""
    about: object = None
    since: float = 0.0


@dataclass(frozen=True)
class Typed:
    """A line that was entered, and when it was `begun` (of the loop's clock, in seconds)."""

    text: str
    prompt: Prompt
    begun: float


class Listener(Protocol):
    """Who is told what a person does. All of it on the loop's own thread."""

    def typed(self, line: Typed) -> None: ...

    def interrupted(self) -> None:
        """Ctrl-C, where no line was typed that it could have taken away."""

    def ended(self) -> None:
        """Nothing more is to come: Ctrl-D on an empty line, or the terminal is closed."""


class Out(io.StringIO):
    """What is printed to it comes to `show` when it is flushed; it stands for a terminal."""

    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__()
        self._show = show

    def isatty(self) -> bool:
        return True

    def flush(self) -> None:
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        if text:
            self._show(text)


class Screen(ABC):
    """What every kind does: reads, and holds lines back for a moment where that is wanted.

    It is a context in which its `listener` is told what a person does; set that before."""

    listener: Listener

    def __init__(self, source: int, out: IO[str]) -> None:
        self.source = source
        self.out = out
        self.prompt = Prompt()
        self.gone = False
        self.held = True
        self._next = Prompt()
        self._busy = False
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Screen:
        self._loop.add_reader(self.source, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        self.held = True  # what is said from now on has no line below it
        self._loop.remove_reader(self.source)

    @abstractmethod
    def say(self, text: str) -> None:
        """Shows whole lines above the one that is typed. Raises OSError where there is no
        terminal any more."""

    def tell(self, text: str) -> None:
        """The same; where there is no terminal any more the listener is told that it ended."""
        if not self.gone:
            self._safely(lambda: self.say(text))

    def late(self, text: str) -> None:
        """The same from any thread."""
        self._loop.call_soon_threadsafe(self.tell, text)

    def ring(self) -> None:
        """A sound, where the terminal makes one."""
        if not self.gone:
            self._safely(lambda: self._write("\a"))

    def ask(self, text: str, about: object = None) -> None:
        """Has this stand before the next line, and takes what was typed while it was held."""
        self.held = False
        self._next = Prompt(text, about)
        self._safely(self._pump)

    def hold(self) -> None:
        """Takes no further line till something is asked."""
        self.held = True

    def _pump(self) -> None:
        """Takes what has come; whoever is told of a line may ask for the next meanwhile."""
        if self._busy:
            return
        self._busy = True
        try:
            self._go_on()
        finally:
            self._busy = False

    @abstractmethod
    def _go_on(self) -> None:
        """Takes what has come till it is held, and shows the prompt that is due."""

    @abstractmethod
    def _came(self, data: bytes) -> None:
        """Takes what was read."""

    def _turned(self) -> Prompt:
        """The prompt that is due stands there from now on."""
        if (self._next.text, self._next.about) != (self.prompt.text, self.prompt.about):
            self.prompt = Prompt(self._next.text, self._next.about, self._loop.time())
        return self.prompt

    def _read(self) -> None:
        try:
            data = os.read(self.source, READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._safely(lambda: self._came(data))
        else:
            self._loop.remove_reader(self.source)
            self.listener.ended()

    def _fitted(self, text: str) -> str:
        """Whole lines, as they lie on a terminal; elsewhere as they are."""
        return wrap(text, self._size()[0]) if self.out.isatty() else text

    def _size(self) -> tuple[int, int]:
        """How many columns and rows the terminal has."""
        try:
            columns, rows = os.get_terminal_size(self.out.fileno())
        except OSError:
            return COLUMNS, ROWS
        return columns or COLUMNS, rows or ROWS

    def _write(self, text: str) -> None:
        try:
            self.out.write(text)
            self.out.flush()
        except OSError:
            self.gone = True
            raise

    def _safely(self, deed: Callable[[], None]) -> None:
        try:
            deed()
        except OSError:
            if not self.gone:
                raise
            self.listener.ended()


class Plain(Screen):
    def __init__(self, source: int, out: IO[str]) -> None:
        super().__init__(source, out)
        self._rest = b""
        self._lines: deque[tuple[str, float]] = deque()
        self._stands = False

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        if self._stands and not self.gone:
            with suppress(OSError):
                self._write("\n")

    def say(self, text: str) -> None:
        text = self._fitted(text)
        self._write(f"\n{text}" if self._stands else text)
        self._stands = False
        if not self.held:
            self._show_prompt()

    def _came(self, data: bytes) -> None:
        *whole, self._rest = (self._rest + data).split(b"\n")
        now = self._loop.time()
        self._lines.extend((clean(line.decode(errors="replace")), now) for line in whole)
        if whole:
            self._stands = False
        self._pump()

    def _go_on(self) -> None:
        while self._lines and not self.held:
            text, at = self._lines.popleft()
            self.listener.typed(Typed(text, self._turned(), at))
        if not self.held:
            self._show_prompt()

    def _show_prompt(self) -> None:
        before = self.prompt.text
        text = self._turned().text
        if self._stands and text == before:
            return
        self._write(("\n" if self._stands else "") + text)
        self._stands = bool(text)
