"""What a figure is: something of ours beside something plain, and how far apart they may be.

Absolute times say more of the machine than of us. A ratio to something plain, measured in
turn with it in the same run, holds on a busy machine too; the median of the pairs is told.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """One line of the table. `plain` is None for a figure with a limit of its own, in `unit`;
    else the value is a ratio and `unit` is that of `ours` and `plain`."""

    name: str
    ours: float
    limit: float
    unit: str
    plain: float | None = None
    ratio: float | None = None

    @property
    def value(self) -> float:
        return self.ours if self.ratio is None else self.ratio

    @property
    def over(self) -> bool:
        return self.value > self.limit

    def line(self) -> str:
        word = "OVER" if self.over else "ok"
        plain = "" if self.plain is None else f"{self.plain:.2f} {self.unit}"
        times = "x" if self.ratio is not None else ""
        value = f"{self.ratio:.2f}x" if self.ratio is not None else ""
        return (
            f"{word:<5}{self.name:<56}{self.ours:>10.2f} {self.unit:<5}{plain:>13}"
            f"{value:>9}  limit {self.limit:g}{times or ' ' + self.unit}"
        )


@dataclass(frozen=True)
class Figure:
    """`measure` is handed an empty folder of its own and yields a line for each promise."""

    name: str
    measure: Callable[[Path], Iterator[Measured]]


def ratio(
    name: str,
    limit: float,
    unit: str,
    ours: Callable[[], float],
    plain: Callable[[], float],
    pairs: int = 9,
) -> Measured:
    """Both in turn, `pairs` times: the median of the ratios, and both medians."""
    taken = [(ours(), plain()) for _ in range(pairs)]
    return of_pairs(name, limit, unit, taken)


def of_pairs(name: str, limit: float, unit: str, taken: list[tuple[float, float]]) -> Measured:
    """The line for pairs (ours, plain) that were taken in turn."""
    return Measured(
        name,
        statistics.median(ours for ours, _ in taken),
        limit,
        unit,
        statistics.median(plain for _, plain in taken),
        statistics.median(ours / plain for ours, plain in taken),
    )
