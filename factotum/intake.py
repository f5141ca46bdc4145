"""The Inbox: a file that is dropped becomes one task note, the file itself is kept.

A file is first moved into this instance's intake folder (so that of two instances one has
it), then read, then the ledger learns of the task, then its note is dropped into Needs_Action,
then the file goes to Office/Attachments. Killed anywhere, the next look does what is left.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from factotum import disk, failpoint, names
from factotum.intake_hearing import Hears, Recordings
from factotum.intake_note import facts_of, note_of
from factotum.intake_reading import Readings, Signature, signature_of
from factotum.keeping import Keeper
from factotum.ledger import Ledger, TaskRow
from factotum.model import FOLDERS, Attachment, State, Trust
from factotum.reader import Reader
from factotum.reading import Reading
from factotum.scan import NO_TEXT, Problem
from factotum.vault import Vault
from factotum.whereabouts import lies

#: How often to look whether a file has been read, in seconds.
POLL_S = 0.03
#: How long one look may take files in before everything else has its turn, in seconds.
LOOK_S = 0.25

SOURCE = "inbox"

#: How long an empty file may lie before it is told of, in seconds; and what is said then.
EMPTY_S = 60.0
LISTENED = "is listened to, which can take as long as it lasts. Its task comes then"
EMPTY = "is empty: there is nothing to do with it. Fill it or take it away"


@dataclass
class Taken:
    problems: list[Problem] = field(default_factory=list)
    wake_at: list[float] = field(default_factory=list)
    made: int = 0


class Intake:
    def __init__(
        self,
        vault: Vault,
        ledger: Ledger,
        reader: Reader,
        read: Callable[[bytes, str], Reading],
        state_dir: Path,
        stable_s: float,
        zone: Callable[[float], datetime],
        hears: Hears | None = None,
    ) -> None:
        """`hears` is None where nobody listens to recordings."""
        self.vault = vault
        self.ledger = ledger
        self.keeper = Keeper(vault, reader, state_dir / "attachments")
        self.stable_s = stable_s
        self.zone = zone
        self._since: dict[Path, tuple[Signature, float]] = {}
        readings = Readings(reader, read, lambda sha: ledger.seen(SOURCE, sha) is not None)
        self.recordings = Recordings(readings, hears, _task_of)

    def look(self, now: float, mono: float) -> Taken:
        """Takes in every file that lies still in the Inbox, and what a crash left behind."""
        taken = Taken()
        self._claim(taken, now, mono)
        begun = self.vault.monotonic()
        lie = [Path(entry.path) for entry in _entries(self.vault.intake)]
        for path in self.recordings.in_order(lie):
            if self.vault.monotonic() - begun >= LOOK_S:
                taken.wake_at.append(mono)
                break
            try:
                if not self._take(path, now, mono, taken):
                    taken.wake_at.append(mono + self.recordings.again_s(path, mono, POLL_S))
            except OSError as failed:
                reason = f"could not be taken in ({failed.strerror}); it is tried again"
                taken.problems.append(Problem(path, reason))
        inbox = self.vault.root / FOLDERS[State.INBOX]
        taken.problems += [
            Problem(inbox / path.name, LISTENED) for path in self.recordings.slow(mono)
        ]
        return taken

    def _claim(self, taken: Taken, now: float, mono: float) -> None:
        since = {}
        for found in _entries(self.vault.root / FOLDERS[State.INBOX]):
            if names.ignored(found.name):
                continue
            path = Path(found.path)
            try:
                about = found.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # another instance was first
            if disk.shown(found.name) != found.name:
                taken.problems.append(Problem(path.with_name(disk.shown(found.name)), NO_TEXT))
                continue
            if reason := _refusal(about):
                taken.problems.append(Problem(path, reason))
                continue
            signature = signature_of(about)
            known, start = self._since.get(path, (signature, mono))
            start = start if known == signature else mono
            since[path] = (signature, start)
            if self.ledger.seen("adopted", adopted_key(found.name, about)) is not None:
                continue
            if not about.st_size:
                if now - about.st_mtime > EMPTY_S:
                    taken.problems.append(Problem(path, EMPTY))
                continue
            if mono - start < self.stable_s:
                taken.wake_at.append(start + self.stable_s)
                continue
            self._move_in(path)
        self._since = since

    def _move_in(self, path: Path) -> None:
        target = self.vault.intake / path.name
        n = 0
        while True:
            try:
                self.vault.move(path, target, durable=False)
            except FileExistsError:
                n += 1
                target = self.vault.intake / f"{n}-{disk.end(path.name, 200)}"
                continue
            except FileNotFoundError:
                return  # another instance was first, or a person took it back
            failpoint.hit("inbox.claimed")
            return

    # -- one file

    def _take(self, path: Path, now: float, mono: float, taken: Taken) -> bool:
        """Makes a task of the file; False where it is not read, or not heard, yet."""
        read = self.recordings.of(path, mono)
        if read is None:
            return False
        sha, reading = read
        id = _task_of(sha)
        if reading is None:
            self._seen_before(path, sha, id, now)
            return True
        failpoint.hit("inbox.read")
        kept = self.keeper.keep_parts(reading)
        original = self.keeper.place_of(path.name, path.stat().st_size, sha)
        files = (*kept, Attachment(original[0], path.stat().st_size, sha, original[1]))
        mail = reading.kind == "email"  # of a mail, what came with it; else the file itself
        note_name = names.note_name(
            reading.title, reading.sender_name.split(" ")[0], id=id, fallback=reading.kind
        )
        text = note_of(id, SOURCE, reading, files, self.zone(now))
        self._register(id, note_name, reading, sha, kept if mail else files, path.name, now)
        if not lies(self.vault.root, note_name):  # else it was, before a crash
            self.vault.drop(self.vault.folder(State.NEEDS_ACTION) / note_name, text)
        failpoint.hit("inbox.dropped")
        self.ledger.mark_seen(SOURCE, sha, id, now)
        failpoint.hit("task.dropped")
        self.keeper.store(path, original[1])
        taken.made += 1
        return True

    def _seen_before(self, path: Path, sha: str, task: str, now: float) -> None:
        """The same bytes again; or the file of a task whose making a crash cut short."""
        size_bytes = path.stat().st_size
        row = self.ledger.task(task)
        first = row.origin.removeprefix("Inbox/") if row else path.name
        if first != path.name and self.keeper.lies(self.keeper.place_of(first, size_bytes, sha)[1]):
            self.vault.put_aside(path)
        else:
            where = self.keeper.place_of(path.name, size_bytes, sha)[1]
            if not self.keeper.lies(where):
                self.keeper.store(path, where)
                return
            self.vault.put_aside(path)
        self.ledger.event("duplicate", now, task=task, name=path.name)

    def _register(
        self,
        id: str,
        name: str,
        reading: Reading,
        sha: str,
        files: tuple[Attachment, ...],
        dropped: str,
        now: float,
    ) -> None:
        row = TaskRow(
            id,
            name,
            reading.kind,
            reading.title,
            Trust.STRANGER,
            SOURCE,
            sha,
            f"Inbox/{dropped}",
            b"",
            facts_of(reading, files),
            now,
            None,
        )
        self.ledger.add_task(row)

    def close(self) -> None:
        """Leaves a reading that is under way behind; the file is read again at the next start."""
        self.recordings.close()


def _task_of(sha: str) -> str:
    return names.id_of("t", SOURCE, sha)


def adopted_key(name: str, about: os.stat_result) -> str:
    """How a file that was in the Inbox before Factotum came is recognised."""
    return f"{name}:{about.st_size}:{about.st_mtime_ns}"


def _refusal(about: os.stat_result) -> str:
    if stat.S_ISDIR(about.st_mode):
        return "is a folder. Drop the files that are in it, one by one"
    if stat.S_ISLNK(about.st_mode):
        return "is a link. Drop the file itself"
    if not stat.S_ISREG(about.st_mode):
        return "is no regular file. Take it out of the Inbox"
    if about.st_nlink > 1:
        return "has a second name elsewhere (a hard link). Drop a copy"
    return ""


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []
