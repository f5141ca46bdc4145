"""Files that do not answer, as those that a sync client evicted or on a share that is gone."""

from __future__ import annotations

import threading
from pathlib import Path

from factotum.disk import read_regular
from factotum.reader import Reader
from tests.patience import PATIENCE_S


class Share:
    """A file system that does not answer for the files that are `far` till it is told to."""

    def __init__(self, far: str = "far") -> None:
        self.far = far
        self.back = threading.Event()
        self.asked: list[str] = []

    def read(self, path: Path, most_bytes: int) -> bytes:
        self.asked.append(path.name)
        if path.name.startswith(self.far):
            self.back.wait()
        return read_regular(path, most_bytes)


class FarReader(Reader):
    """Writes down for what it would wait, and how many seconds; for what is far it waits no
    longer, and for what is near as long as it takes: which answers is no question of time."""

    def __init__(self, share: Share, wait_s: float = 1.0) -> None:
        super().__init__(share.read, wait_s)
        self._share = share
        self.waits: list[tuple[str, float]] = []

    @property
    def waited_s(self) -> list[float]:
        return [within_s for _, within_s in self.waits]

    def _answers(self, path: Path, done: threading.Event, within_s: float) -> bool:
        self.waits.append((path.name, within_s))
        is_far = path.name.startswith(self._share.far) and not self._share.back.is_set()
        return done.wait(0.01 if is_far else PATIENCE_S)
