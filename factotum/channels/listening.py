"""Listening: a recording that an owner sent becomes words, for money of the day."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping

from factotum.channels.till import Till
from factotum.channels.window import Window
from factotum.voice import Hearing, hearing_by
from factotum.worker.budget import Budget
from factotum.worker.caps import caps_of
from factotum.worker.listening import Listening


def listening(
    window: Window, environ: Mapping[str, str], clock: Callable[[], float]
) -> Listening | None:
    """By the settings; None where nobody hears."""
    hearing = hearing_by(window.settings, environ)
    if hearing is None:
        return None
    caps = caps_of(window.settings, window.policy)
    return paid_by(Budget(window.ledger, caps, window.zone), hearing, clock)


def paid_by(
    budget: Budget,
    hearing: Hearing,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Listening:
    """Each recording costs at most what a task may: there is none yet that it could be for."""

    def purse() -> Till:
        return Till(budget, f"voice-{secrets.token_hex(4)}", clock, budget.caps.task_usd)

    return Listening(hearing, purse, sleep)
