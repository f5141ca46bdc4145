"""What is missing or wrong on this machine: each check says what it found, in one line.

A problem keeps something from working; a warning is worth knowing. Only `.factotum/tmp` in
the vault is written to, to see what its file system can do, and nothing stays there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from factotum import disk, names
from factotum.ledger import Ledger, LedgerError
from factotum.model import FOLDERS, State
from factotum.reader import Reader
from factotum.settings import Settings
from factotum.tools import load_server, survey
from factotum.vault import ALL_FOLDERS, OWN
from factotum.worker.playbooks import PlaybookShelf

PYTHON_LEAST = (3, 11)
PYTHON_RECOMMENDED = (3, 13)
#: STRICT tables came with this version.
SQLITE_LEAST = (3, 37)
NODE_LEAST = 24

GIB = 1024**3
#: Below this nothing can be relied on; below the second it is time to tidy up, in bytes.
DISK_LEAST_BYTES = GIB // 10
DISK_LOW_BYTES = 2 * GIB
#: What the whole product with a local model is happy with. Playbooks alone need far less.
MEMORY_RECOMMENDED_BYTES = 8 * GIB
CORES_RECOMMENDED = 4
#: We need a few dozen watches; an editor and a sync client on the same machine need thousands.
WATCHES_LEAST = 1024

#: How long another program may take to say its version, in seconds.
ASK_S = 5.0

#: Plugins of Obsidian that run code which stands in notes.
RUN_CODE = {
    "customjs": "CustomJS",
    "dataview": "Dataview with DataviewJS switched on",
    "execute-code": "Execute Code",
    "js-engine": "JS Engine",
    "obsidian-shellcommands": "Shell commands",
    "templater-obsidian": "Templater",
}


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    check: str
    level: Level
    text: str


@dataclass(frozen=True)
class Machine:
    """What the machine has; passed in, so that another one can be asked about."""

    python: tuple[int, ...] = sys.version_info[:3]
    sqlite: tuple[int, ...] = sqlite3.sqlite_version_info
    memory_bytes: int = 0
    cores: int = 0
    path: str | None = None

    @classmethod
    def this(cls) -> Machine:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return cls(memory_bytes=memory, cores=os.cpu_count() or 1, path=os.environ.get("PATH"))


@dataclass(frozen=True)
class Patient:
    """What is looked at. `settings` is None where they cannot be read, `why_not` says why;
    `state` is None where there is none yet. `running` is an orchestrator's process id."""

    root: Path
    settings: Settings | None
    why_not: str
    state: Path | None
    env_file: Path | None
    running: int | None
    servers: Path
    machine: Machine


def examine(patient: Patient) -> list[Finding]:
    """Every check, in order."""
    found = []
    for name, check in CHECKS:
        found += [Finding(name, level, text) for level, text in check(patient)]
    return found


Found = Iterable[tuple[Level, str]]


def _python(patient: Patient) -> Found:
    version = ".".join(map(str, patient.machine.python))
    if patient.machine.python < PYTHON_LEAST:
        yield Level.PROBLEM, f"{version}: install Python {_dotted(PYTHON_LEAST)} or newer"
    elif patient.machine.python < PYTHON_RECOMMENDED:
        yield Level.OK, f"{version} ({_dotted(PYTHON_RECOMMENDED)} or newer is recommended)"
    else:
        yield Level.OK, version


def _sqlite(patient: Patient) -> Found:
    version = _dotted(patient.machine.sqlite)
    if patient.machine.sqlite < SQLITE_LEAST:
        yield Level.PROBLEM, f"{version}: use a Python with SQLite {_dotted(SQLITE_LEAST)} or newer"
    else:
        yield Level.OK, version


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _settings(patient: Patient) -> Found:
    for line in patient.why_not.splitlines():
        yield Level.PROBLEM, line
    file = patient.env_file
    if file is None:
        yield Level.OK, "no .env: they come from the environment and the defaults"
    elif patient.settings is not None:
        yield Level.OK, f"{file} (mode {stat.S_IMODE(file.stat().st_mode):04o})"


def _vault(patient: Patient) -> Found:
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


def _file_system(patient: Patient) -> Found:
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


def _state(patient: Patient) -> Found:
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


def _space(patient: Patient) -> Found:
    for what, folder in (("vault", patient.root), ("state directory", patient.state)):
        if folder is None or not folder.is_dir():
            continue
        free = shutil.disk_usage(folder).free
        text = f"{free / GIB:.1f} GB free for the {what}"
        if free < DISK_LEAST_BYTES:
            yield Level.PROBLEM, f"{text}: nothing can be recorded when it is full; make room"
        else:
            yield Level.WARNING if free < DISK_LOW_BYTES else Level.OK, text


def _tools(patient: Patient) -> Found:
    if patient.settings is None:
        return
    for path in sorted(patient.servers.glob("*_server.py")):
        server = survey(path)
        if server.broken:
            yield Level.PROBLEM, server.broken
            continue
        lacking = server.lacks(patient.settings.env_for(server.env))
        by_reason: dict[str, list[str]] = {}
        for tool, reason in lacking.items():
            by_reason.setdefault(reason.partition(":")[0], []).append(tool)
        for needed, tools in by_reason.items():
            yield Level.WARNING, f"{needed}: needed by {', '.join(tools)}"
        if not lacking or set(lacking) != {f"{server.name}__{tool}" for tool in server.needs or ()}:
            yield _built(path, patient.settings.env_for(server.env))


def _built(path: Path, env: dict[str, str]) -> tuple[Level, str]:
    """Whether the server takes its settings; nobody is connected to."""
    try:
        load_server(path).build(env)
    except Exception as broken:  # noqa: BLE001 (a server's file may raise anything at all)
        return Level.PROBLEM, f"{path.name} cannot be used: {broken}"
    return Level.OK, f"{path.name} takes its settings"


def _events(patient: Patient) -> Found:
    path = Path("/proc/sys/fs/inotify/max_user_watches")
    try:
        watches = int(path.read_text())
    except (OSError, ValueError):
        return  # no inotify here: another way is used
    if watches < WATCHES_LEAST:
        yield (
            Level.WARNING,
            (
                f"only {watches} file watches: changes may be seen at the next scan only. "
                f"Run: sudo sysctl fs.inotify.max_user_watches=524288"
            ),
        )
    else:
        yield Level.OK, f"{watches} file watches"


def _running(patient: Patient) -> Found:
    if patient.running:
        yield Level.OK, f"an orchestrator runs (pid {patient.running})"
    else:
        yield Level.OK, "no orchestrator runs. Start it: factotum up"


def _instances(patient: Patient) -> Found:
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


def _playbooks(patient: Patient) -> Found:
    shelf = PlaybookShelf(patient.root, Reader())
    problems = shelf.problems()
    for problem in problems:
        yield Level.PROBLEM, f"{problem.path.name}: {problem.reason}"
    if not problems:
        yield Level.OK, f"{len(shelf.current())} can be used"


def _machine(patient: Patient) -> Found:
    memory, cores = patient.machine.memory_bytes, patient.machine.cores
    # A machine sold with 8 GB reports a little less.
    small = memory < 0.9 * MEMORY_RECOMMENDED_BYTES or cores < CORES_RECOMMENDED
    text = f"{memory / GIB:.1f} GB of memory, {cores} cores"
    if small:
        yield Level.WARNING, f"{text}: enough for playbooks; 8 GB and 4 are recommended"
    else:
        yield Level.OK, text


def _node(patient: Patient) -> Found:
    """PM2, which can keep the office running, needs it; nothing else does."""
    program = shutil.which("node", path=patient.machine.path)
    if program is None:
        return
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=ASK_S,
                              check=False).stdout  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return
    version = re.match(r"v(\d+)", said.strip())
    if version and int(version[1]) < NODE_LEAST:
        yield Level.WARNING, f"{said.strip()}: for PM2, Node {NODE_LEAST} or newer is recommended"


def _obsidian(patient: Patient) -> Found:
    for folder in (patient.root, patient.root.parent):
        config = folder / ".obsidian"
        if config.is_dir():
            dangerous = sorted(_that_run_code(config))
            for plugin in dangerous:
                yield (
                    Level.WARNING,
                    (
                        f"{RUN_CODE[plugin]} runs code that stands in notes. What outsiders wrote "
                        f"is kept in fences, but do without it in this vault if you can"
                    ),
                )
            if not dangerous:
                yield Level.OK, "no plugin that is known to run code from notes"
            return


def _that_run_code(config: Path) -> Iterator[str]:
    plugins = _json(config / "community-plugins.json")
    for plugin in plugins if isinstance(plugins, list) else ():
        if plugin == "dataview":
            options = _json(config / "plugins" / "dataview" / "data.json")
            if isinstance(options, dict) and options.get("enableDataviewJs"):
                yield plugin
        elif isinstance(plugin, str) and plugin in RUN_CODE:
            yield plugin


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _notifier(patient: Patient) -> Found:
    program = next(
        (name for name in ("notify-send", "osascript")
         if shutil.which(name, path=patient.machine.path)), "",
    )  # fmt: skip
    yield Level.OK, program or "none here: the terminal's bell rings instead"


CHECKS: tuple[tuple[str, Callable[[Patient], Found]], ...] = (
    ("python", _python),
    ("sqlite", _sqlite),
    ("settings", _settings),
    ("vault", _vault),
    ("file system", _file_system),
    ("state", _state),
    ("space", _space),
    ("tools", _tools),
    ("file events", _events),
    ("running", _running),
    ("instances", _instances),
    ("playbooks", _playbooks),
    ("machine", _machine),
    ("node", _node),
    ("obsidian", _obsidian),
    ("notifier", _notifier),
)
