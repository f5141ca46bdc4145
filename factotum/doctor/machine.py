"""What the machine is and has: Python, SQLite, room, memory, other programs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from factotum.doctor.findings import GIB, Found, Level, Patient

PYTHON_LEAST = (3, 11)
PYTHON_RECOMMENDED = (3, 13)
#: STRICT tables came with this version.
SQLITE_LEAST = (3, 37)
NODE_LEAST = 24

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


def python(patient: Patient) -> Found:
    version = ".".join(map(str, patient.machine.python))
    if patient.machine.python < PYTHON_LEAST:
        yield Level.PROBLEM, f"{version}: install Python {_dotted(PYTHON_LEAST)} or newer"
    elif patient.machine.python < PYTHON_RECOMMENDED:
        yield Level.OK, f"{version} ({_dotted(PYTHON_RECOMMENDED)} or newer is recommended)"
    else:
        yield Level.OK, version


def sqlite(patient: Patient) -> Found:
    version = _dotted(patient.machine.sqlite)
    if patient.machine.sqlite < SQLITE_LEAST:
        yield Level.PROBLEM, f"{version}: use a Python with SQLite {_dotted(SQLITE_LEAST)} or newer"
    else:
        yield Level.OK, version


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def space(patient: Patient) -> Found:
    for what, folder in (("vault", patient.root), ("state directory", patient.state)):
        if folder is None or not folder.is_dir():
            continue
        free = shutil.disk_usage(folder).free
        text = f"{free / GIB:.1f} GB free for the {what}"
        if free < DISK_LEAST_BYTES:
            yield Level.PROBLEM, f"{text}: nothing can be recorded when it is full; make room"
        else:
            yield Level.WARNING if free < DISK_LOW_BYTES else Level.OK, text


def events(patient: Patient) -> Found:
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


def machine(patient: Patient) -> Found:
    memory, cores = patient.machine.memory_bytes, patient.machine.cores
    # A machine sold with 8 GB reports a little less.
    small = memory < 0.9 * MEMORY_RECOMMENDED_BYTES or cores < CORES_RECOMMENDED
    text = f"{memory / GIB:.1f} GB of memory, {cores} cores"
    if small:
        yield Level.WARNING, f"{text}: enough for playbooks; 8 GB and 4 are recommended"
    else:
        yield Level.OK, text


def node(patient: Patient) -> Found:
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


def notifier(patient: Patient) -> Found:
    program = next(
        (name for name in ("notify-send", "osascript")
         if shutil.which(name, path=patient.machine.path)), "",
    )  # fmt: skip
    yield Level.OK, program or "none here: the terminal's bell rings instead"
