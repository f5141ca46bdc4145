"""The Inbox: a file that is dropped becomes one task note, the file itself is kept.

A file is first moved into this instance's intake folder (so that of two instances one has
it), then read, then the ledger learns of the task, then its note is dropped into Needs_Action,
then the file goes to Office/Attachments. Killed anywhere, the next look does what is left.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from factotum import disk, failpoint, names
from factotum.inert import inert, one_line
from factotum.ledger import Ledger, TaskRow
from factotum.model import FOLDERS, Attachment, State, Trust
from factotum.note import fence, render
from factotum.reader import Reader
from factotum.reading import Reading
from factotum.scan import NO_TEXT, Problem
from factotum.vault import Vault
from factotum.words import size, when
from factotum.worker.brief import CONTENT

#: A larger file is kept and named in a task, but not opened, in bytes.
READ_MOST_BYTES = 25 * 1024 * 1024
#: A larger attachment stays in the state directory, so that sync need not carry it.
SYNC_MOST_BYTES = 1024 * 1024

#: How often to look whether a file has been read, in seconds.
POLL_S = 0.03

SOURCE = "inbox"


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
    ) -> None:
        self.vault = vault
        self.ledger = ledger
        self.reader = reader
        self.read = read
        self.large = state_dir / "attachments"
        self.stable_s = stable_s
        self.zone = zone
        self._since: dict[Path, tuple[tuple[int, int, int], float]] = {}
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="reading")
        self._readings: dict[str, Future[Reading]] = {}

    def look(self, now: float, mono: float) -> Taken:
        """Takes in every file that lies still in the Inbox, and what a crash left behind."""
        taken = Taken()
        self._claim(taken, mono)
        for left in sorted(os.scandir(self.vault.intake), key=lambda e: e.name):
            path = Path(left.path)
            try:
                self._take(path, now, mono, taken)
            except OSError as failed:
                reason = f"could not be taken in ({failed.strerror}); it is tried again"
                taken.problems.append(Problem(path, reason))
        return taken

    def _claim(self, taken: Taken, mono: float) -> None:
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
            signature = (about.st_size, about.st_mtime_ns, about.st_ino)
            known, start = self._since.get(path, (signature, mono))
            start = start if known == signature else mono
            since[path] = (signature, start)
            if self.ledger.seen("adopted", adopted_key(found.name, about)) is not None:
                continue
            if not about.st_size:
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

    def _take(self, path: Path, now: float, mono: float, taken: Taken) -> None:
        sha, data = self._bytes(path)
        id = names.id_of("t", SOURCE, sha)
        known = self.ledger.seen(SOURCE, sha)
        if known is not None:
            self._seen_before(path, sha, known, now)
            return
        reading = self._reading(path, data, sha)
        if reading is None:
            taken.wake_at.append(mono + POLL_S)
            return
        failpoint.hit("inbox.read")
        kept = self._keep_parts(reading, sha)
        original = self._place_of(path.name, path.stat().st_size, sha)
        files = (*kept, Attachment(original[0], path.stat().st_size, sha, original[1]))
        mail = reading.kind == "email"  # of a mail, what came with it; else the file itself
        note_name = names.note_name(
            reading.title, reading.sender_name.split(" ")[0], id=id, fallback=reading.kind
        )
        text = self._note(id, reading, files, path, now)
        self._register(id, note_name, reading, sha, kept if mail else files, path.name, now)
        if not self._dropped(note_name):  # else it was, before a crash
            self.vault.drop(self.vault.folder(State.NEEDS_ACTION) / note_name, text)
        failpoint.hit("inbox.dropped")
        self.ledger.mark_seen(SOURCE, sha, id, now)
        failpoint.hit("task.dropped")
        self._store(path, original[1])
        taken.made += 1

    def _seen_before(self, path: Path, sha: str, task: str, now: float) -> None:
        """The same bytes again; or the file of a task whose making a crash cut short."""
        _, where = self._place_of(path.name, path.stat().st_size, sha)
        folder = (self.vault.root / where).parent
        if any(f"_{sha[:6]}" in kept.name for kept in _entries(folder)):
            self.vault.put_aside(path)
            self.ledger.event("duplicate", now, task=task, name=path.name)
        else:
            self._store(path, where)

    def _dropped(self, name: str) -> bool:
        """Whether the note with this name (it ends in its id) lies anywhere on its way."""
        ways = (State.NEEDS_ACTION, State.IN_PROGRESS, State.FAILED, State.DONE)
        folders = (self.vault.root / FOLDERS[state] for state in ways)
        return any(next(folder.rglob(name), None) for folder in folders)

    def _bytes(self, path: Path) -> tuple[str, bytes | None]:
        """The file's sha256, and its bytes unless it is too large to be read."""
        if path.lstat().st_size > READ_MOST_BYTES:
            with open(path, "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest(), None
        data = self.reader.read(path, READ_MOST_BYTES)
        return hashlib.sha256(data).hexdigest(), data

    def _reading(self, path: Path, data: bytes | None, sha: str) -> Reading | None:
        """What the file says; None while it is still being read. A hostile file may take a
        minute, so it is read beside the desk."""
        if data is not None:
            known = self._readings.get(sha)
            if known is None:
                self._readings[sha] = self._readers.submit(self.read, data, path.name)
                return None
            return self._readings.pop(sha).result() if known.done() else None
        return Reading(
            kind="file",
            title=path.name,
            text=f"{path.name} ({size(path.stat().st_size)}) is too large to be read.",
            remarks=(f"larger than {size(READ_MOST_BYTES)}: kept, but not opened",),
        )

    def _keep_parts(self, reading: Reading, sha: str) -> tuple[Attachment, ...]:
        """Stores the attachments of a mail; the same again after a crash changes nothing."""
        kept = []
        for part in reading.attachments:
            digest = hashlib.sha256(part.data).hexdigest()
            name, where = self._place_of(part.name, len(part.data), digest)
            target = self.vault.root / where
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                self.vault.drop(target, part.data)
            kept.append(Attachment(name, len(part.data), digest, where))
        return tuple(kept)

    def _place_of(self, name: str, size_bytes: int, sha: str) -> tuple[str, str]:
        """(the safe name, where the file is to lie): unique by content, readable by name."""
        safe = names.safe_file_name(name)
        stem, dot, ending = safe.rpartition(".")
        unique = f"{stem}_{sha[:6]}.{ending}" if dot else f"{safe}_{sha[:6]}"
        if size_bytes > SYNC_MOST_BYTES:
            return safe, str(self.large / unique)
        return safe, f"Office/Attachments/{unique}"

    def _store(self, path: Path, where: str) -> None:
        target = self.vault.root / where
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            if path.stat().st_dev == target.parent.stat().st_dev:
                self.vault.move(path, target)
            else:  # the state directory is on another disk
                disk.write_new(target, path.read_bytes(), mode=0o600)
                path.unlink()
        except FileExistsError:
            self.vault.put_aside(path)

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
        facts = {
            "sender": reading.sender,
            "sender_name": reading.sender_name,
            "subject": reading.title,
            "received": reading.received.isoformat() if reading.received else "",
            "attachments": [vars(file) for file in files],
            "properties": _plain(reading.properties),
        }
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
            facts,
            now,
            None,
        )
        self.ledger.add_task(row)

    def close(self) -> None:
        """Leaves a reading that is under way behind; the file is read again at the next start."""
        self._readers.shutdown(wait=False, cancel_futures=True)

    # -- the note

    def _note(
        self, id: str, reading: Reading, files: tuple[Attachment, ...], path: Path, now: float
    ) -> bytes:
        at = reading.received or self.zone(now)
        props = {
            "id": id,
            "type": reading.kind,
            "source": SOURCE,
            "from": _from(reading),
            "title": reading.title,
            "received": at.isoformat(timespec="seconds"),
            "priority": "normal",
            "status": "pending",
            "attachments": [self._link(file) for file in files],
            "aliases": [one_line(reading.title, 120)],
        }
        facts = [
            part for part in (_from(reading), when(at, self.zone(now)), f"from {SOURCE}") if part
        ]
        body = [f"# {inert(one_line(reading.title, 120))}", inert(" · ".join(facts))]
        body += [f"📎 {self._link(file)} ({size(file.size_bytes)})" for file in files]
        body += [f"> [!warning] {inert(remark)}" for remark in reading.remarks]
        body += [f"## {CONTENT}", fence(reading.text)]
        return render(props, "\n\n".join(body) + "\n")

    def _link(self, file: Attachment) -> str:
        if file.path.startswith("/"):
            return inert(file.path)
        return f"[[{file.path}|{_link_text(file.name)}]]"


def adopted_key(name: str, about: os.stat_result) -> str:
    """How a file that was in the Inbox before Factotum came is recognised."""
    return f"{name}:{about.st_size}:{about.st_mtime_ns}"


def _from(reading: Reading) -> str:
    if reading.sender_name and reading.sender:
        return f"{reading.sender_name} <{reading.sender}>"
    return reading.sender or reading.sender_name


def _link_text(name: str) -> str:
    return "".join(c for c in name if c not in "[]|#^")


def _plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in properties.items()
        if isinstance(value, str | int | bool | list | tuple)
    }


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
