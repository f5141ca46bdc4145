"""What the audience sees: numbered steps, files and where they lie, a card, a question.

Plain text; colour on a terminal alone. Knows nothing of the office.
"""

from __future__ import annotations

import os
import textwrap
import time
from collections.abc import Iterable
from typing import TextIO

from factotum.inert import visible

#: How wide a note is shown, in characters.
SHEET_CHARS = 88

BOLD, DIM, GREEN, RED, YELLOW = "1", "2", "32", "31", "33"


class Stage:
    def __init__(self, out: TextIO, hears: TextIO) -> None:
        self.out = out
        self.hears = hears
        self.coloured = out.isatty() and not os.environ.get("NO_COLOR")
        self._start = time.monotonic()
        self._steps = 0

    def passed_s(self) -> float:
        return time.monotonic() - self._start

    def paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self.coloured else text

    def say(self, text: str = "", *, indent: int = 3) -> None:
        for line in text.split("\n"):
            print(f"{' ' * indent}{line}".rstrip(), file=self.out, flush=True)

    def title(self, text: str) -> None:
        print(f"\n{self.paint(text, BOLD)}", file=self.out, flush=True)

    def step(self, text: str) -> None:
        self._steps += 1
        self.title(f"{self._steps}. {text}")

    def place(self, where: str, meaning: str) -> None:
        """One file, where it lies now, and what that means."""
        stamp = self.paint(f"{self.passed_s():5.1f} s", DIM)
        self.say(f"{stamp}  {where}")
        self.say(f"         {self.paint(meaning, DIM)}")

    def sheet(self, lines: Iterable[str]) -> None:
        """A note or a letter, behind a line at its left."""
        bar = self.paint("│", DIM)
        for line in lines:
            start = " " * (len(line) - len(line.lstrip()))
            wrapped = textwrap.wrap(
                visible(line), SHEET_CHARS, subsequent_indent=start + "  ", break_on_hyphens=False
            )
            for one in wrapped or [""]:
                print(f"   {bar} {one}".rstrip(), file=self.out, flush=True)

    def verdict(self, text: str, *, good: bool) -> None:
        mark = self.paint("ok", GREEN) if good else self.paint("WRONG", RED)
        self.say(f"{mark}  {text}")

    def count_down(self, seconds: float) -> None:
        """Says once a second how much is left, as long as `seconds` last."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.say(self.paint(f"… {left:.0f} s", YELLOW))
            time.sleep(min(1.0, left))

    @property
    def can_ask(self) -> bool:
        return self.hears.isatty()

    def ask(self, question: str) -> bool:
        """Whether the person says yes. Anything else is a no."""
        print(f"\n   {self.paint(question, BOLD)} [y/N] ", end="", file=self.out, flush=True)
        return self.hears.readline().strip().casefold() in {"y", "yes"}
