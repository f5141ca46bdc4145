"""What the vault and its state directory are like, and what their file systems can do.

Only `.factotum/tmp` in the vault is written to, and nothing stays there.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from factotum import disk, names
from factotum.doctor.findings import Found, Level, Patient
from factotum.ledger import Ledger, LedgerError
from factotum.model import FOLDERS, State
from factotum.reader import Reader
from factotum.vault import ALL_FOLDERS, OWN
from factotum.worker.handbook import Handbook
from factotum.worker.playbooks import PlaybookShelf
from factotum.worker.shelves import agent_shelf, outside_folders, persona_shelf, skill_shelf


def vault(patient: Patient) -> Found:
    root = patient.root
    if not (root / OWN).is_dir():
        yield Level.PROBLEM, f"there is no vault at {root}. Make one: factotum init '{root}'"
        return
    missing = [name for name in ALL_FOLDERS if not (root / name).is_dir()]
    if missing:
        yield Level.WARNING, f"no folder {', '.join(missing)}; it is made at the next start"
    try:
        with _Scratch(root) as scratch:
            disk.write_new(scratch / "probe", b"")
        yield Level.OK, str(root)
    except OSError as refused:
        yield Level.PROBLEM, f"{root} cannot be written ({refused.strerror}); check its owner"


class _Scratch:
    """A folder in `.factotum/tmp` that is gone afterwards."""

    def __init__(self, root: Path) -> None:
        self.path = root / OWN / "tmp" / f"doctor-{os.getpid()}"

    def __enter__(self) -> Path:
        self.path.mkdir(parents=True)
        return self.path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def file_system(patient: Patient) -> Found:
    if not (patient.root / OWN).is_dir():
        return
    try:
        with _Scratch(patient.root) as scratch:
            yield from _tried(scratch)
    except OSError as refused:
        yield Level.PROBLEM, f"{refused.strerror}: {refused.filename}"


def _tried(scratch: Path) -> Found:
    """Which of the three ways to rename it has, and what is used where one is missing."""
    a, b, c = (scratch / name for name in "abc")
    for path in (a, b):
        disk.write_new(path, b"")
    exchanges = disk.exchange(a, b)
    try:
        os.link(a, c)
        links = True
    except OSError:
        links = False
    if exchanges:
        yield Level.OK, "renames without overwriting, and exchanges two files in one step"
    elif links:
        yield (
            Level.WARNING,
            (
                "cannot exchange two files in one step: a note is compared before it is replaced, "
                "and a move is a link and a removal. An editor's save in that instant could be lost"
            ),
        )
    else:
        yield (
            Level.WARNING,
            (
                "has no hard links either: a move reserves its name by an empty file. "
                "Put the vault on a disk of the system's own kind if you can"
            ),
        )


def state(patient: Patient) -> Found:
    state = patient.state
    if state is None:
        yield Level.OK, "none yet: it is made at the first start"
        return
    mode = stat.S_IMODE(state.stat().st_mode)
    if mode & 0o077:
        yield Level.PROBLEM, f"{state} has mode {mode:04o}, so others can read it: chmod 700 it"
    if (state / "ledger.db").exists():
        try:
            Ledger(state / "ledger.db").close()
        except LedgerError as broken:
            yield Level.PROBLEM, str(broken)
            return
    yield Level.OK, str(state)


def instances(patient: Patient) -> Found:
    if patient.settings is None:
        return
    mine = patient.settings.text("INSTANCE")
    folder = patient.root / FOLDERS[State.IN_PROGRESS]
    found = sorted(p.name for p in folder.glob("*") if p.is_dir() and not names.ignored(p.name))
    others = [name for name in found if name != mine]
    if others:
        yield (
            Level.WARNING,
            (
                f"this is {mine}; {', '.join(others)} worked on this vault too. "
                f"One machine is better: over sync two may both take a note in the same moment"
            ),
        )
    else:
        yield Level.OK, f"this is {mine}, and no other machine works on this vault"


def agents(patient: Patient) -> Found:
    """Agents, skills and who you are: what of it cannot be used."""
    reader = Reader()
    who = agent_shelf(patient.root, reader)
    outside = outside_folders(patient.settings) if patient.settings else ()
    can = skill_shelf(patient.root, reader, outside)
    problems = [*who.problems(), *can.problems(), *persona_shelf(patient.root, reader).problems()]
    for problem in problems:
        yield Level.PROBLEM, f"{problem.path.name}: {problem.reason}"
    if not problems:
        names = ", ".join(agent.name for agent in who.current() if agent.enabled) or "none"
        yield Level.OK, f"agents: {names}; {len(can.current())} skills"


def playbooks(patient: Patient) -> Found:
    shelf = PlaybookShelf(patient.root, Reader())
    problems = shelf.problems()
    for problem in problems:
        yield Level.PROBLEM, f"{problem.path.name}: {problem.reason}"
    if not problems:
        yield Level.OK, f"{len(shelf.current())} can be used"


def rules(patient: Patient) -> Found:
    """The rules of the house. Whether there were any before, only the ledger knows."""
    path = patient.state / "ledger.db" if patient.state else None
    if path is None or not path.exists():
        return
    try:
        ledger = Ledger(path)
    except LedgerError:
        return  # the check of the state directory says it
    try:
        handbook = Handbook(patient.root, Reader(), ledger, remember=False)
        problems, found = handbook.problems(), handbook.current()
    finally:
        ledger.close()
    for problem in problems:
        yield Level.PROBLEM, f"{problem.path.name}: {problem.reason}"
    if not problems:
        yield Level.OK, f"{len(found.rules)} in the handbook; see: factotum policy check"
