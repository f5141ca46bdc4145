"""What is known about an attempt after a crash, and what an attempt is given to run with.

Pure. The rows are `register.py`'s; asking the outside world is the worker's. One set of
rules serves normal running and recovery.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from factotum.blobs import Blobs
from factotum.gate.register import ATTEMPTS_MOST, Card
from factotum.model import Effect, FailedClean, Lost, Outcome, Succeeded

#: How long to wait after the first and after the second clean failure, in seconds.
RETRY_S = (60.0, 300.0)


@dataclass(frozen=True)
class Again:
    """The same seal may be tried once more; `reason` says what went wrong before."""

    reason: str


def key(card: Card, domain: str) -> str:
    """The Message-ID of a card's version: the same at every try, so that it can be looked
    for, and another for another version."""
    return f"<{card.id}.v{card.version}@{domain}>"


def run_data(card: Card, key: str, phases: Path, n: int, blobs: Blobs) -> dict[str, Any]:
    """What travels beside the arguments: fixed Message-ID (`key`) and Date, the sealed files,
    and where the server keeps the phase of this try. Raises BlobError."""
    decided = card.decision.at if card.decision else card.seal.created
    return {
        "message_id": key,
        "date": format_datetime(datetime.fromtimestamp(int(decided), UTC)),
        "blobs": {a.name: str(blobs.path(a.sha256)) for a in card.seal.attachments},
        "phase_file": str(phase_file(phases, card, n)),
    }


def phase_file(phases: Path, card: Card, n: int) -> Path:
    return phases / f"{card.id}.v{card.version}.{n}"


def after_crash(
    effect: Effect, phase: Outcome | None, found: Mapping[str, Any] | None, asked: bool
) -> Again | Outcome:
    """What a lost attempt amounts to.

    `phase` is what the phase file proves, None for a tool that keeps none. `found` is the
    receipt of an effect that the outside world still shows; `asked` whether it was asked.
    Not being found proves something only where the design says that it can be queried.
    """
    match phase:
        case Succeeded() | FailedClean(again=False):
            return phase
        case FailedClean(reason):
            return Again(reason)
        case _:
            pass
    if found is not None:
        return Succeeded(found)
    if effect is Effect.IDEMPOTENT:
        return Again("it was interrupted; doing it again changes nothing")
    if effect is Effect.QUERYABLE and asked:
        return Again("it was interrupted and did not happen")
    return phase if isinstance(phase, Lost) else Lost("it was begun; no answer is on record")


def after_failure(outcome: Outcome, tries: int) -> Again | Outcome:
    """Whether a clean failure is tried again: three times in all, under the same seal."""
    match outcome:
        case FailedClean(reason, again=True) if tries < ATTEMPTS_MOST:
            return Again(reason)
        case FailedClean(reason, again=True):
            return FailedClean(f"{reason} (tried {tries} times)")
        case certain:
            return certain


def next_try_at(tries: int, last: float) -> float:
    """When a try after `tries` clean failures, the last one begun at `last`, is due."""
    return last + RETRY_S[min(tries, len(RETRY_S)) - 1] if tries else last
