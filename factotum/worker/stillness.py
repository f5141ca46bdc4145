"""Whether anything that a look goes by is other than it was: the quick half of an idle tick.

It sees what a look would see, file for file, but reads, judges and shows nothing. Where it
cannot tell, it is taken for changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from factotum.ledger import Ledger
from factotum.model import FOLDERS, State
from factotum.vault import Vault
from factotum.worker.folders import Folders

#: Path, size, time and inode of whatever lies in a folder; of a folder its path and times.
Lies = tuple[str, int, int, int]


class Stillness:
    def __init__(
        self, vault: Vault, ledger: Ledger, beside: Sequence[Callable[[], object]]
    ) -> None:
        """`beside` tell what else a look goes by: each returns something that is equal for as
        long as nothing changed."""
        self._ledger = ledger
        self._beside = beside
        self._known = Folders()
        self._deep = os.fspath(vault.root / FOLDERS[State.IN_PROGRESS])
        flat = (state for state in State if state not in (State.IN_PROGRESS, State.WAITING))
        self._folders = [
            *dict.fromkeys(os.fspath(vault.root / FOLDERS[state]) for state in flat),
            os.fspath(vault.intake),
        ]

    def mark(self) -> object:
        """Equal to an earlier one if nothing changed since that was taken."""
        db = self._ledger.db
        (version,) = db.execute("PRAGMA data_version").fetchone()  # what other processes wrote
        lie = [tuple(self._lies(folder)) for folder in self._folders]
        lie.append(tuple(self._lies(self._deep, 2)))
        return version, db.total_changes, lie, [tell() for tell in self._beside]

    def _lies(self, folder: str, deep: int = 0) -> Iterator[Lies]:
        """What lies in a folder, and in its folders so many levels down; sorted by nothing:
        the order of a folder that did not change is the same."""
        try:
            stamp, lies = self._known.within(folder)
            yield stamp
            for path, _, is_folder in lies:
                if is_folder and deep:
                    yield from self._lies(path, deep - 1)
                else:
                    about = os.lstat(path)
                    yield (path, about.st_size, about.st_mtime_ns, about.st_ino)
        except OSError as failed:  # it went between listing and stat, or cannot be listed
            yield (folder, -1, failed.errno or 0, 0)
