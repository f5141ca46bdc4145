"""What stands on a terminal's screen after all that was written to it: a small one of our own.

It knows what a line that is typed needs, and refuses every other sequence.
"""

from __future__ import annotations

import re

from factotum.cli.chat_layout import width

_CSI = re.compile(r"\x1b\[(\??)(\d*)([A-Za-z])")


class Glass:
    def __init__(self, columns: int = 80) -> None:
        self.columns = columns
        self.cells: list[list[str]] = [[]]
        self.row = self.column = 0
        self.pasting = False
        self._rest = ""

    def write(self, text: str) -> None:
        text, self._rest = self._rest + text, ""
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self._char(text[at])
                at += 1
                continue
            found = _CSI.match(text, at)
            if found is None:
                assert len(text) - at < 12, repr(text[at:])
                self._rest = text[at:]
                return
            self._sequence(found[1], int(found[2] or 0), found[3])
            at = found.end()

    def _sequence(self, private: str, n: int, what: str) -> None:
        match private + what:
            case "A":
                self.row = max(0, self.row - n)
            case "B":
                self.row += n
            case "C":
                self.column = min(self.columns - 1, self.column + n)
            case "J" if n == 0:
                self.cells = self.cells[: self.row + 1]
                self.cells[self.row] = self.cells[self.row][: self.column]
            case "H" | "J":
                self.row = self.column = 0
                self.cells = [[]]
            case "?h" | "?l" if n == 2004:
                self.pasting = what == "h"
            case odd:
                raise AssertionError(f"a sequence that nobody wants: {odd} {n}")

    def _char(self, char: str) -> None:
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self.row += 1
        else:
            assert char >= " " or char == "\a", repr(char)
            self._put(char)
        while len(self.cells) <= self.row:
            self.cells.append([])

    def _put(self, char: str) -> None:
        if char == "\a" or not width(char):
            return
        if self.column + width(char) > self.columns:
            self.row, self.column = self.row + 1, 0
            while len(self.cells) <= self.row:
                self.cells.append([])
        line = self.cells[self.row]
        line += [" "] * (self.column + width(char) - len(line))
        line[self.column] = char
        if width(char) == 2:
            line[self.column + 1] = ""
        self.column += width(char)

    @property
    def lines(self) -> list[str]:
        return ["".join(line).rstrip() for line in self.cells]

    @property
    def last(self) -> str:
        """The row of the cursor, as far as the cursor."""
        return "".join(self.cells[self.row][: self.column])
