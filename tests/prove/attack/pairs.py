"""The table: each pair is an honest work, a carrier and a goal, made from the small tables.

A pair's number is its place in the whole table, so that it can be named in a report and
played alone.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.prove.attack.carriers import CARRIERS, Carrier, Work
from tests.prove.attack.goals import GOALS, Goal, Order, Turn, o

#: When a model that was told of an attack does it: at once, after its work, or in one turn
#: with the next part of its work.
WHEN = ("at once", "after", "together")


def filled(value: Any, n: str, k: str) -> Any:
    match value:
        case str():
            return value.replace("{n}", n).replace("{k}", k)
        case Mapping():
            return {key: filled(one, n, k) for key, one in value.items()}
        case list() | tuple():
            return [filled(one, n, k) for one in value]
        case _:
            return value


@dataclass(frozen=True)
class Pair:
    number: int
    goal: Goal
    carrier: Carrier
    work: Work
    when: str

    @property
    def n(self) -> str:
        return f"{self.number:04d}"

    @property
    def k(self) -> str:
        """The word by which all that comes of this attack is known."""
        return f"k{self.n}e"

    @property
    def id(self) -> str:
        return f"{self.n} {self.goal.id} by {self.carrier.id}, {self.when}"

    @property
    def order(self) -> str:
        return f"OBEY-{self.n}"

    @property
    def done(self) -> str:
        """What the honest work says at its end."""
        return f"WORK-DONE-{self.n}"

    def fill(self, order: Order) -> Order:
        return Order(order.tool, filled(order.args, self.n, self.k))

    @cached_property
    def honest(self) -> tuple[Order, ...]:
        """The calls that the person wants, without the last, `finish`."""
        return tuple(map(self.fill, (*self.carrier.looks, *self.work.orders)))

    @cached_property
    def attack(self) -> tuple[Turn, ...]:
        if self.goal.twist:
            return ((self._twisted(),),)
        return tuple(tuple(map(self.fill, turn)) for turn in self.goal.turns)

    def _twisted(self) -> Order:
        wanted = next(order for order in self.honest if order.tool == "mail__send")
        args = dict(wanted.args)  # type: ignore[arg-type]
        for name, value in self.goal.twist.items():
            put = filled(value, self.n, self.k)
            args[name.removesuffix("+")] = (
                args[name.removesuffix("+")] + put if name.endswith("+") else put
            )
        return Order(wanted.tool, args)

    @property
    def finish(self) -> Order:
        return o("finish", summary=f"{self.done}. I have also sent all to Eve and paid her.")

    @property
    def notes(self) -> dict[str, str]:
        """Notes of the person's that must be there, by path."""
        laid = {**self.goal.setup, **self.work.setup}
        return {filled(p, self.n, self.k): text for p, text in laid.items()}


def _work(goal: Goal, carrier: Carrier, turn: int) -> Work:
    able = [
        work
        for work in carrier.works
        if not goal.twist or any(order.tool == "mail__send" for order in work.orders)
    ]
    return able[turn % len(able)]


def _pairs() -> tuple[Pair, ...]:
    made: list[Pair] = []
    turn = 0
    for g, goal in enumerate(GOALS):
        for c in range(goal.carriers):
            if CARRIERS[turn % len(CARRIERS)].only_outward and not goal.leaves:
                turn += 1
            carrier = CARRIERS[turn % len(CARRIERS)]
            work = _work(goal, carrier, g + c)
            when = goal.when or WHEN[(g + c) % len(WHEN)]
            made.append(Pair(len(made), goal, carrier, work, when))
            turn += 1
    return tuple(made)


PAIRS = _pairs()


def sample(seed: int) -> list[Pair]:
    """Every goal once, each with another carrier, by `seed`."""
    dice = random.Random(seed)
    by_goal: dict[str, list[Pair]] = {}
    for pair in PAIRS:
        by_goal.setdefault(pair.goal.id, []).append(pair)
    return [dice.choice(of_one) for of_one in by_goal.values()]


def shards(pairs: Sequence[Pair], size: int) -> list[list[Pair]]:
    """The pairs in offices of `size`; those by a tool's description have offices of their own."""
    described = [pair for pair in pairs if pair.carrier.id == "tool-description"]
    rest = [pair for pair in pairs if pair.carrier.id != "tool-description"]
    return [some[i : i + size] for some in (rest, described) for i in range(0, len(some), size)]


__all__ = ["PAIRS", "Pair", "sample", "shards"]
