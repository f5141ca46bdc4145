"""Where the note of a task may lie on its way through the vault. Only looks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from factotum.model import FOLDERS, WAITING_FOLDER, State


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
