"""Nine points to look at before the office is left to work alone, each passed or not.

What can be looked at here is; where only a person can know, the point says what to do.
"""

from __future__ import annotations

import re
import stat
import sysconfig
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from factotum.doctor.findings import Found, Level, Patient
from factotum.gate import strength
from factotum.ledger import Ledger, LedgerError
from factotum.tooling.cages import cages_of

#: After so many days without an update of the libraries a person is told, in seconds.
OLD_S = 180 * 86400.0

#: Files that pip, setuptools, virtualenv and our own installation put beside the libraries.
KNOWN_PTH = re.compile(r"__editable__\.factotum-.*\.pth|distutils-precedence\.pth|_virtualenv\.pth")

#: (whether the point is passed, in words)
Point = tuple[bool, str]


def points(patient: Patient) -> Found:
    """Each point with its number, in the order of the list."""
    if patient.settings is None:
        return
    for number, point in enumerate(POINTS, 1):
        passed, text = point(patient)
        word = "pass" if passed else "fail"
        yield (Level.OK if passed else Level.WARNING), f"{number}/{len(POINTS)} {word}: {text}"


def keys(patient: Patient) -> Point:
    inside = [path.name for path in patient.root.glob("*.env*") if path.is_file()]
    if (patient.root / ".env").is_file() or inside:
        return False, "keys lie in the vault, which is synced: move the .env out of it"
    return True, "keys lie outside the vault, and only in the environment or in .env"


def private_files(patient: Patient) -> Point:
    assert patient.settings is not None
    listed = patient.settings.given("TOOL_SERVERS") and patient.settings.path("TOOL_SERVERS")
    for path in filter(None, (patient.env_file, listed or None)):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            return False, f"others can read {path}: chmod 600 it"
    return True, "files with settings are for you alone (0600)"


def who_may_speak(patient: Patient) -> Point:
    """The office has no channel on which a stranger's word counts; a strong one has a list."""
    if patient.state is None or not (patient.state / "ledger.db").exists():
        return True, "nobody but you can give orders: there is no channel yet"
    try:
        ledger = Ledger(patient.state / "ledger.db")
    except LedgerError as broken:
        return False, str(broken)
    there = ", ".join(strength.set_up(ledger))
    ledger.close()
    said = f"orders are taken by {there} from those alone that you named" if there else (
        "orders are taken from this machine and the vault alone"
    )  # fmt: skip
    return True, said


def limited_user(patient: Patient) -> Point:
    if patient.machine.uid == 0:
        return False, "it runs as root: make a user for it, who owns the vault and nothing else"
    return True, "it does not run as root"


def caged(patient: Patient) -> Point:
    assert patient.settings is not None
    state = patient.state or Path("/nonexistent")
    cages = cages_of(patient.settings, patient.root, state, patient.servers.parent)
    without = cages.shown()
    return not without, without or "tool processes run in a cage"


def libraries(patient: Patient) -> Point:
    """Whether what is installed is what was locked, and so what was looked at."""
    lock = patient.servers.parent / "requirements.lock"
    if not lock.exists():
        return False, "there is no requirements.lock to compare the libraries with"
    other = sorted(_not_as_locked(lock.read_text()))
    if other:
        return False, f"not the version that was locked: {', '.join(other[:5])}. Run: make run"
    if started := run_at_start(Path(sysconfig.get_path("purelib"))):
        return False, f"not ours, and run at every start of Python: {', '.join(started[:5])}"
    return True, "libraries are those that were locked, each with its hash"


def run_at_start(folder: Path) -> list[str]:
    """The .pth files among the libraries that run code and are not known: by such a file a
    library that was tampered with gets into every process, without being imported."""
    return [
        path.name
        for path in sorted(folder.glob("*.pth"))
        if not KNOWN_PTH.fullmatch(path.name)
        and re.search(r"(?m)^import[ \t]", path.read_text("utf-8", errors="replace"))
    ]


def _not_as_locked(lock: str) -> Iterator[str]:
    locked: dict[str, set[str]] = {}  # one may be locked for several versions of Python
    for name, version in re.findall(r"(?m)^([a-z0-9-]+)==([^\s;\\]+)", lock):
        locked.setdefault(name, set()).add(version)
    for name, versions in locked.items():
        try:
            if metadata.version(name) not in versions:
                yield name
        except metadata.PackageNotFoundError:
            continue  # an extra that is not installed


def logging(patient: Patient) -> Point:
    if not (patient.root / "Logs").is_dir():
        return False, "the vault has no folder Logs: it is made at the next start"
    return True, "what is done is written to Logs and to the ledger"


def private_folders(patient: Patient) -> Point:
    if patient.state is None:
        return True, "the state directory will be made for you alone (0700)"
    if stat.S_IMODE(patient.state.stat().st_mode) & 0o077:
        return False, f"others can look into {patient.state}: chmod 700 it"
    return True, "the state directory is for you alone (0700)"


def updated(patient: Patient) -> Point:
    lock = patient.servers.parent / "requirements.lock"
    if lock.exists() and time.time() - lock.stat().st_mtime > OLD_S:
        return False, "the libraries were locked over half a year ago: get a newer version"
    return (
        True,
        "the libraries were locked within half a year; look for a newer version now and then",
    )


POINTS: tuple[Callable[[Patient], Point], ...] = (
    keys,
    private_files,
    who_may_speak,
    limited_user,
    caged,
    libraries,
    logging,
    private_folders,
    updated,
)
