"""The phase file of one attempt: how far a send had come, for whoever asks after a crash.

A tool server appends one JSON line a phase and syncs it before it goes on: `begun`,
`connected`, `data` (before the first byte of the content), then `accepted` or `refused`.
Here it is only read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from factotum.model import FailedClean, Lost, Outcome, Succeeded


@dataclass(frozen=True)
class Phase:
    """How far the last attempt in the file had come.

    unsent: provably nothing was handed over. data: it may have been. accepted: the other
    side said yes, and `receipt` has its words. `kept` is false where there is no file.
    """

    state: Literal["unsent", "data", "accepted"]
    kept: bool = True
    at: str = ""
    reason: str = ""
    again: bool = True
    receipt: Mapping[str, Any] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """The same in the words of the gate."""
        match self.state:
            case "accepted":
                return Succeeded(self.receipt)
            case "data":
                since = f" at {clock_of(self.at)}" if self.at else ""
                return Lost(f"the content was being handed over{since}; no answer is on record")
            case "unsent":
                return FailedClean(self.reason or "it ended before anything was sent", self.again)


def clock_of(at: str) -> str:
    """A server's ISO time as a person of this machine's zone reads it: “15:04”."""
    try:
        return f"{datetime.fromisoformat(at).astimezone():%H:%M}"
    except ValueError:
        return at


def read_phase(path: Path) -> Phase:
    """The phase that `path` records, later lines over earlier ones. No file: unsent, not kept.

    A last line without its end was never synced, so what it announces was never done. Any
    other line that cannot be read counts as `data`: the one answer that repeats nothing.
    Ask only about a tool whose server keeps this file. Raises OSError.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return Phase("unsent", kept=False)
    phase = Phase("unsent", kept=False)
    for line in text.split(b"\n")[:-1]:
        phase = _after(phase, line)
    return phase


def _after(before: Phase, line: bytes) -> Phase:
    try:
        entry = json.loads(line)
        name, at = entry["phase"], str(entry.get("at", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Phase("data")
    match name:
        case "begun" | "connected":
            return Phase("unsent", at=at) if before.state == "unsent" else before
        case "refused":
            return Phase(
                "unsent",
                at=at,
                reason=str(entry.get("reason", "")),
                again=entry.get("again") is True,
            )
        case "accepted":
            receipt = entry.get("receipt")
            return Phase("accepted", at=at, receipt=receipt if isinstance(receipt, dict) else {})
        case _:
            return Phase("data", at=at)
