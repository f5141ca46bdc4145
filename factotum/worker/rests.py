"""Which tasks and effects are left alone for a while, and why.

It lasts as long as the process: after a restart each is simply tried again.
"""

from __future__ import annotations

from collections.abc import Callable

from factotum import log
from factotum.worker.caps import Caps

logger = log.get("factotum.worker")

#: How long a task or an effect that broke is left alone before it is tried again, in seconds.
REST_S = 60.0
#: How long a task is left alone for which there is no money, in seconds; and one that has to
#: wait a moment only: its money is held by calls under way, or everything is stopped.
NO_MONEY_S = 300.0
MOMENT_S = 2.0
#: How long a task is left alone that no model answers, in seconds, if none said how long.
NO_ANSWER_S = (30.0, 60.0, 120.0, 300.0, 600.0)


class Rests:
    def __init__(self, monotonic: Callable[[], float], caps: Callable[[], Caps]) -> None:
        """`caps` are those that hold now."""
        self.monotonic = monotonic
        self.caps = caps
        self.held: dict[str, str] = {}
        self._until: dict[str, float] = {}
        self._moments: set[str] = set()
        self._unanswered: dict[str, int] = {}
        self._poor: dict[str, Caps] = {}  # by which caps a task waits for money

    def rests(self, id: str) -> bool:
        if id in self._poor and self._poor[id] != self.caps():
            del self._poor[id]
            self._until.pop(id, None)  # a cap was changed: there may be money now
        return self.monotonic() < self._until.get(id, 0.0)

    def left(self) -> tuple[list[float], list[float]]:
        """In how many seconds the rests end: those of a moment, which a single pass waits
        out as well, and the longer ones."""
        now = self.monotonic()
        ends = {id: at - now for id, at in self._until.items() if at > now}
        return (
            [left_s for id, left_s in ends.items() if id in self._moments],
            [left_s for id, left_s in ends.items() if id not in self._moments],
        )

    def begun(self, id: str) -> None:
        """It is under way again."""
        self._moments.discard(id)

    def ended(self, id: str) -> None:
        """It ran without breaking; whether it has to wait all the same was said meanwhile."""
        if self.monotonic() >= self._until.get(id, 0.0):
            self._until.pop(id, None)

    def forget(self, tasks: set[str]) -> None:
        """Of tasks that are none of these any more nothing is told."""
        for id in set(self.held) - tasks:
            del self.held[id]
            self._poor.pop(id, None)

    # -- why

    def broke(self, id: str) -> None:
        self._rest(id, REST_S)

    def stopped(self, id: str) -> None:
        """Nothing may leave the house; a single pass does not wait for that to end."""
        self._rest(id, MOMENT_S)

    def money_is_held(self, id: str) -> None:
        """By calls under way, which end soon."""
        self._moments.add(id)
        self._rest(id, MOMENT_S)

    def no_money(self, id: str, why: str, by: Caps) -> None:
        self._hold(id, f"waits for money: {why}")
        self._poor[id] = by
        self._rest(id, NO_MONEY_S)

    def no_answer(self, id: str, why: str, at_least_s: float) -> None:
        """Each time in a row it waits longer, and never less than `at_least_s`."""
        tries = self._unanswered.get(id, 0)
        self._unanswered[id] = tries + 1
        self._rest(id, max(NO_ANSWER_S[min(tries, len(NO_ANSWER_S) - 1)], at_least_s))
        self._hold(id, f"waits for a model: {why}")

    def answered(self, id: str) -> None:
        self.held.pop(id, None)
        self._unanswered.pop(id, None)

    def _rest(self, id: str, rest_s: float) -> None:
        self._until[id] = self.monotonic() + rest_s

    def _hold(self, id: str, reason: str) -> None:
        if self.held.get(id) != reason:
            logger.warning("held", extra={"task": id, "reason": reason})
        self.held[id] = reason
