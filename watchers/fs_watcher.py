"""Folders outside the vault: a new file in one becomes a task with a copy of it.

The file stays where it is and as it is. Its words are a stranger's, as in the Inbox.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from factotum.watcher import Premises, Source, SourceError
from watchers.fs.folder import Folder

ABOUT = "folders outside the vault: each new file in them becomes a task"
SETTINGS = ("FOLDERS",)


def sources(premises: Premises) -> Sequence[Source]:
    written = premises.settings.text("FOLDERS").split(os.pathsep)
    roots = [_root(part.strip(), premises) for part in written if part.strip()]
    for one in roots:
        for other in roots:
            if one != other and one.is_relative_to(other):
                raise SourceError(
                    f"FACTOTUM_FOLDERS: {one} lies within {other}, which is listened to with all "
                    f"that is in it. Take one of them out"
                )
    return [Folder(root, premises) for root in dict.fromkeys(roots)]


def _root(written: str, premises: Premises) -> Path:
    """The folder without links on its way. Raises SourceError."""
    path = Path(written).expanduser()
    if not path.is_absolute():
        raise SourceError(
            f"FACTOTUM_FOLDERS: {written!r} is no whole path: begin it with / or with ~"
        )
    root = path.resolve()
    for ours, what in ((premises.root, "your vault"), (premises.state, "Factotum's own folder")):
        there = ours.resolve()
        if root.is_relative_to(there):
            hint = "drop files into its Inbox instead" if ours == premises.root else "leave it"
            raise SourceError(f"FACTOTUM_FOLDERS: {root} lies in {what} ({there}): {hint}")
        if there.is_relative_to(root):
            raise SourceError(
                f"FACTOTUM_FOLDERS: {root} holds {what} ({there}): name the folder in it where "
                f"files arrive"
            )
    return root
