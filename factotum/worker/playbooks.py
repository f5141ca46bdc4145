"""The playbooks as they are on disk now, read again only when one of them changed.

No model is told of them, so the handbook's list of what is private does not hide them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from factotum.agent import playbook
from factotum.agent.playbook import Playbook
from factotum.privacy import Private
from factotum.reader import Reader
from factotum.worker.fit import Fit
from factotum.worker.folders import Folders
from factotum.worker.labels import Labels
from factotum.worker.shelves import NotesShelf, notes_in

FOLDER = "Office/Playbooks"


class PlaybookShelf(NotesShelf[Sequence[Playbook]]):
    """Every playbook that can be used, by file name."""

    def __init__(self, root: Path, reader: Reader, fresh_s: float = 0.0) -> None:
        folder, known, fit = root / FOLDER, Folders(), Fit(root, reader, private=Private)
        super().__init__(lambda: notes_in(folder, known), playbook.load, reader, fit, fresh_s)

    def ask(self, root: Path, reader: Reader, labels: Labels) -> None:
        """From now on the ledger says whose words a playbook holds."""
        self.fit = Fit(root, reader, labels, Private)
