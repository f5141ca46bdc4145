"""A terminal on which the line that is being typed is drawn, so that nothing tears it up.

What is said stands above the line; the line is taken away before, and drawn anew behind it. What
is typed while the screen is held is not lost: it is taken afterwards, in order.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import IO

from factotum.cli.chat_layout import TAB, Laid, lay_out
from factotum.cli.chat_line import CLEAR, END_OF_INPUT, ENTER, INTERRUPT, TEXT, Key, Keys, Line
from factotum.cli.chat_modes import Modes
from factotum.cli.chat_screen import Screen, Typed

#: How many rows the line takes at most while it is typed, and how many lines of a long one stay
#: there to be read once it is entered.
ROWS_MOST, KEPT_LINES = 8, 12
NOTHING = Laid(("",), (0,), 0, 0)


class Drawn(Screen):
    def __init__(self, source: int, out: IO[str]) -> None:
        super().__init__(source, out)
        self._modes = Modes(source, self._write, self._leave, self._come_back)
        self._keys = Keys()
        self._line = Line()
        self._waiting: deque[tuple[Key, float]] = deque()
        self._begun = 0.0
        self._shown = NOTHING

    def __enter__(self) -> Screen:
        self._modes.begin()
        return super().__enter__()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        try:
            if not self.gone:
                self._leave()
        except OSError:
            self.gone = True
        self._modes.end(there=not self.gone)

    def say(self, text: str) -> None:
        self._paint(self._fitted(text))

    # -- keys

    def _came(self, data: bytes) -> None:
        now = self._loop.time()
        for key in self._keys.of(data):
            if key.name == INTERRUPT:
                self._pump()
                self._waiting.clear()  # what was typed ahead is taken away, too
                self._interrupt()
            else:
                self._waiting.append((key, now))
        self._pump()

    def _go_on(self) -> None:
        while self._waiting and not (self.held or self.gone):
            key, at = self._waiting.popleft()
            if not self._line.text:
                self._turned()
                self._begun = at
            self._press(key, at)
        if not self._line.text:
            self._turned()
        self._paint()

    def _press(self, key: Key, at: float) -> None:
        if key.name == ENTER:
            self._write(self._entered())
            text = self._line.enter()
            self.listener.typed(Typed(text, self.prompt, self._begun))
        elif key.name == END_OF_INPUT and not self._line.text:
            self.listener.ended()
        elif key.name == CLEAR:
            self._shown = NOTHING
            self._write("\x1b[H\x1b[2J")
        elif key.name != TEXT or key.text:
            self._line.press(key)

    def _interrupt(self) -> None:
        if not self._line.text:
            self.listener.interrupted()
            return
        self._write(self._entered("^C"))
        self._line.empty()

    # -- what is drawn

    def _paint(self, above: str = "") -> None:
        """Shows what was said, and behind it the line as it is now."""
        there, text = self._shown, self._erased() + above
        if not self.held:
            now = self._laid()
            self._shown = now
            if not above and now == there:
                return
            added = _added(there, now) if not above else None
            text = added if added is not None else text + _drawn(now)
        if text:
            self._write(text)

    def _laid(self) -> Laid:
        columns, rows = self._size()
        most = max(1, min(ROWS_MOST, rows - 1))
        return lay_out(self.prompt.text, self._line.text, self._line.cursor, columns, most)

    def _erased(self) -> str:
        """What takes away the rows that are drawn. A terminal that has become narrower has
        broken them anew."""
        there, self._shown = self._shown, NOTHING
        if there == NOTHING:
            return ""
        columns, _ = self._size()
        above = sum(max(1, -(-wide // columns)) for wide in there.widths[: there.row])
        above += there.column // columns
        return "\r" + (f"\x1b[{above}A" if above else "") + "\x1b[J"

    def _entered(self, sign: str = "") -> str:
        """What has the line stand there as one that was said; of a long one the beginning."""
        there, text = self._shown, self._line.text
        whole = self.prompt.text + text
        if "".join(there.rows) == whole.replace("\n", "").replace("\t", TAB):
            self._shown = NOTHING
            return _to_end(there) + f"{sign}\n"
        lines = whole.split("\n")
        if len(lines) > KEPT_LINES:
            left = len(lines) - KEPT_LINES
            lines = [*lines[:KEPT_LINES], f"… and {left} more line{'s' if left > 1 else ''}"]
        return self._erased() + "\n".join(lines) + f"{sign}\n"

    # -- the terminal is lent to us

    def _leave(self) -> None:
        """Nothing of ours stands in the last row."""
        self._write(self._erased())

    def _come_back(self) -> None:
        """The terminal was somebody else's, or has another size now."""
        self._safely(self._again)

    def _again(self) -> None:
        text = self._erased()
        if not self.held:
            self._shown = self._laid()
            text += _drawn(self._shown)
        self._write(text)


def _drawn(laid: Laid) -> str:
    below = len(laid.rows) - 1 - laid.row
    text = "\n".join(laid.rows)
    if not below and laid.column == laid.widths[-1]:
        return text
    up = f"\x1b[{below}A" if below else ""
    return f"{text}{up}\r" + (f"\x1b[{laid.column}C" if laid.column else "")


def _to_end(laid: Laid) -> str:
    """From the cursor to behind the last row."""
    below = len(laid.rows) - 1 - laid.row
    down = f"\x1b[{below}B" if below else ""
    last = laid.widths[-1]
    return f"{down}\r" + (f"\x1b[{last}C" if last else "")


def _added(there: Laid, now: Laid) -> str | None:
    """What only has to be written behind what stands there; None where more has changed."""
    at_end = replace(there, column=there.widths[-1], row=len(there.rows) - 1) == there
    ends_there = replace(now, column=now.widths[-1], row=len(now.rows) - 1) == now
    same = there.rows[:-1] == now.rows[:-1] and now.rows[-1].startswith(there.rows[-1])
    return now.rows[-1][len(there.rows[-1]) :] if at_end and ends_there and same else None
