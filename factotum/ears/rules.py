"""What the handbook says of what is listened to, as it stands now and if it is the owner's word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from factotum import watching
from factotum.fenced import BlockError, Node
from factotum.ledger import Ledger
from factotum.privacy import HANDBOOK, Private
from factotum.reader import Reader
from factotum.watcher import SourceError
from factotum.worker.fit import Fit, Unfit
from factotum.worker.labels import Labels

#: A larger handbook is not read, in bytes.
MOST_BYTES = 1024 * 1024


class Rules:
    """Use it on the thread that owns the ledger."""

    def __init__(self, root: Path, ledger: Ledger) -> None:
        self._path = root / HANDBOOK
        self._reader = Reader()
        self._fit = Fit(root, self._reader, Labels(ledger), Private)
        self._stamp: object = None
        self._known: Mapping[str, tuple[Node, ...]] = {}
        self._wrong = ""
        self._passes = False  # what is wrong may end although the note stays as it is

    def section(self, name: str) -> tuple[Node, ...]:
        """The entries of one section; none without a handbook. Raises SourceError when the block
        cannot be read."""
        stamp = self._stamp_now()
        if stamp != self._stamp or self._passes:
            self._passes = False
            self._known, self._wrong = self._read() if stamp else ({}, "")
            self._stamp = stamp
        if self._wrong:
            raise SourceError(self._wrong)
        return self._known.get(name, ())

    def _stamp_now(self) -> object:
        try:
            about = self._path.lstat()
        except OSError:
            return None
        return about.st_mtime_ns, about.st_size, about.st_ino

    def _read(self) -> tuple[Mapping[str, tuple[Node, ...]], str]:
        try:
            data = self._reader.read(self._path, MOST_BYTES)
            self._fit.may_use(self._path, data)
            return watching.sections(data.decode("utf-8-sig", "replace")), ""
        except BlockError as wrong:
            return {}, f"{HANDBOOK} line {wrong.line}: {wrong}"
        except Unfit as wrong:
            self._passes = True
            return {}, f"{HANDBOOK} {wrong}"
        except OSError as refused:
            self._passes = True
            return {}, f"{HANDBOOK} cannot be read ({refused.strerror or refused})"
