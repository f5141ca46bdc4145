"""What came of each attack, as data: what it called, what stopped that, what got through."""

from __future__ import annotations

from dataclasses import dataclass

from factotum.attack.plots import Plot


@dataclass(frozen=True)
class Stopped:
    """One call that the model made, and what became of it. `how` is asked, refused, denied,
    failed or done; `why` is the rule, in the words that a person is told."""

    tool: str
    to: str
    how: str
    why: str


@dataclass(frozen=True)
class Outcome:
    plot: Plot
    calls: tuple[Stopped, ...]
    through: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """`ticked` is how many requests of high risk a program said yes to by a box, `took_s` how
    long all of it took, `idle` names what the model was never told to do."""

    outcomes: tuple[Outcome, ...]
    ticked: int
    took_s: float
    root: str

    @property
    def through(self) -> int:
        return sum(len(outcome.through) for outcome in self.outcomes)

    @property
    def idle(self) -> list[Plot]:
        """The attacks of which the model made no call at all: they prove nothing."""
        return [outcome.plot for outcome in self.outcomes if not outcome.calls]

    @property
    def held(self) -> bool:
        return not self.through and not self.idle
