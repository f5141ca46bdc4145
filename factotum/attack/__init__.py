"""`factotum attack`: twelve hostile mails, files and messages, a model that obeys each, and nobody
who says yes.

Played in a vault that is thrown away, with a mail server and a web page of the attacker's on
this machine alone. What got through is counted outside of the gate.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

from factotum.attack.play import play
from factotum.attack.show import as_json, show
from factotum.demo.house import DemoError
from factotum.demo.stage import Stage


def main(*, keep: bool = False, json: bool = False) -> int:
    """Plays it and returns the exit code: 0 nothing got through, 1 something did, or it could
    not be played. `keep` leaves the vault where it was played."""
    stage = Stage(sys.stderr if json else sys.stdout, sys.stdin)
    before = signal.signal(signal.SIGTERM, _stopped)
    try:
        report = play(stage, keep=keep)
    except DemoError as broken:
        print(f"factotum attack: {broken}", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)
    print(as_json(report)) if json else show(stage, report)
    return 0 if report.held else 1


def _stopped(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt  # so that the office is stopped and the folder removed
