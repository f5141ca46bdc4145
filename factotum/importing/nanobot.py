"""All that is brought over from a folder of nanobot's: looked up first, then done.

Its folder is only read. What was brought is remembered in the ledger by nanobot's own ids, so
that a second time brings nothing, also not what a person has thrown away since.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from factotum import disk, names
from factotum.importing import config, fields, jobs, notes
from factotum.importing.config import Line
from factotum.importing.fields import Unreadable
from factotum.importing.jobs import Job, OtherStore
from factotum.importing.notes import NotText
from factotum.ledger import Ledger
from factotum.schedule.note import FOLDER
from factotum.schedule.wish import written
from factotum.vault import Changed, Vault

SOURCE = "nanobot"
#: Where its jobs may lie, below each folder that is looked in.
STORES = ("cron.json", "cron/jobs.json")
CONFIG = "config.json"


@dataclass(frozen=True)
class Brought:
    """One of its notes: `name` in its folder, `path` in the vault, and the words to bring.
    `there` is what lies in the vault now, None for nothing."""

    name: str
    path: str
    words: str
    there: bytes | None

    @property
    def mark(self) -> str:
        return f"note {self.name} {hashlib.sha256(self.words.encode()).hexdigest()[:16]}"


@dataclass
class Plan:
    """What would be brought. `known` counts what was brought before; `left_out` says what is
    not taken, and why; `found` are the files that were read."""

    jobs: list[Job] = field(default_factory=list)
    notes: list[Brought] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    known: int = 0
    left_out: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not (self.jobs or self.notes or self.lines)


def plan(source: Path, root: Path, ledger: Ledger, house: tzinfo, now: float) -> Plan:
    """What would be brought from the folder `source` into the vault at `root`."""
    made = Plan()
    settings = _config(source, made)
    folders = _folders(source, settings)
    _jobs(folders, made, ledger, house, now)
    _notes(folders, root, made, ledger)
    return made


def _config(source: Path, made: Plan) -> object:
    path = source / CONFIG
    try:
        held = fields.load(path)
    except FileNotFoundError:
        return {}
    except Unreadable as why:
        made.left_out.append(f"{path}: {why}")
        return {}
    made.found.append(str(path))
    if not isinstance(held, dict):
        made.left_out.append(f"{path}: it holds no settings")
        return {}
    made.lines, left_out = config.lines_of(held)
    made.left_out += [f"{path}: {one}" for one in left_out]
    return held


def _folders(source: Path, settings: object) -> Sequence[Path]:
    """The folder itself, its workspace, and the workspace that its settings name."""
    named = [
        fields.text(fields.at(settings, *place))
        for place in (("workspace",), ("agents", "defaults", "workspace"))
    ]
    wanted = [
        source,
        source / "workspace",
        *(Path(os.path.expanduser(one)) for one in named if one),
    ]
    found: dict[str, Path] = {}
    for folder in wanted:
        with contextlib.suppress(OSError):  # no name that a disk can have
            if folder.is_absolute() and folder.is_dir():
                found.setdefault(os.path.realpath(folder), folder)
    return list(found.values())


def _jobs(folders: Sequence[Path], made: Plan, ledger: Ledger, house: tzinfo, now: float) -> None:
    taken: set[str] = set()
    for path in (folder / name for folder in folders for name in STORES):
        try:
            found, left_out = jobs.jobs_of(fields.load(path), house, now)
        except FileNotFoundError:
            continue
        except (Unreadable, OtherStore) as why:
            made.left_out.append(f"{path}: {why}")
            continue
        made.found.append(str(path))
        made.left_out += [f"{path}: {one}" for one in left_out]
        new = [job for job in found if job.id not in taken]
        taken |= {job.id for job in found}
        before = [job for job in new if ledger.seen(SOURCE, f"job {job.id}") is not None]
        made.known += len(before)
        made.jobs += [job for job in new if job not in before]


def _notes(folders: Sequence[Path], root: Path, made: Plan, ledger: Ledger) -> None:
    for name, path in notes.NOTES.items():
        for one in _brought(folders, name, path, root, made):
            if ledger.seen(SOURCE, one.mark) is not None:
                made.known += 1
            else:
                made.notes.append(one)
    for name in notes.NOT_TAKEN:
        if any((folder / name).is_file() for folder in folders):
            made.left_out.append(f"{name}: it tells nanobot of its own tools; see AGENTS.md here")


def _brought(
    folders: Sequence[Path], name: str, path: str, root: Path, made: Plan
) -> Iterator[Brought]:
    """The first note of this name that there is, if there is anything in it."""
    for file in (folder / name for folder in folders):
        try:
            words = notes.words_of(name, fields.whole(file, notes.NOTE_MOST_BYTES))
            there = _there(root / path)
            if words and there is not None:
                notes.merged(name, there, words)  # whether it can be
        except FileNotFoundError:
            continue
        except (Unreadable, NotText) as why:
            made.left_out.append(f"{file}: {why}")
            return
        made.found.append(str(file))
        if words:
            yield Brought(name, path, words, there)
        return


def _there(path: Path) -> bytes | None:
    try:
        return fields.whole(path, notes.NOTE_MOST_BYTES)
    except FileNotFoundError:
        return None


# -- doing it


def carry_out(wanted: Plan, vault: Vault, ledger: Ledger, now: float) -> list[str]:
    """Writes the schedules and notes; where each lies now. A note that was edited since the plan
    was made stays as it is and is not marked: it can be brought another time."""
    done = []
    for job in wanted.jobs:
        name = names.note_name(job.wish.name, id=names.id_of("t", SOURCE, job.id), fallback="job")
        try:
            vault.drop(vault.root / FOLDER / name, written(job.wish, {"id": job.mark}))
            done.append(f"{FOLDER}/{name}")
        except FileExistsError:
            pass  # brought before a crash
        ledger.mark_seen(SOURCE, f"job {job.id}", "", now)
    for one in wanted.notes:
        if _put(one, vault):
            ledger.mark_seen(SOURCE, one.mark, "", now)
            done.append(one.path)
    return done


def _put(one: Brought, vault: Vault) -> bool:
    path = vault.root / one.path
    try:
        if one.there is None:
            vault.drop(path, notes.fresh(one.name, one.words))
        else:
            vault.rewrite(path, one.there, notes.merged(one.name, one.there, one.words))
    except (Changed, FileExistsError):
        return False
    return True


def keep_lines(lines: Sequence[Line], path: Path) -> bool:
    """Writes the lines into a new file that only its owner may read; False where it holds just
    these already. Raises FileExistsError for one that holds anything else, and OSError."""
    head = "# What nanobot's config.json said. Put what you want of it into your .env.\n"
    data = (head + "".join(f"{one.written}\n" for one in lines)).encode()
    try:
        if disk.read_regular(path, len(data)) == data:
            return False
    except FileNotFoundError:
        pass
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    return True
