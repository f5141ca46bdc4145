"""What a setting is: one row of the table.

NamedTuple, because a dataclass would cost every command a third of its start.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

PREFIX = "FACTOTUM_"

Value = str | int | float | Path


class Setting(NamedTuple):
    """One row. `default` None means: not set, and `otherwise` says in words what happens then."""

    name: str
    type: type[Value]
    default: Value | None
    meaning: str
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[str, ...] = ()
    pattern: str = ""
    form: str = ""
    secret: bool = False
    otherwise: str = ""

    @property
    def full(self) -> str:
        return PREFIX + self.name


def seconds(name: str, default: float, meaning: str) -> Setting:
    """A time of at least nothing."""
    return Setting(name, float, default, meaning, unit="seconds", at_least=0)
