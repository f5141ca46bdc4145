"""The till: what one recording may cost is set aside in the office's budget, and settled after."""

from __future__ import annotations

from collections.abc import Callable

from factotum.worker.budget import Budget


class Till:
    """The purse for one recording. `about` is the task that it is for, or a name of its own
    such as `voice-17`; `allowance_usd` what that may cost. Lives in the thread of the ledger."""

    def __init__(
        self, budget: Budget, about: str, now: Callable[[], float], allowance_usd: float
    ) -> None:
        self._budget = budget
        self._about = about
        self._now = now
        self._allowance_usd = allowance_usd

    async def reserve(self, model: str, most_usd: float) -> int:
        """Raises Capped where there is no money."""
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
