"""The till: what hearing may cost is set aside in the office's budget, and settled after.

It knows the budget by what it asks of it; `factotum.worker.budget.Budget` is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Booking(Protocol):
    def reserve(
        self,
        root: str,
        task: str,
        run: int,
        model: str,
        most_usd: float,
        now: float,
        *,
        outside: bool,
        allowance_usd: float,
    ) -> int: ...

    def settle(self, seq: int, cost_usd: float | None) -> float: ...


class Till:
    """The purse for one recording. `about` is the task that it is for, or a name of its own
    such as `voice-17`; `allowance_usd` what that may cost. Lives in the thread of the ledger."""

    def __init__(
        self, budget: Booking, about: str, now: Callable[[], float], allowance_usd: float
    ) -> None:
        self._budget = budget
        self._about = about
        self._now = now
        self._allowance_usd = allowance_usd

    async def reserve(self, model: str, most_usd: float) -> int:
        """Raises what the budget raises where there is no money: `Capped`."""
        return self._budget.reserve(
            self._about,
            self._about,
            0,
            model,
            most_usd,
            self._now(),
            outside=False,
            allowance_usd=self._allowance_usd,
        )

    async def release(self, n: int, cost_usd: float | None) -> None:
        self._budget.settle(n, cost_usd)
