"""Known notes that were just moved in are claimed at once, before anything else is looked at.

Only what needs no thought: a note of the name and the place that the ledger knows a task by
that never ran. Claiming is the rename alone; that it is ours and may run is for the look that
follows, as after a crash. Every other note waits for that look too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from factotum import failpoint, names
from factotum.ledger import Ledger
from factotum.model import State
from factotum.scan import refusal
from factotum.vault import Vault
from factotum.worker.claim import Claims
from factotum.worker.runs import Runs


class Arrivals:
    def __init__(self, vault: Vault, ledger: Ledger, runs: Runs, claims: Claims) -> None:
        self.vault = vault
        self.ledger = ledger
        self.runs = runs
        self.claims = claims

    def claim(self, arrived: Iterable[str], room: int) -> int:
        """Claims those of these notes in Needs_Action that may be, at most `room`; returns how
        many. Writes nothing into the ledger."""
        folder = self.vault.folder(State.NEEDS_ACTION)
        claimed = 0
        for name in arrived:
            if claimed < room and self._known(folder / name):
                claimed += self._move(folder / name)
        return claimed

    def _known(self, path: Path) -> bool:
        """Whether a task that never ran is known by this name, and lies nowhere else."""
        if not path.name.endswith(".md") or names.ignored(path.name):
            return False
        row = self.ledger.task_named(path.name)
        return (
            row is not None
            and row.origin == self.vault.relative(path)
            and not row.original  # our own note, not one that a person typed
            and not self.claims.lies(row.id)
            and self.runs.latest(row.id) is None
        )

    def _move(self, path: Path) -> bool:
        try:
            about = path.lstat()
            if refusal(about, State.NEEDS_ACTION) or not about.st_size:
                return False
            if os.path.lexists(self.vault.folder(State.WAITING) / path.name):
                return False
            self.vault.move(path, self.vault.folder(State.IN_PROGRESS) / path.name, durable=False)
        except OSError:
            return False  # gone, or in the way of another: the look that follows tells
        failpoint.hit("claim.renamed")
        return True
