"""`factotum demo`: one task played through, from a mail to its receipt, on this machine alone.

A vault, a mail server and the real orchestrator as a process of its own, all of them
thrown away at the end. Nothing is sent anywhere, and no vault or setting of yours is read.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

from factotum.demo.crash import play_crash
from factotum.demo.house import DemoError
from factotum.demo.play import play
from factotum.demo.stage import Stage


def main(yes: bool = False, crash: bool = False, keep: bool = False) -> int:
    """Plays it and returns the exit code: 0 all went as promised, 1 not, 2 nobody to ask.

    `yes` says yes by itself; `crash` kills the office while it sends and restarts it;
    `keep` leaves the vault where it was played.
    """
    stage = Stage(sys.stdout, sys.stdin)
    before = signal.signal(signal.SIGTERM, _stopped)
    try:
        return play_crash(stage, keep=keep) if crash else play(stage, yes=yes, keep=keep)
    except DemoError as broken:
        print(f"factotum demo: {broken}", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)


def _stopped(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt  # so that the office is stopped and the folder removed
