"""Making a vault of a folder, and taking it out again: `factotum init` and `leave`.

What is made is written down in `.factotum/vault.json`, before it is made; what is taken
out is that and nothing else. A file of the person is never opened, changed, moved or
removed: where a name is taken, what lies there stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factotum import disk, names
from factotum.intake import adopted_key
from factotum.ledger import Ledger
from factotum.model import FOLDERS, State
from factotum.vault import ALL_FOLDERS, OWN, VaultError

MANIFEST = f"{OWN}/vault.json"
MANIFEST_VERSION = 1
MANIFEST_MOST_BYTES = 1024 * 1024

DASHBOARD = "Dashboard.md"

#: The root itself, in a manifest.
ROOT = "."

#: Where a note that lies there already would start work, or be taken for a decision.
PIPELINE = (State.NEEDS_ACTION, State.IN_PROGRESS, State.PENDING, State.APPROVED)


@dataclass(frozen=True)
class Plan:
    """What `init` would do at `root`. `folders` are parents first; `seen` are the keys of
    what lies in an adopted Inbox; `skipped` are names of ours that are taken."""

    root: Path
    folders: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    seen: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to make: it is a vault, and whole."""
        return not (self.folders or self.files) and bool(self.before.get("complete"))


def holds_notes(folder: Path) -> bool:
    """Whether a person keeps something here: anything but hidden files."""
    try:
        with os.scandir(folder) as found:
            return any(not entry.name.startswith(".") for entry in found)
    except FileNotFoundError:
        return False


def count_notes(folder: Path) -> int:
    """How many notes lie in a folder and below it, hidden folders left out."""
    total = 0
    for _, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        total += sum(name.endswith(".md") for name in files)
    return total


# -- init


def plan(root: Path, template: Path) -> Plan:
    """What is missing at `root` for it to be a vault.

    Raises VaultError when it cannot become one without touching or starting something.
    """
    _check_place(root)
    before = manifest(root)
    if not before:
        _check_pipeline(root)
    folders = [name for name in _wanted_folders(template) if not (root / name).is_dir()]
    if not root.is_dir():
        folders.insert(0, ROOT)
    known = before.get("files", {}) if before.get("complete") else {}
    files, skipped = {}, []
    for name, data in _template(template).items():
        if _taken(root / name):
            skipped += [name] if name not in before.get("files", {}) else []
        elif name not in known:  # one that we made and that is gone was thrown away
            files[name] = data
    seen = () if before.get("complete") else tuple(_inbox_keys(root))
    return Plan(root, tuple(folders), files, seen, tuple(skipped), before)


def make(plan: Plan, ledger: Ledger | None, now: float) -> None:
    """Carries the plan out. Killed anywhere, the next `init` goes on.

    `ledger` is needed where the plan has files to be marked as seen. Raises VaultError.
    """
    if plan.is_done:
        return
    root, before = plan.root, plan.before
    if plan.seen and ledger is not None:
        with ledger.tx():
            for key in plan.seen:
                ledger.mark_seen("adopted", key, "", now)
    folders = [*before.get("folders", ()), *plan.folders]
    files = {name: sha256_of(data) for name, data in plan.files.items()}
    content = {
        "version": MANIFEST_VERSION,
        "complete": False,
        "folders": list(dict.fromkeys(folders)),
        "files": {**before.get("files", {}), **files},
        # A Dashboard of the person's gets a block while we run: by this, leaving tells what
        # it was before.
        "dashboard": before.get("dashboard") or _sha_of(root / DASHBOARD),
    }
    try:
        for folder in (root, root / OWN, root / OWN / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        _write_manifest(root, content)
        for name in plan.folders:
            (root / name).mkdir(parents=True, exist_ok=True)
        for name, data in plan.files.items():
            _put(root, name, data)
        _write_manifest(root, {**content, "complete": True})
    except OSError as refused:
        raise VaultError(
            f"{root} cannot be made a vault ({refused.strerror}: {refused.filename}). Check its "
            f"owner, whether its disk is read-only or full, and run init again"
        ) from refused


def _sha_of(path: Path) -> str:
    try:
        return sha256_of(disk.read_regular(path, 1 << 24))
    except OSError:
        return ""


def _put(root: Path, name: str, data: bytes) -> None:
    scratch = root / OWN / "tmp" / f"init-{os.getpid()}-{Path(name).name}"
    disk.write_new(scratch, data)
    try:
        disk.rename_new(scratch, root / name)
    except FileExistsError:
        scratch.unlink()  # somebody was quicker: what lies there stays


def _write_manifest(root: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    scratch = root / OWN / "tmp" / f"init-{os.getpid()}-vault.json"
    disk.replace(root / MANIFEST, text.encode(), scratch)


def manifest(root: Path) -> dict[str, Any]:
    """What `init` wrote down, or nothing where it never ran. Raises VaultError."""
    path = root / MANIFEST
    try:
        content = json.loads(disk.read_regular(path, MANIFEST_MOST_BYTES))
        whole = isinstance(content["files"], dict) and isinstance(content["folders"], list)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as broken:
        raise VaultError(
            f"{path} cannot be read ({broken}). Put back a copy of it, or move it away: init then "
            f"takes everything that is there for yours"
        ) from broken
    if not whole or content.get("version") != MANIFEST_VERSION or not _inside(content):
        raise VaultError(f"{path} was not written by this version of Factotum; nothing is done")
    return dict(content)


def _inside(content: Mapping[str, Any]) -> bool:
    """Whether every name is one below the root: the file may have been edited or synced."""
    every = [*content["files"], *content["folders"]]
    return all(
        isinstance(name, str) and not name.startswith("/") and ".." not in Path(name).parts
        for name in every
    )


def _wanted_folders(template: Path) -> list[str]:
    """Every folder, parents first: the vault's own and those of the template."""
    wanted = {*ALL_FOLDERS, *(Path(name).parent.as_posix() for name in _template(template))}
    parents = {parent.as_posix() for name in wanted for parent in Path(name).parents}
    return sorted((wanted | parents) - {ROOT})


def _template(template: Path) -> dict[str, bytes]:
    """The notes that a new vault gets, by their names from its root."""
    return {
        path.relative_to(template).as_posix(): path.read_bytes()
        for path in sorted(template.rglob("*"))
        if path.is_file() and not names.ignored(path.name)
    }


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# -- what stands in the way


def _check_place(root: Path) -> None:
    for parent in root.absolute().parents:
        if (parent / OWN).is_dir():
            raise VaultError(
                f"{root} lies inside the vault {parent}; choose a folder outside of it"
            )
    if os.path.lexists(root) and not root.is_dir():
        raise VaultError(f"{root} is a file, not a folder; name another place")


def _check_pipeline(root: Path) -> None:
    """Raises VaultError for a folder of ours that is there and cannot be used as it is."""
    tops = {name.partition("/")[0] for name in ALL_FOLDERS}
    for entry in _entries(root):
        ours = next((name for name in tops if names.same(name, entry.name)), "")
        if ours and ours != entry.name:
            raise VaultError(
                f"{root} has {entry.name!r}, and {ours!r} beside it would be the same folder on "
                f"other systems. Rename yours, or {_REMEDY}"
            )
        if ours and not entry.is_dir(follow_symlinks=False):
            raise VaultError(f"{entry.path} is no plain folder. Rename it, or {_REMEDY}")
    for state in PIPELINE:
        if found := list(_notes_in(root / FOLDERS[state])):
            example = ", ".join(path.name for path in found[:3])
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            raise VaultError(
                f"{FOLDERS[state]} holds notes already ({example}{more}), and notes there are "
                f"work or decisions to me. Move them elsewhere, or {_REMEDY}"
            )


_REMEDY = "leave out --here: then I get a folder of my own"


def _notes_in(folder: Path) -> Iterator[Path]:
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not names.ignored(name)]
        yield from (Path(path) / name for name in sorted(files) if not names.ignored(name))


def _taken(path: Path) -> bool:
    """Whether a file lies there, under this name or one that other systems take for it."""
    return os.path.lexists(path) or any(
        names.same(entry.name, path.name) for entry in _entries(path.parent)
    )


def _inbox_keys(root: Path) -> Iterator[str]:
    for entry in _entries(root / FOLDERS[State.INBOX]):
        about = entry.stat(follow_symlinks=False)
        if stat.S_ISREG(about.st_mode):
            yield adopted_key(entry.name, about)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
