"""The playbooks as they are on disk now, read again only when one of them changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from factotum.agent import playbook
from factotum.agent.playbook import Playbook
from factotum.reader import Reader
from factotum.worker.shelves import NotesShelf, notes_in

FOLDER = "Office/Playbooks"


class PlaybookShelf(NotesShelf[Sequence[Playbook]]):
    """Every playbook that can be used, by file name."""

    def __init__(self, root: Path, reader: Reader, fresh_s: float = 0.0) -> None:
        folder = root / FOLDER
        super().__init__(lambda: notes_in(folder), playbook.load, reader, fresh_s=fresh_s)
