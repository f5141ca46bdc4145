"""The cage that child tool processes run in: what they may read, write, reach, and no more.

It names what a child may use; all else is out of its reach, by the kernel's hand (Landlock
and seccomp) and not by the child's good will. This room starts nothing by itself and knows
no tool. What a process of the same user can do that is not in a cage, it does not hinder.
"""

from factotum.sandbox.cage import Cage, CageError, Isolation, caged, isolation
from factotum.sandbox.places import interpreter, overlaps, secret_places

__all__ = [
    "Cage",
    "CageError",
    "Isolation",
    "caged",
    "interpreter",
    "isolation",
    "overlaps",
    "secret_places",
]
