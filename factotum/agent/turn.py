"""One turn of calls, as pure rules: what to do next, given what became of each call so far.

Calls are judged in order. Reads run at once. From the first ask on, calls that change
something wait; all asks of the turn are put to the person together. If one was refused or
failed, what changes something after it is left undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Became(StrEnum):
    """What became of one call of the turn."""

    GOOD = "good"
    OPEN = "open"  # sealed; no outcome yet
    REFUSED = "refused"  # a person's no, a cancellation, a withdrawal
    FAILED = "failed"
    SKIPPED = "skipped"


class Kind(StrEnum):
    """How a call was judged."""

    READ = "read"
    ACT = "act"  # allowed by a rule, but it changes something
    ASK = "ask"
    DENY = "deny"


@dataclass(frozen=True)
class Do:
    """Run this call now."""

    idx: int


@dataclass(frozen=True)
class Seal:
    """Put these calls to the person, all together."""

    idxs: tuple[int, ...]


@dataclass(frozen=True)
class Skip:
    """Leave this call undone, because an earlier one was refused or failed."""

    idx: int


@dataclass(frozen=True)
class Refuse:
    """A rule forbids this call."""

    idx: int


@dataclass(frozen=True)
class Wait:
    """Nothing can be done until a person has decided."""


@dataclass(frozen=True)
class Over:
    """Every call has an end. `failed` are those that went wrong, `refused` those stopped."""

    failed: tuple[int, ...]
    refused: tuple[int, ...]


Move = Do | Seal | Skip | Refuse | Wait | Over


def next_move(kinds: Sequence[Kind], became: Mapping[int, Became]) -> Move:
    """The next thing to do in a turn of `len(kinds)` calls."""
    asks: list[int] = []
    held = stopped = False
    for idx, kind in enumerate(kinds):
        match became.get(idx):
            case Became.GOOD | Became.SKIPPED:
                continue
            case Became.OPEN:
                held = True
                continue
            case Became.REFUSED | Became.FAILED:
                stopped = True
                continue
            case None:
                pass
        if kind is Kind.DENY:
            return Refuse(idx)
        if kind is Kind.READ:
            return Do(idx)
        if stopped:
            return Skip(idx)
        if kind is Kind.ASK:
            asks.append(idx)
        elif not asks and not held:
            return Do(idx)
    if asks:
        return Seal(tuple(asks))
    if held or len(became) < len(kinds):
        return Wait()
    return Over(_those(became, Became.FAILED), _those(became, Became.REFUSED))


def _those(became: Mapping[int, Became], which: Became) -> tuple[int, ...]:
    return tuple(sorted(idx for idx, what in became.items() if what is which))
