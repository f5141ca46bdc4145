"""A person at a terminal of their own: a process behind a real pty, typed into and read."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

from tests.cli.glass import Glass
from tests.cli.terminal import Terminal
from tests.patience import PATIENCE_S

COLUMNS, ROWS = 100, 30
#: Makes the terminal its own, as a shell does, so that it is hung up when the window is closed.
BEGIN = """import fcntl, signal, sys, termios
signal.signal(signal.SIGINT, signal.default_int_handler)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from factotum.cli import main
sys.exit(main(sys.argv[1:]))"""


class Person:
    """`term` is what the terminal says that it is; without it nothing is drawn on it."""

    def __init__(self, terminal: Terminal, *words: str, term: str = "") -> None:
        self.screen, inner = pty.openpty()
        self.resize(COLUMNS, ROWS)
        env = terminal.environ() | ({"TERM": term} if term else {})
        self.process = subprocess.Popen(
            [sys.executable, "-c", BEGIN, *words],
            cwd=terminal.folder,
            env=env,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        self.inner = inner
        self.seen = self.whole = ""
        self.glass = Glass(COLUMNS)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.screen, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def looks(self, wait_s: float = 0.2) -> bool:
        """Reads what is there; whether there was something."""
        ready, _, _ = select.select([self.screen], [], [], wait_s)
        if not ready:
            return False
        try:
            came = os.read(self.screen, 65_536).decode(errors="replace")
        except OSError:
            return False
        self.seen += came
        self.whole += came
        self.glass.write(came)
        return True

    def reads(self, text: str) -> None:
        """Waits for `text` to come up behind what was read before."""
        end = time.monotonic() + PATIENCE_S
        while text not in self.seen:
            if not self.looks() and self.process.poll() is not None and not self.looks(0.0):
                raise AssertionError(f"{self.process.returncode}: {self.whole}")
            assert time.monotonic() < end, self.whole
        self.seen = self.seen.partition(text)[2]

    def sees(self, last: str) -> None:
        """Waits till this is what stands before the cursor."""
        end = time.monotonic() + PATIENCE_S
        while self.glass.last != last:
            self.looks()
            assert time.monotonic() < end, "\n".join([*self.glass.lines, repr(self.glass.last)])

    def shows(self, line: str) -> None:
        """Waits till this is a whole line on the screen."""
        end = time.monotonic() + PATIENCE_S
        while line not in self.glass.lines:
            self.looks()
            assert time.monotonic() < end, "\n".join(self.glass.lines)

    def presses(self, keys: str) -> None:
        os.write(self.screen, keys.encode())

    def types(self, text: str) -> None:
        self.presses(f"{text}\n")

    def ends(self) -> int:
        """Waits till it has ended; its exit code."""
        end = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            self.looks(0.05)
            assert time.monotonic() < end, self.whole
        while self.looks(0.0):
            pass
        return self.process.returncode

    def leaves(self) -> int:
        self.types("/quit")
        return self.ends()

    def hangs_up(self) -> None:
        """Closes the window of the terminal."""
        if self.inner >= 0:
            os.close(self.inner)
            self.inner = -1
        os.close(self.screen)
        self.screen = -1

    def done(self) -> None:
        """Whatever it still does, it ends."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for fd in (self.screen, self.inner):
            if fd >= 0:
                os.close(fd)

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: object) -> None:
        self.done()
