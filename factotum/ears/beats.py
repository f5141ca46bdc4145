"""What is known of each source outside its own process: a small file in the state directory.

Written by whoever runs the source, read by the office and by `factotum watchers`. It can be made
again at any time, so it is never fsynced.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import IO, Any

from factotum import disk, names

FOLDER = "watchers"

#: How often a lock is tried that is held, and how long is waited in between, in seconds.
TRIES, TRY_S = 4, 0.02


@dataclass(frozen=True)
class Beat:
    """`answered` is when the other side last answered, `heard` when it last had news, `since`
    since when there is `trouble`, `rests_till` when it will look again at the latest (epoch
    seconds, 0 for never). `login`: the trouble is one that only the owner can end. `remarks` say
    what is wrong with single things."""

    source: str
    pid: int
    began: float
    every_s: float = 0.0
    silent_s: float = 0.0
    answered: float = 0.0
    heard: float = 0.0
    rests_till: float = 0.0
    since: float = 0.0
    trouble: str = ""
    login: bool = False
    login_ends: float = 0.0
    remarks: dict[str, str] = field(default_factory=dict)

    @property
    def watcher(self) -> str:
        return self.source.partition(" ")[0]


def folder(state: Path) -> Path:
    """Where they lie; made if need be."""
    there = state / FOLDER
    there.mkdir(mode=0o700, exist_ok=True)
    return there


def write(state: Path, beat: Beat) -> None:
    """Raises OSError."""
    there = folder(state)
    path = there / f"{_name(beat.source)}.json"
    data = json.dumps(asdict(beat), ensure_ascii=False, sort_keys=True).encode()
    disk.replace(path, data, path.with_suffix(f".{os.getpid()}"), durable=False)


def forget(state: Path, source: str) -> None:
    (folder(state) / f"{_name(source)}.json").unlink(missing_ok=True)


def read(state: Path) -> Iterator[Beat]:
    """All that are there."""
    for path in sorted((state / FOLDER).glob("*.json")):
        if beat := _at(path):
            yield beat


def of(state: Path, source: str) -> Beat | None:
    """The beat of one source, if there is one."""
    return _at(state / FOLDER / f"{_name(source)}.json")


def _at(path: Path) -> Beat | None:
    known = {one.name for one in fields(Beat)}
    try:
        data: dict[str, Any] = json.loads(path.read_bytes())
        return Beat(**{key: value for key, value in data.items() if key in known})
    except (OSError, ValueError, TypeError, AttributeError):
        return None  # it is written anew in a moment


def _name(source: str) -> str:
    return f"{names.slug(source, 'source')}-{names.id_of('t', source)[2:8]}"


def lock(state: Path, watcher: str) -> IO[str] | None:
    """The lock of a watcher, or None when another process has it: it runs once. The system lets
    go of it when the process ends, however it ends."""
    held = open(folder(state) / f"{watcher}.lock", "a+", encoding="utf-8")  # noqa: SIM115
    for _ in range(TRIES):
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            time.sleep(TRY_S)  # perhaps somebody only looks whether it is held
    else:
        held.close()
        return None
    held.truncate(0)
    held.write(str(os.getpid()))
    held.flush()
    return held


def holder(state: Path, watcher: str) -> int:
    """The process that runs this watcher, or 0."""
    path = state / FOLDER / f"{watcher}.lock"
    try:
        with open(path, encoding="utf-8") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return int(held.read().strip() or 0)
    except (OSError, ValueError):
        pass
    return 0
