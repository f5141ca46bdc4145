"""A terminal's modes while a line is drawn on it: each key comes at once, and pastes are marked.

However the conversation ends, the terminal is given back as it was found; while it is stopped by
Ctrl-Z too. Ctrl-C comes as a key, so that it reaches nobody but the line.
"""

from __future__ import annotations

import asyncio
import os
import signal
import termios
from collections.abc import Callable
from contextlib import suppress

#: Has a terminal mark what is pasted. Source: xterm's ctlseqs, bracketed paste mode.
BEGIN, END = "\x1b[?2004h", "\x1b[?2004l"


class Modes:
    """`leave` takes away what is drawn, `come_back` draws it again."""

    def __init__(
        self,
        terminal: int,
        write: Callable[[str], None],
        leave: Callable[[], None],
        come_back: Callable[[], None],
    ) -> None:
        self._terminal = terminal
        self._write = write
        self._leave = leave
        self._come_back = come_back
        self._loop = asyncio.get_running_loop()
        self._found = termios.tcgetattr(terminal)

    def begin(self) -> None:
        self._set()
        self._loop.add_signal_handler(signal.SIGTSTP, self._rest)
        self._loop.add_signal_handler(signal.SIGCONT, self._go_on)
        self._loop.add_signal_handler(signal.SIGWINCH, self._come_back)

    def end(self, *, there: bool) -> None:
        """Gives the terminal back, if it is still there."""
        for one in (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH):
            self._loop.remove_signal_handler(one)
        if there:
            self._unset()

    def _set(self) -> None:
        modes = termios.tcgetattr(self._terminal)
        modes[3] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
        modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
        modes[6][termios.VINTR] = bytes([os.fpathconf(self._terminal, "PC_VDISABLE")])
        termios.tcsetattr(self._terminal, termios.TCSANOW, modes)
        self._write(BEGIN)

    def _unset(self) -> None:
        with suppress(OSError, termios.error):
            self._write(END)
            termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._found)

    def _rest(self) -> None:
        """Ctrl-Z."""
        with suppress(OSError):
            self._leave()
        self._unset()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _go_on(self) -> None:
        with suppress(OSError, termios.error):
            self._set()
        self._come_back()
