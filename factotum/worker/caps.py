"""The most that may be spent, as it stands now: from the handbook, which a person may change
at any time, and from the settings, which hold where they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from factotum.gate.rules import Policy
from factotum.gate.rules_text import BUDGETS
from factotum.settings import Settings


@dataclass(frozen=True)
class Caps:
    """The most that may be spent, in USD. `outside_share` is the part of a day's money that
    work of strangers may take, from 0 to 1; `call_usd` what one call of a model may cost, None
    as much as its task. `houses` are those of day, task and month that the handbook sets."""

    day_usd: float = 1.0
    task_usd: float = 0.25
    month_usd: float = 15.0
    outside_share: float = 0.3
    call_usd: float | None = None
    houses: frozenset[str] = frozenset()

    def whose(self, which: str) -> str:
        """Where a person changes that cap."""
        if which in self.houses:
            return "budget in Company_Handbook.md"
        names = {"outside": "OUTSIDE_SHARE"}
        return f"FACTOTUM_BUDGET_{names.get(which, f'{which.upper()}_USD')}"


class CapsNow:
    """The caps at each moment. `own` are those of the settings, of which a person has written
    the `given` ones (day, task, month): there the lower of both counts, else the handbook's.
    While the handbook cannot be read, what it said last goes on."""

    def __init__(
        self,
        own: Caps,
        given: Collection[str] = (),
        policy: Callable[[], Policy] = Policy,
    ) -> None:
        self.own = own
        self.given = frozenset(given)
        self.policy = policy
        self._known: tuple[object, Caps] = (None, own)

    def __call__(self) -> Caps:
        policy = self.policy()
        if not policy.broken and self._known[0] is not policy:
            self._known = (policy, self._with(policy))
        return self._known[1]

    def _with(self, policy: Policy) -> Caps:
        now = {which: getattr(self.own, f"{which}_usd") for which in BUDGETS}
        houses = {
            which: usd
            for which, usd in policy.budgets.items()
            if which in now and (which not in self.given or usd < now[which])
        }
        values = {f"{which}_usd": usd for which, usd in {**now, **houses}.items()}
        return replace(self.own, **values, houses=frozenset(houses))


def caps_of(settings: Settings, policy: Callable[[], Policy]) -> CapsNow:
    """The caps by these settings and by the handbook as `policy` tells it."""
    money = settings.number
    own = Caps(
        money("BUDGET_DAY_USD"),
        money("BUDGET_TASK_USD"),
        money("BUDGET_MONTH_USD"),
        money("BUDGET_OUTSIDE_SHARE"),
        money("BUDGET_CALL_USD") if settings.given("BUDGET_CALL_USD") else None,
    )
    given = [which for which in BUDGETS if settings.given(f"BUDGET_{which.upper()}_USD")]
    return CapsNow(own, given, policy)
