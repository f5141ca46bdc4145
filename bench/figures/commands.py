"""Commands that people and phones call all day: what they cost beside a bare interpreter."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from bench.account import child_cpu_ms
from bench.figure import Figure, Measured, ratio
from bench.office import Office


def commands(folder: Path) -> Iterator[Measured]:
    """Ours: the whole process of a command. Plain: an interpreter that does nothing."""
    office = Office(folder)
    office.init()
    env = office.environ()
    bare = child_cpu_ms([sys.executable, "-c", "pass"], env)
    for name in ("--help", "status"):
        ours = child_cpu_ms([sys.executable, "-m", "factotum.cli", name], env)
        yield ratio(f"CPU of `factotum {name}`", 10.0, "ms", ours, bare)


FIGURES = (Figure("commands", commands),)
