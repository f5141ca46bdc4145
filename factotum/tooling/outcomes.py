"""What became of a call to act: from the server's answer, or from its phase file without one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factotum.model import FailedClean, Lost, Outcome, Succeeded
from factotum.phase import read_phase

#: How much of what a third-party tool said is kept, in characters.
SAID_MOST = 20_000


def outcome_of(answer: Any, tool: str) -> Outcome:
    """The outcome that a server reported in its structured answer."""
    match answer:
        case {"outcome": "succeeded", "receipt": dict(receipt)}:
            return Succeeded(receipt)
        case {"outcome": "failed_clean", "reason": str(reason), "again": bool(again)}:
            return FailedClean(reason, again)
        case {"outcome": "lost", "last_known": str(last_known)}:
            return Lost(last_known)
        case _:
            return Lost(f"{tool} answered, but not with an outcome that is known")


def answered(with_error: bool, said: str) -> Outcome:
    """The outcome of a call to a server of others: that it was made, and what was said. Whether
    an error that it tells of left something done, nobody but it can know."""
    how = "with an error" if with_error else "without an error"
    return Succeeded({"answered": how, "text": said[:SAID_MOST]})


def after_a_break(what: str, meta: Mapping[str, Any]) -> Outcome:
    """What is known after a server broke: its phase file's word, or that nobody can tell."""
    phase = read_phase(Path(meta["phase_file"])) if meta.get("phase_file") else None
    if phase is None or not phase.kept:
        return Lost(what)
    match phase.outcome:
        case FailedClean(reason, again):
            return FailedClean(f"{what}; {reason}", again)
        case Lost(last_known):
            return Lost(f"{what}; {last_known}")
        case certain:
            return certain


def after_the_limit(what: str, meta: Mapping[str, Any]) -> Outcome:
    """What is known of a call that is still running: only a yes is sure to stay true."""
    path = meta.get("phase_file")
    outcome = read_phase(Path(path)).outcome if path else None
    return outcome if isinstance(outcome, Succeeded) else Lost(what)
