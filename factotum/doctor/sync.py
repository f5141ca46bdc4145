"""What sync left behind: notes that stand twice, and notes in which a merge left its markers.

Only tasks, requests and the notes that steer the work are looked at; nothing is mended.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from factotum import names
from factotum.doctor.findings import Found, Level, Patient
from factotum.note import NoteError
from factotum.reader import Reader
from factotum.scan import Shelf
from factotum.vault import OWN

#: Notes that steer the work, beside those in Office.
STEERING = ("AGENTS.md", "Company_Handbook.md", "HEARTBEAT.md", "SOUL.md", "USER.md")

#: What obsidian-git writes where a pull did not fit.
GIT_LIST = "conflict-files-obsidian-git.md"

#: How many are named.
NAMED_MOST = 10


def conflicts(patient: Patient) -> Found:
    if not (patient.root / OWN).is_dir():
        return
    told = [*_at_work(patient), *_steering(patient.root)]
    if (patient.root / GIT_LIST).exists():
        told.append(f"{GIT_LIST}: a pull left files that do not fit together. See what it lists")
    for one in told[:NAMED_MOST]:
        yield Level.WARNING, one
    if len(told) > NAMED_MOST:
        yield Level.WARNING, f"and {len(told) - NAMED_MOST} more"
    if not told:
        yield Level.OK, "no note stands twice, and none holds the marks of a merge"


def _at_work(patient: Patient) -> Iterator[str]:
    """Tasks and requests whose id stands twice or that a merge has torn: nothing is done for
    them until a person has chosen."""
    shelf = Shelf(patient.root, "", Reader())
    first: dict[str, Path] = {}
    for entry in shelf.look(0.0).entries:
        try:
            note = shelf.note(entry)
        except NoteError:
            continue  # the Dashboard says it
        where, id = entry.path.relative_to(patient.root), note.props.get("id")
        if names.git_markers(note.body):
            yield f"{where} holds conflict markers (<<<<<<<): choose one side and remove them"
        if names.is_id(id) and first.setdefault(str(id), where) != where:
            yield f"{where} and {first[str(id)]} are the same: remove one of them"


def _steering(root: Path) -> Iterator[str]:
    """Copies that a sync client made of notes that steer: which of the two holds is a guess."""
    office = (root / "Office").rglob("*.md")
    for path in [*sorted(root.glob("*.md")), *sorted(office)]:
        copy = names.conflict(path.name, partial(_lies, path.parent))
        if copy and (path.parent != root or copy.base in STEERING):
            yield (
                f"{path.relative_to(root)} is the copy of {copy.base} that {copy.client} kept: "
                f"put together what both say, and remove it"
            )


def _lies(folder: Path, name: str) -> bool:
    return (folder / name).exists()
