"""Who listens to the recordings in the Inbox, and who pays: the day's money for outsiders' work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from factotum.intake_hearing import Hears, Listens
from factotum.settings import Settings
from factotum.voice import hearing_by
from factotum.worker.budget import Budget
from factotum.worker.desk import Desk
from factotum.worker.listening import Listening
from factotum.worker.thinking import Account, Purse


def hears_by(
    settings: Settings,
    environ: Mapping[str, str],
    desk: Desk,
    budget: Budget,
    clock: Callable[[], float],
    stopped: Callable[[], str],
) -> Hears | None:
    """By the settings; None where nobody listens to files. `stopped` says why nothing may leave
    the house, or nothing."""
    hearing = hearing_by(settings, environ)
    if hearing is None or not hearing.file_s:
        return None

    def hears(name: str, seconds: float, task: str) -> Listens:
        if why := stopped():
            return lambda data: ("", why)
        account = Account(task, task, 0, outside=True, allowance_usd=budget.caps.task_usd)
        listening = Listening(hearing, lambda: Purse(desk, budget, account, clock))
        return lambda data: asyncio.run(listening(data, name, seconds, file=True))

    return hears
