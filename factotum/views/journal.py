"""The day's two logs in the vault: one line for people, one line for checking, per event.

`Logs/YYYY-MM-DD.md` and `.jsonl` repeat what the ledger says and are never read back for
anything but the place to go on: the last line of ours in them. Appended to, never changed;
only a last line that a crash tore is cut off.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path

from factotum import failpoint
from factotum.ledger import Event, Ledger
from factotum.vault import Vault
from factotum.views import links, record, saying

FOLDER = "Logs"

#: The kind of event that says which days were taken out of the audit log.
PRUNED = "pruned"

#: How many events are written at a time.
BATCH = 500

#: The end of a log, in bytes, in which our last line is looked for first.
TAIL_BYTES = 64 * 1024

#: After a set clock the newest line need not lie in the file of the latest date: so many
#: of the files that were written last are looked at too.
RECENT_FILES = 3


class Journal:
    def __init__(
        self,
        vault: Vault,
        ledger: Ledger,
        zone: Callable[[float], datetime],
        chained: links.Links | None = None,
    ) -> None:
        """Without `chained` the lines carry no codes."""
        self.vault = vault
        self.ledger = ledger
        self.zone = zone
        self.chained = chained
        self.folder = vault.root / FOLDER
        self._seq: int | None = None
        self._begun: set[Path] = set()

    def write(self) -> int:
        """Appends what the ledger has that the logs have not; returns how many events."""
        self.seal()
        newest = self.ledger.last_event()
        if self._seq is None:
            self._seq = max(last_seq(self.folder, self.ledger), pruned_to(self.ledger))
        written = 0
        while newest > self._seq:
            events = self.ledger.events(self._seq, limit=BATCH)
            for day, some in groupby(events, lambda event: f"{self.zone(event.at):%Y-%m-%d}"):
                written += self._day(day, list(some))
        return written

    def seal(self) -> None:
        """Gives every event its place in the chain, whether or not its line is written yet."""
        if self.chained is not None:
            self.chained.extend()

    def _day(self, day: str, events: list[Event]) -> int:
        """The readable lines come first: torn off by a crash they are completed, while a
        line in the audit log says that both are written."""
        readable, audit = self.folder / f"{day}.md", self.folder / f"{day}.jsonl"
        told = "".join(self._readable(events))
        there = self._there_already(readable, told)
        self._append(readable, told[there:], goes_on=there > 0)
        self._cut_torn(audit)
        mark = record.mark(self.ledger)
        self._append(audit, "".join(links.line(e, self.ledger, mark) + "\n" for e in events))
        failpoint.hit("log.appended")
        self._begun |= {readable, audit}
        self._seq = events[-1].seq
        return len(events)

    def _readable(self, events: list[Event]) -> Iterator[str]:
        for event in events:
            if text := saying.tell(event, self.ledger):
                yield f"- {self.zone(event.at):%H:%M} {text}\n"

    def _append(self, path: Path, text: str, *, goes_on: bool = False) -> None:
        """Adds whole lines; somebody may have left the last one without its end."""
        if text:
            apart = "\n" if not goes_on and tail(path, 1) not in (b"", b"\n") else ""
            self.vault.append(path, apart + text)

    def _there_already(self, path: Path, told: str) -> int:
        """How many characters of `told` the file ends with: written just before a crash."""
        if path in self._begun:
            return 0
        there = tail(path, TAIL_BYTES).decode(errors="replace")
        for start in _line_starts(there):
            if there[start:] and told.startswith(there[start:]):
                return len(there) - start
        return 0

    def _cut_torn(self, path: Path) -> None:
        """Takes off what a crash left of an unfinished last line; the file is ours alone."""
        if path in self._begun or tail(path, 1) in (b"", b"\n"):
            return
        whole = path.read_bytes()
        self.vault.replace_own(path, whole[: whole.rfind(b"\n") + 1])


def last_seq(folder: Path, ledger: Ledger) -> int:
    """The number of the newest event of this ledger that stands in the logs, 0 if none does."""
    files = [(f.name, f.stat().st_mtime, Path(f.path)) for f in _logs(folder)]
    lately = sorted(files, key=lambda file: file[1], reverse=True)[:RECENT_FILES]
    found = [_last_in(path, ledger) for _, _, path in lately]
    for _, _, path in sorted(files, reverse=True):
        found.append(_last_in(path, ledger))
        if found[-1]:
            break
    return max(found, default=0)


def pruned_to(ledger: Ledger) -> int:
    """The number of the last event whose line was pruned, 0 if none was."""
    rows = ledger.db.execute("SELECT seq FROM event WHERE kind = ?", (PRUNED,)).fetchall()
    events = [event for row in rows for event in ledger.events(row["seq"] - 1, limit=1)]
    lasts = (event.data.get("last") for event in events)
    return max((last for last in lasts if isinstance(last, int)), default=0)


def _logs(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return [f for f in found if f.name.endswith(".jsonl") and f.is_file()]
    except FileNotFoundError:
        return []


def _last_in(path: Path, ledger: Ledger) -> int:
    mark = record.mark(ledger)
    for size_bytes in (TAIL_BYTES, path.stat().st_size):
        for text in reversed(tail(path, size_bytes).split(b"\n")[:-1]):  # whole lines only
            line = record.read(text)
            if line is None or line.get("ledger") != mark:
                continue
            event = record.event_of(line, ledger)
            if event is not None and record.same_event(line, event):
                return event.seq
    return 0


def tail(path: Path, size_bytes: int) -> bytes:
    """The last bytes of a file, none of them when it is missing."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    with open(fd, "rb") as file:
        file.seek(max(0, os.fstat(fd).st_size - size_bytes))
        return file.read(size_bytes)


def _line_starts(text: str) -> Iterator[int]:
    """Where each line of a text begins, the first one first."""
    start = 0
    while start < len(text):
        yield start
        start = text.find("\n", start) + 1 or len(text)
