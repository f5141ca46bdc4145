"""Runs in a process of its own: reads mails that come by standard input, till that is closed.

It has no settings, no keys and no network work to do. Both ways go pickles, each with its length
before it: a list of mails there, a list of what they say back.

    python -I watchers/mail/reader_child.py
"""

from __future__ import annotations

import logging
import pickle
import signal
import sys
from pathlib import Path
from typing import IO


def write(pipe: IO[bytes], what: object) -> None:
    data = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    pipe.write(len(data).to_bytes(8, "big"))
    pipe.write(data)
    pipe.flush()


def read(pipe: IO[bytes]) -> bytes:
    """The next pickle; empty at the end."""
    size = int.from_bytes(pipe.read(8), "big")
    return pipe.read(size)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it closes its input
    logging.disable(logging.CRITICAL)
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from factotum.reading import read as reading

    while data := read(sys.stdin.buffer):
        write(sys.stdout.buffer, [reading(raw, "mail.eml") for raw in pickle.loads(data)])  # noqa: S301


if __name__ == "__main__":
    main()
