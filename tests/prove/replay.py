"""What a disk may hold after a power cut: every legal state, from the system calls of a life.

A life is recorded by strace: each change of a file or folder, each sync, in order. The rules by
which a disk may lose what was not synced are those of a journaling file system at its worst:

- What a file held is safe once that file was synced after it was written. Of the writes since,
  any first part may be there, the last of them perhaps half; or one of the last three may be
  missing. Of the ledger's log it is told apart what its commits can be told apart by.
- A name that was made, moved, exchanged or removed is safe once a folder that it touches was
  synced after. One such change is there whole or not at all; one that was not synced may be
  there or not, whatever became of the others, but never without those that it builds upon (a
  moved name needs its file to have been made). That a file was synced makes no name safe.
- What can be made again (the snapshot, the index, the Dashboard, logs, locks, empty folders) is
  all there or all gone.
- What a person did between two passes is there: a yes that never reached the disk is none.

Not modelled: a disk that says it has synced and has not, bits that turn, one half of a sector.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.patience import PATIENCE_S
from tests.prove.life import Life, start, wait
from tests.prove.matrix import watched_pass

CALLS = ("openat", "open", "creat", "close", "write", "pwrite64", "ftruncate", "fsync", "fdatasync",
         "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir",
         "mkdirat")  # fmt: skip
_LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)")
_BEGUN = re.compile(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
_ENDED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)$")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')

#: What can be made again: nothing is lost with it.
MADE_AGAIN = re.compile(
    r"snapshot\.json|index\.db|catalogue\.json|/beat$|/lock$|ledger\.db-shm|/wake$|/trace$|~probe$"
    r"|Dashboard\.md$|\.factotum/(aside|intake|tmp)$|intake/pi$|In_Progress/pi(/waiting)?$|/phases$"
    r"|/blobs$|/Done/\d{4}-\d\d$|/Logs/"
)

#: A file of which so much was written since it was synced may hold any first part of it.
FIRSTS_MOST = 4

#: The form of a ledger's log, in bytes.
WAL_HEAD_BYTES = 32
FRAME_HEAD_BYTES = 24

#: What a file holds, and its sha256; a disk is such for each path, None for a folder.
Version = tuple[bytes, str]
State = dict[str, Version | None]


@dataclass(eq=False)
class File:
    """One file, under whatever name."""

    data: bytes = b""
    writes: list[Write] = field(default_factory=list)


@dataclass(eq=False)
class Write:
    """A write or a cut of one file. `safe` is the moment from which it cannot be lost."""

    at: int
    file: File
    offset: int
    data: bytes
    cut: bool = False
    path: str = ""
    safe: float = float("inf")


@dataclass(eq=False)
class Change:
    """A change of names: `gone` and `made` after it. `needs` are those it builds upon."""

    at: int
    gone: tuple[str, ...]
    made: dict[str, File | None]
    needs: tuple[Change, ...]
    safe: float = float("inf")

    @property
    def touches(self) -> set[str]:
        return {*self.gone, *self.made}


def held_pass(env: dict[str, str], point: str = "") -> None:
    """A pass that waits until it is being watched."""
    os.kill(os.getpid(), signal.SIGSTOP)
    watched_pass(env, point)


def under_strace(life: Life, options: list[str], point: str = "") -> int:
    """One pass of `life` with strace looking on; how it ended."""
    process = start(held_pass, life.env_of(), point)
    pid = process.pid
    assert pid is not None
    until = time.monotonic() + PATIENCE_S
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < until, "the pass does not begin"
        time.sleep(0.002)
    command = ["strace", "-f", *options, "-p", str(pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        first = tracer.stderr.readline()
        os.kill(pid, signal.SIGCONT)
        if "attached" not in first:
            process.kill()
            raise RuntimeError(f"strace cannot look on: {first}")
        code = wait(process)
        tracer.stderr.read()
    return code


@dataclass
class Recorder:
    """All that one life did to the disk below `base`, pass after pass."""

    base: Path
    names: dict[str, File | None] = field(default_factory=dict)
    first: dict[str, File | None] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    marks: list[tuple[int, str]] = field(default_factory=list)
    now: int = 0
    _open: dict[int, tuple[str, File | None, int]] = field(default_factory=dict)
    _last: dict[str, Change] = field(default_factory=dict)

    def begin(self) -> None:
        """What lies there now is on the disk."""
        for path in self.base.rglob("*"):
            if path.is_file():
                self.names[str(path)] = File(path.read_bytes())
            elif path.is_dir():
                self.names[str(path)] = None
        self.first = dict(self.names)

    def watch(self, life: Life) -> None:
        """One pass, recorded."""
        log = self.base.with_name("strace.log")
        options = ["-xx", "-s", "10000000", "-o", str(log), "-e", f"trace={','.join(CALLS)}"]
        assert under_strace(life, options) == 0
        self._open.clear()
        for call, text, answer in finished(log.read_text()):
            self.now += 1
            self._heard(call, text, answer)

    def by_hand(self, source: Path, target: Path) -> None:
        """A person moved a note, and that is on the disk with all that it builds upon."""
        source.rename(target)
        self.now += 1
        self._move(str(source), str(target), exchange=False)
        self._make_safe(self.changes[-1], self.now)
        file = self.names[str(target)]
        assert file is not None
        for write in file.writes:
            write.safe = min(write.safe, self.now)

    # -- one call

    def _heard(self, call: str, text: str, answer: int) -> None:
        said = [bytes.fromhex(hexed.replace("\\x", "")) for hexed in _TEXT.findall(text)]
        paths = [os.fsdecode(one) for one in said]
        number = re.match(r"(\d+)", text)
        fd = int(number[1]) if number else -1
        if answer < 0:
            return
        match call:
            case "openat" | "open" | "creat":
                self._opened(paths[0], text, answer)
            case "close":
                self._open.pop(fd, None)
            case "write":
                self._wrote(fd, said[0][:answer] if said else b"", None)
            case "pwrite64":
                self._wrote(fd, said[0][:answer], int(text.rpartition(",")[2]))
            case "ftruncate":
                self._cut(fd, int(text.rpartition(",")[2]))
            case "fsync" | "fdatasync":
                self._synced(fd)
            case "rename" | "renameat" | "renameat2":
                self._move(*paths, exchange="EXCHANGE" in text)
            case "link" | "linkat":
                self._change((), {paths[1]: self.names.get(paths[0])}, also=paths[0])
            case "unlink" | "unlinkat":
                self._change((paths[0],), {})
            case "mkdir" | "mkdirat":
                self._change((), {paths[0]: None})

    def _ours(self, path: str) -> bool:
        return path == str(self.base) or path.startswith(f"{self.base}/")

    def _opened(self, path: str, text: str, fd: int) -> None:
        if not self._ours(path):
            self._open.pop(fd, None)
            return
        if path not in self.names and "O_CREAT" in text:
            self._change((), {path: File()})
        file = self.names.get(path)
        self._open[fd] = (path, file, len(after(file)) if file and "O_APPEND" in text else 0)
        if file is not None and "O_TRUNC" in text:
            self._put(file, Write(self.now, file, 0, b"", cut=True, path=path))

    def _wrote(self, fd: int, data: bytes, offset: int | None) -> None:
        if fd not in self._open:
            return
        path, file, at = self._open[fd]
        if path.endswith("/trace"):
            self.marks += [(self.now, name) for name in data.decode().split()]
        if file is None:
            return
        self._put(file, Write(self.now, file, at if offset is None else offset, data, path=path))
        if offset is None:
            self._open[fd] = (path, file, at + len(data))

    def _cut(self, fd: int, size: int) -> None:
        path, file, _ = self._open.get(fd, ("", None, 0))
        if file is not None:
            self._put(file, Write(self.now, file, size, b"", cut=True, path=path))

    def _put(self, file: File, write: Write) -> None:
        file.writes.append(write)
        self.writes.append(write)

    def _synced(self, fd: int) -> None:
        path, file, _ = self._open.get(fd, ("", None, 0))
        if file is not None:
            for write in file.writes:
                write.safe = min(write.safe, self.now)
        elif path:
            for change in self.changes:
                if any(os.path.dirname(touched) == path for touched in change.touches):
                    self._make_safe(change, self.now)

    def _make_safe(self, change: Change, at: int) -> None:
        if change.safe > at:
            change.safe = at
            for needed in change.needs:
                self._make_safe(needed, at)

    def _move(self, source: str, target: str, *, exchange: bool) -> None:
        if not self._ours(source):
            return
        a, b = self.names.get(source), self.names.get(target)
        if exchange:
            self._change((), {source: b, target: a})
        else:
            self._change((source,), {target: a})

    def _change(self, gone: tuple[str, ...], made: dict[str, File | None], also: str = "") -> None:
        touched = {*gone, *made}
        if not all(map(self._ours, touched)):
            return
        folders = {os.path.dirname(path) for path in made}
        needs = {self._last[path] for path in {*touched, *folders, also} if path in self._last}
        change = Change(self.now, gone, made, tuple(needs))
        self.changes.append(change)
        for path in touched:
            self._last[path] = change
        for path in gone:
            self.names.pop(path, None)
        self.names |= made

    # -- what may be left

    def moments(self) -> list[int]:
        """The moments at which something that matters had just been changed or made safe."""
        ends = set()
        for change in self.changes:
            if not again(change):
                ends |= {change.at, change.safe}
        for write in self.writes:
            if not MADE_AGAIN.search(write.path):
                ends |= {write.safe} if write.path.endswith("-wal") else {write.at, write.safe}
        return sorted(int(end) for end in ends if end <= self.now)

    def states(self, moment: int) -> Iterator[State]:
        """Every legal state of the disk when the power fails right after `moment`."""
        self._versions: dict[tuple[int, bool], list[Version]] = {}
        for names in self._names(moment):
            yield from self._contents(names, moment)

    def _names(self, moment: int) -> Iterator[dict[str, File | None]]:
        done = [one for one in self.changes if one.at <= moment]
        loose = [one for one in done if one.safe > moment]
        easy = {one for one in loose if again(one)}
        for chosen in kept_sets([one for one in loose if one not in easy]):
            kept = with_needs(chosen)
            for more in (easy, set()) if easy else (set(),):
                there = dict(self.first)
                for change in done:
                    if change.safe <= moment or change in kept or change in more:
                        for path in change.gone:
                            there.pop(path, None)
                        there |= change.made
                yield there

    def _contents(self, names: dict[str, File | None], moment: int) -> Iterator[State]:
        sure: State = {path: None for path, file in names.items() if file is None}
        choices = []
        for path, file in names.items():
            if file is None:
                continue
            found = self._of(file, moment, path)
            if len(found) == 1:
                sure[path] = found[0]
            else:
                choices.append([(path, one) for one in found])
        for chosen in itertools.product(*choices):
            yield sure | dict(chosen)

    def _of(self, file: File, moment: int, path: str) -> list[Version]:
        key = (id(file), bool(MADE_AGAIN.search(path)) or "/.factotum/tmp/" in path)
        if key not in self._versions:
            found = versions(file, moment, path)
            self._versions[key] = [(data, hashlib.sha256(data).hexdigest()) for data in found]
        return self._versions[key]


def again(change: Change) -> bool:
    """Whether it is all the same if this reached the disk: what it made can be made again, or
    is a scratch file that nothing else was made of."""
    scratch = all("/.factotum/tmp/" in path for path in change.touches)
    return scratch or any(map(MADE_AGAIN.search, change.touches))


def with_needs(kept: set[Change]) -> set[Change]:
    """These changes and all that they build upon."""
    found = set(kept)
    for change in kept:
        found |= with_needs(set(change.needs))
    return found


def kept_sets(loose: list[Change]) -> Iterator[set[Change]]:
    """Every set of changes that may have reached the disk: none without what it needs."""

    def grow(n: int, kept: set[Change]) -> Iterator[set[Change]]:
        if n == len(loose):
            yield set(kept)
            return
        one = loose[n]
        if all(needed in kept for needed in one.needs if needed in loose):
            yield from grow(n + 1, kept | {one})
        yield from grow(n + 1, kept)

    return grow(0, set())


def written(before: bytes, writes: list[Write]) -> bytes:
    data = bytearray(before)
    for one in writes:
        if one.cut:
            data = data[: one.offset].ljust(one.offset, b"\0")
        else:
            data = data.ljust(one.offset, b"\0")
            data[one.offset : one.offset + len(one.data)] = one.data
    return bytes(data)


def after(file: File) -> bytes:
    return written(file.data, file.writes)


def versions(file: File, moment: int, path: str) -> list[bytes]:
    """What the file may hold: all that is safe, and of the rest what the rules allow."""
    done = [one for one in file.writes if one.at <= moment]
    loose = [one for one in done if one.safe > moment]
    safe = [one for one in done if one.safe <= moment]
    whole = written(file.data, done)
    if not loose or MADE_AGAIN.search(path) or "/.factotum/tmp/" in path:
        return [whole]
    last = loose[-1]
    half = Write(last.at, file, last.offset, last.data[: len(last.data) // 2], last.cut)
    torn = written(file.data, [*done[:-1], half] if done[-1] is last else done)
    firsts = range(len(loose)) if len(loose) <= FIRSTS_MOST or path.endswith("-wal") else (0,)
    found = [written(file.data, in_order([*safe, *loose[:n]])) for n in firsts]
    if path.endswith("-wal"):
        by_commit = {committed(one): one for one in [*found, whole]}
        return [*by_commit.values()]
    for gone in loose[-3:]:
        found.append(written(file.data, [one for one in done if one is not gone]))
    return list(dict.fromkeys([whole, torn, *found]))


def in_order(writes: list[Write]) -> list[Write]:
    return sorted(writes, key=lambda one: one.at)


def committed(log: bytes) -> bytes:
    """The first part of a ledger's log that counts: up to the last commit that is whole.
    Source: sqlite.org/fileformat2.html, 4.1 to 4.3."""
    if len(log) < WAL_HEAD_BYTES:
        return b""
    page = int.from_bytes(log[8:12], "big")
    at, end = WAL_HEAD_BYTES, 0
    while at + FRAME_HEAD_BYTES + page <= len(log) and log[at + 8 : at + 16] == log[16:24]:
        size = int.from_bytes(log[at + 4 : at + 8], "big")
        at += FRAME_HEAD_BYTES + page
        end = at if size else end
    return log[:end]


def finished(log: str) -> Iterator[tuple[str, str, int]]:
    """The calls in the order in which they ended; one that was interrupted is put together."""
    begun: dict[tuple[str, str], str] = {}
    for line in log.splitlines():
        if half := _BEGUN.match(line):
            begun[half[1], half[2]] = half[3]
        elif rest := _ENDED.match(line):
            whole = f"{rest[1]} {rest[2]}({begun.pop((rest[1], rest[2]), '')}{rest[3]}"
            if one := _LINE.match(whole):
                yield one[2], one[3], int(one[4])
        elif one := _LINE.match(line):
            yield one[2], one[3], int(one[4])


class Marks:
    """By what two states are told apart: names and bytes, and of a ledger what it says."""

    def __init__(self, base: Path) -> None:
        self.scratch = base.with_name("what-it-says")
        self.scratch.mkdir(exist_ok=True)
        self._says: dict[tuple[Version | None, ...], str] = {}

    def of(self, state: State) -> str:
        told, ledger = [], {}
        for path, version in sorted(state.items()):
            if "/ledger.db" in path:
                ledger[path.rpartition("/")[2]] = version
            elif not MADE_AGAIN.search(path):
                told.append(f"{path}\0{version and version[1]}")
        told.append(self._said(ledger))
        return hashlib.sha256("\n".join(told).encode()).hexdigest()

    def _said(self, ledger: dict[str, Version | None]) -> str:
        names = ("ledger.db", "ledger.db-wal", "ledger.db-journal")
        key = tuple(ledger.get(name) for name in names)
        if key not in self._says:
            for name, version in zip(names, key, strict=True):
                (self.scratch / name).unlink(missing_ok=True)
                if version is not None:
                    (self.scratch / name).write_bytes(version[0])
            self._says[key] = said(self.scratch / "ledger.db") if key[0] else "none"
        return self._says[key]


def said(ledger: Path) -> str:
    """All that a ledger says, in short; or why it says nothing."""
    db = sqlite3.connect(ledger)
    try:
        lines = "\n".join(db.iterdump())
    except sqlite3.DatabaseError as broken:
        lines = str(broken)
    finally:
        db.close()
        ledger.with_name("ledger.db-shm").unlink(missing_ok=True)
    return hashlib.sha256(lines.encode(errors="replace")).hexdigest()


def lay_out(base: Path, state: State) -> None:
    """Makes the disk below `base` hold just this."""
    for there in base.iterdir():
        shutil.rmtree(there) if there.is_dir() else there.unlink()
    for name, version in sorted(state.items()):
        target = Path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        if version is None:
            target.mkdir(exist_ok=True)
        else:
            target.write_bytes(version[0])
    for private in base.glob("state-*"):
        private.chmod(0o700)
        for one in private.rglob("*"):
            one.chmod(0o700 if one.is_dir() else 0o600)
