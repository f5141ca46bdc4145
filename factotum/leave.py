"""Taking out of a vault what `factotum init` made, and nothing else.

A file goes when its bytes are still those that were written; a folder goes when it is ours
and empty. All else is the person's: it stays, and is named. No orchestrator may run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from factotum import disk
from factotum.adopt import DASHBOARD, MANIFEST, ROOT, manifest, sha256_of
from factotum.model import FOLDERS, WAITING_FOLDER, State
from factotum.vault import OWN, VaultError

#: What lies in a state directory that is only ours. Attachments are not: they may be the
#: only copy of a file that a person dropped.
STATE_FILES = re.compile(
    r"(ledger|index)\.db(-wal|-shm|-journal)?|lock|wake|beat|factotum\.log.*|audit\.(key|next)"
    r"|(snapshot|catalogue|private)\.json"
)
STATE_FOLDERS = ("blobs", "phases", "anchors", "terminals")

#: The part of Dashboard.md that is written anew by whoever runs, as it was added.
BLOCK = re.compile(
    rb"(?:\A|\r?\n)<!-- factotum:(\S+) begin -->\r?\n.*?\r?\n<!-- factotum:\1 end -->\r?\n",
    re.DOTALL,
)

#: How a folder in Done is called.
_MONTH = re.compile(r"\d{4}-\d{2}")


@dataclass(frozen=True)
class Farewell:
    """What would go: `files` that are as we wrote them, `folders` of ours from the inside
    out. `kept` is what lies in our folders and stays. Names from the root of the vault."""

    root: Path
    files: tuple[str, ...]
    folders: tuple[str, ...]
    kept: tuple[str, ...]
    marks: tuple[str, ...] = ()
    dashboard: bytes | None = None


def plan(root: Path, instance: str) -> Farewell:
    """What `leave` would take out of the vault at `root`. Raises VaultError."""
    made = manifest(root)
    if not made:
        raise VaultError(
            f"{root} was not made by init (no {MANIFEST}), so I cannot tell what is yours. "
            f"Remove by hand what you do not want"
        )
    files = [name for name, sha in sorted(made["files"].items()) if _unchanged(root / name, sha)]
    marks = tuple(_marks(root))
    dashboard = _dashboard_before(root, str(made.get("dashboard", "")))
    going = {*files, *marks, MANIFEST, *([DASHBOARD] if dashboard is not None else [])}
    ours = [*made["folders"], OWN]
    folders = {*ours, *_made_while_running(root, set(ours), instance)}
    kept = {name for folder in ours for name in _inside(root, folder)}
    kept |= {name for name in made["files"] if os.path.lexists(root / name)}
    deepest_first = sorted(folders, key=lambda name: (name != ROOT, name.count("/"), name))[::-1]
    stays = tuple(sorted(kept - going))
    return Farewell(root, tuple(files), tuple(deepest_first), stays, marks, dashboard)


def carry_out(farewell: Farewell) -> tuple[str, ...]:
    """Takes it out; returns the names of what stayed after all, because it had changed."""
    root, stayed = farewell.root, []
    hashes = manifest(root)["files"]
    for name in farewell.files:
        if _unchanged(root / name, hashes[name]):
            (root / name).unlink()
        else:
            stayed.append(name)
    before = farewell.dashboard
    if before is not None and _dashboard_before(root, sha256_of(before)) == before:
        disk.replace(root / DASHBOARD, before, root / OWN / "leave.tmp")
    for name in farewell.marks:
        (root / name).unlink(missing_ok=True)
    (root / MANIFEST).unlink()
    for name in farewell.folders:
        try:
            (root / name).rmdir()
        except OSError:
            continue  # something lies in it, or it is gone already
    return tuple(stayed)


def forget(state: Path) -> tuple[str, ...]:
    """Removes the books from the state directory; returns what stays in it."""
    for path in sorted(state.iterdir()):
        if path.name in STATE_FOLDERS and not path.is_symlink():
            shutil.rmtree(path)
        elif STATE_FILES.fullmatch(path.name):
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    left = tuple(sorted(path.name for path in state.iterdir()))
    if not left:
        state.rmdir()
    return left


def _unchanged(path: Path, sha: str) -> bool:
    """Whether a person changed nothing. What we put between our markers does not count."""
    try:
        data = disk.read_regular(path, 1 << 24)
    except OSError:
        return False
    return sha in (sha256_of(data), sha256_of(BLOCK.sub(b"", data)))


def _marks(root: Path) -> Iterator[str]:
    """The marks by which ledgers are recognised: ours, one for each instance."""
    for path in sorted((root / OWN).glob("*.json")):
        try:
            mark = json.loads(disk.read_regular(path, 1 << 16))
        except (OSError, ValueError):
            continue
        if isinstance(mark, dict) and set(mark) == {"epoch", "attempts"}:
            yield path.relative_to(root).as_posix()


def _dashboard_before(root: Path, sha: str) -> bytes | None:
    """What a Dashboard of the person's held before our block came into it, if it can be had
    to the byte: with or without the newline that the block may have needed."""
    try:
        data = disk.read_regular(root / DASHBOARD, 1 << 24)
    except OSError:
        return None
    if not BLOCK.search(data):
        return None
    bare = BLOCK.sub(b"", data)
    before = (bare, bare.removesuffix(b"\n"), bare.removesuffix(b"\r\n"))
    return next((one for one in before if sha256_of(one) == sha), None)


def _made_while_running(root: Path, ours: set[str], instance: str) -> Iterator[str]:
    """Folders that are made as they are needed: of instances, of months, our own."""
    for path, folders, _ in os.walk(root / OWN):
        yield from ((Path(path) / name).relative_to(root).as_posix() for name in folders)
    progress, done = FOLDERS[State.IN_PROGRESS], FOLDERS[State.DONE]
    instances = _folders_in(root / progress) if progress in ours else [instance]
    for name in instances:
        yield from (f"{progress}/{name}", f"{progress}/{name}/{WAITING_FOLDER}")
    if done in ours:
        yield from (f"{done}/{name}" for name in _folders_in(root / done) if _MONTH.fullmatch(name))


def _folders_in(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as found:
            return [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _inside(root: Path, folder: str) -> Iterator[str]:
    """What lies in a folder of ours. A hidden folder is named, not looked into."""
    for path, folders, files in os.walk(root / folder):
        here = Path(path).relative_to(root)
        if Path(path) == root:
            yield from (f"{name}/" for name in folders if name.startswith(".") and name != OWN)
            folders[:] = [name for name in folders if not name.startswith(".")]
        yield from ((here / name).as_posix() for name in files)
