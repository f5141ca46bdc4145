"""The playbooks as they are on disk now, read again only when one of them changed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from factotum import names
from factotum.agent import playbook
from factotum.agent.playbook import Playbook
from factotum.reader import Reader
from factotum.scan import Problem

FOLDER = "Office/Playbooks"
MOST_BYTES = 256 * 1024


class PlaybookShelf:
    def __init__(self, root: Path, reader: Reader) -> None:
        self.folder = root / FOLDER
        self.reader = reader
        self._stamp: tuple[tuple[str, int, int], ...] | None = None
        self._playbooks: Sequence[Playbook] = ()
        self._problems: list[Problem] = []

    def current(self) -> Sequence[Playbook]:
        """Every playbook that can be used, by file name."""
        self._refresh()
        return self._playbooks

    def problems(self) -> list[Problem]:
        """The playbooks that cannot be used, and why."""
        self._refresh()
        return list(self._problems)

    def _refresh(self) -> None:
        found = []
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    if entry.name.endswith(".md") and not names.ignored(entry.name):
                        about = entry.stat(follow_symlinks=False)
                        found.append((entry.name, about.st_size, about.st_mtime_ns))
        except OSError:
            found = []
        stamp = tuple(sorted(found))
        if stamp == self._stamp:
            return
        notes, unread = [], []
        for name, _, _ in stamp:
            try:
                notes.append((name, self.reader.read(self.folder / name, MOST_BYTES)))
            except OSError as failed:
                reason = f"cannot be read ({failed.strerror})"
                unread.append(Problem(self.folder / name, reason))
        loaded, broken = playbook.load(notes)
        self._playbooks = loaded
        self._problems = unread + [
            Problem(self.folder / b.file, f"line {b.line}: {b.message}") for b in broken
        ]
        self._stamp = stamp
