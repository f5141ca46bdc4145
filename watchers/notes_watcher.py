"""Tasks in daily notes: a line `- [ ] @fac …` in a folder that the handbook names is one.

The folders stand under `notes:` in the handbook's `yaml watching` block. What lies in a folder
when it is named first is not begun. A line is followed when it is moved, edited or carried over
into another note, so that it is one task; when that ends, the line is told (`worker/echo.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from factotum.watcher import Premises, Source
from watchers.notes.source import Notes

ABOUT = "makes tasks of the lines `- [ ] @fac …` in the folders of notes that the handbook names"
SETTINGS = ("MENTION", "SETTLE_S")
SECTION = "notes"


def sources(premises: Premises) -> Sequence[Source]:
    return [Notes(premises)]
