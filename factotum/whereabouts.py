"""Whether the vault is there, and where the note of a task may lie on its way through it. Only
looks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from factotum.model import FOLDERS, WAITING_FOLDER, State

#: Our own folder in the vault, by which it is known.
OWN = ".factotum"


class VaultGone(Exception):
    """The vault is there no more; the message names it and what to look at."""


def is_here(root: Path) -> bool:
    """Whether the vault is there. Where its disk is not mounted there is an empty folder, or
    none."""
    return (root / OWN).is_dir()


def expect(root: Path) -> None:
    """Raises VaultGone where the vault is not: nothing may be taken for deleted then."""
    if not is_here(root):
        raise VaultGone(
            f"the vault {root} is gone: it has no folder {OWN!r}. Is its disk mounted, or did sync "
            f"take it away? Nothing is read, written or sent till it is back"
        )


def lies(root: Path, name: str) -> bool:
    """Whether a note of this name (it ends in its id) lies anywhere on its way."""
    return any(os.path.lexists(folder / name) for folder in way(root))


def way(root: Path) -> Iterator[Path]:
    """The folders in the order in which a note goes through them: while one is looked at, it can
    only have come further."""
    yield from still_open(root)
    yield root / FOLDERS[State.FAILED]
    yield from _within(root / FOLDERS[State.DONE])


def still_open(root: Path) -> Iterator[Path]:
    """The folders of tasks that are not over."""
    yield root / FOLDERS[State.NEEDS_ACTION]
    for instance in _within(root / FOLDERS[State.IN_PROGRESS]):
        yield instance
        yield instance / WAITING_FOLDER


def _within(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
