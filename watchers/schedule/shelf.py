"""The notes in Office/Schedules: which came, changed or went, and what each says.

What may not steer the office is refused here: others' words, links, what cannot be read.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from factotum import names
from factotum.ledger import Ledger
from factotum.privacy import PrivateShelf
from factotum.reader import Reader
from factotum.schedule.note import FOLDER, NOTE_MOST_BYTES, Schedule, ScheduleError, read
from factotum.worker.fit import Fit, Unfit
from factotum.worker.labels import Labels

Ask = Callable[[Callable[[Ledger], list[str]]], list[str]]

#: A person calls notes so too: “Watering 2.md”, “Water-plants.md”.
MAYBE = {"a copy", "OneDrive"}
COPY = "looks like a copy of {base} ({client}): rename it if you want both, or delete it"

#: How many notes it is well to read at once: they are judged in one go, on the ledger's thread.
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Read:
    """What was found under a name: a schedule, or why it is none that can be kept, or neither for
    a note that is none and means none. `written` is when it was last written (epoch seconds)."""

    name: str
    schedule: Schedule | None
    why: str = ""
    written: float = 0.0


class Shelf:
    """`ask` runs a function with the ledger, on the thread that owns it."""

    def __init__(self, root: Path, house: tzinfo, ask: Ask) -> None:
        self.folder = root / FOLDER
        self._root = root
        self._house = house
        self._ask = ask
        self._reader = Reader()
        self._stamps: dict[str, int] = {}
        self._opens = Fit(root, self._reader)
        self._fit: Fit | None = None

    @property
    def names(self) -> Iterable[str]:
        """Those that were there at the last look."""
        return self._stamps.keys()

    def look(self) -> tuple[list[str], list[str]]:
        """The names that came or changed since the last look, and those that went: all, when the
        folder did. Raises OSError for a folder that cannot be looked at."""
        try:
            there = dict(self._listed())
        except FileNotFoundError:
            there = {}
        changed = [name for name, stamp in there.items() if self._stamps.get(name) != stamp]
        gone = [name for name in self._stamps if name not in there]
        self._stamps = there
        return sorted(changed), gone

    def _listed(self) -> Iterator[tuple[str, int]]:
        with os.scandir(self.folder) as listed:
            for entry in listed:
                if not entry.name.endswith(".md") or names.ignored(entry.name):
                    continue
                try:
                    about = entry.stat(follow_symlinks=False)
                except OSError:
                    continue  # it went
                yield entry.name, hash((about.st_mtime_ns, about.st_size, about.st_ino))

    def read(self, wanted: Sequence[str]) -> Iterator[Read]:
        """What these notes say now; nothing of one that is not there any more."""
        found = [(one, *self._raw(one)) for one in wanted]
        raws = [(name, raw) for name, raw, _, _ in found]
        refused = self._ask(functools.partial(self._judged, raws))
        for (name, raw, written, why), unfit in zip(found, refused, strict=True):
            if why or raw is not None:
                yield self._one(name, raw or b"", written, why or unfit)

    def _raw(self, name: str) -> tuple[bytes | None, float, str]:
        """What it holds, when it was written, and why it cannot be read."""
        path = self.folder / name
        try:
            written = os.lstat(path).st_mtime
            self._opens.may_open(path)
            return self._reader.read(path, NOTE_MOST_BYTES + 1), written, ""
        except FileNotFoundError:
            return None, 0.0, ""
        except Unfit as unfit:
            return None, 0.0, str(unfit)
        except OSError as refused:
            return None, 0.0, f"cannot be read ({refused.strerror or refused})"

    def _judged(self, raws: Sequence[tuple[str, bytes | None]], ledger: Ledger) -> list[str]:
        """Why each of them may not be used: others' words; a blank for what is private."""
        if self._fit is None:
            private = PrivateShelf(self._root, Reader()).current
            self._fit = Fit(self._root, Reader(), Labels(ledger), private)
        said = []
        for name, raw in raws:
            try:
                fit = raw is None or self._fit.may_use(self.folder / name, raw)
                said.append("" if fit else " ")
            except Unfit as unfit:
                said.append(str(unfit))
        return said

    def _one(self, name: str, raw: bytes, written: float, why: str) -> Read:
        if why:
            return Read(name, None, why.strip())
        try:
            schedule = read(raw, name, self._house)
        except ScheduleError as wrong:
            return Read(name, None, str(wrong))
        except Exception as broken:  # noqa: BLE001 (no note of one's own stops the others)
            return Read(name, None, f"cannot be understood ({type(broken).__name__}: {broken})")
        copy = names.conflict(name, self._stamps.__contains__)
        if schedule and copy and copy.base in self._stamps and copy.client not in MAYBE:
            return Read(name, None, COPY.format(base=copy.base, client=copy.client))
        return Read(name, schedule, "", written)
