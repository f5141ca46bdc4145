"""What lies in folders: one is listed again only when its time says that something came or
went. A file's own change does not show there: whoever needs that looks at the file."""

from __future__ import annotations

import os
import time
from typing import NamedTuple

from factotum import names

#: A folder that was changed less than so long ago may be changed once more without that it
#: shows, in seconds: the coarsest clock of a file system counts in steps of two.
YOUNG_S = 3.0

Stamp = tuple[str, int, int, int]


class Within(NamedTuple):
    """`stamp` is equal while nothing came or went; `lies` has path, name and whether it is a
    folder, without what is ignored."""

    stamp: Stamp
    lies: list[tuple[str, str, bool]]


class Folders:
    def __init__(self) -> None:
        self._known: dict[str, Within] = {}

    def within(self, folder: str) -> Within:
        """What lies in `folder`. Raises OSError."""
        about = os.stat(folder)
        stamp = (folder, about.st_mtime_ns, about.st_ctime_ns, about.st_ino)
        known = self._known.get(folder)
        if known is not None and known.stamp == stamp:
            return known
        with os.scandir(folder) as listed:
            found = [
                (entry.path, entry.name, entry.is_dir(follow_symlinks=False))
                for entry in listed
                if not names.ignored(entry.name)
            ]
        fresh = Within(stamp, found)
        self._known.pop(folder, None)
        if time.time() - about.st_mtime > YOUNG_S:
            self._known[folder] = fresh
        return fresh
