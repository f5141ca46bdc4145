"""What a cage is, whether this machine can close one, and the command that runs inside it."""

from __future__ import annotations

import base64
import functools
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factotum.sandbox import bubblewrap, places
from factotum.sandbox.syscalls import ARCHES, Filter

LAUNCH = Path(__file__).with_name("launch.py")

#: Landlock since Linux 5.19 also holds what is moved between folders, since 6.2 what is cut
#: short. An older one would let a child empty a file that it may not write.
ABI_LEAST = 3

# What Landlock can allow, bit by bit: linux/landlock.h.
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
READ = EXECUTE | READ_FILE | READ_DIR
#: All that can be done to files of one's own; not to make devices.
WRITE = (
    READ | WRITE_FILE | 0b110000 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12 | REFER | TRUNCATE
)
BIND_TCP, CONNECT_TCP = 1, 2
ABSTRACT_SOCKETS, SIGNALS = 1, 2

#: Where a program is looked for that is trusted to close a cage.
PROGRAMS = "/usr/bin:/bin:/usr/local/bin"

MIB = 1024 * 1024


class CageError(Exception):
    """A child cannot be caged as it must be: which place or machine, why, and what to do."""


@dataclass(frozen=True)
class Isolation:
    """Whether children can be caged here. `why` says in words what is missing, or what closes
    the cage; `abi` is Landlock's version, 0 for none; `bwrap` is bubblewrap, where that is
    what closes it."""

    possible: bool
    why: str
    abi: int = 0
    bwrap: str = ""


@dataclass(frozen=True)
class Cage:
    """What one child may use. `read` and `write` are folders or files beside what every
    program reads; `write` includes reading. `network` is the Internet and this machine's own
    services. Limits hold for each process: memory and file size in bytes; `processes` is how
    many more the user may have than now. `keeper` is the process that must not be signalled,
    0 for this one; newer kernels let it signal nobody outside."""

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    network: bool = False
    cwd: Path = Path("/")
    memory_bytes: int = 2048 * MIB
    file_bytes: int = 512 * MIB
    processes: int = 256
    keeper: int = 0


@functools.cache
def isolation() -> Isolation:
    """What this machine can do. Asked once: it does not change while a machine is up."""
    if sys.platform != "linux":
        return Isolation(False, f"{os.uname().sysname} has nothing that closes a cage for us")
    if os.uname().machine not in ARCHES or sys.maxsize < 2**32:
        return Isolation(False, f"no filter of system calls is known for {os.uname().machine}")
    import ctypes  # only where it is asked: every command pays for what is above

    libc = ctypes.CDLL(None, use_errno=True)
    abi = libc.syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if abi >= ABI_LEAST:
        return Isolation(True, f"Landlock version {abi} and a filter of system calls", abi)
    return by_bubblewrap(max(0, abi))


def by_bubblewrap(abi: int, path: str = PROGRAMS) -> Isolation:
    """What there is without a Landlock that is new enough: Raspberry Pi OS builds its kernels
    without any. `path` is where bubblewrap is looked for."""
    found = shutil.which("bwrap", path=path)
    landlock = f"Landlock version {abi}" if abi else "no Landlock"
    lacks = f"this kernel ({os.uname().release}) has {landlock}"
    if found is None:
        return Isolation(
            False, f"{lacks}, and bubblewrap is not installed. Run: sudo apt install bubblewrap"
        )
    if refused := bubblewrap.refused(found):
        return Isolation(False, f"{lacks}, and bubblewrap does not work here: {refused}")
    return Isolation(True, "bubblewrap and a filter of system calls", 0, found)


def caged(cage: Cage, command: Sequence[str], found: Isolation | None = None) -> list[str]:
    """The command that runs `command` within the cage. Raises CageError where none can be."""
    found = isolation() if found is None else found
    if not found.possible:
        raise CageError(found.why)
    spec = json.dumps(_spec(cage, 0 if found.bwrap else found.abi), separators=(",", ":"))
    launch = [sys.executable, "-I", "-S", str(LAUNCH), spec, *command]
    if not found.bwrap:
        return launch
    read = (*places.system(), *places.interpreter(), LAUNCH, *cage.read)
    around = bubblewrap.around(found.bwrap, read, cage.write, network=cage.network)
    return [*around, *launch]


def _spec(cage: Cage, abi: int) -> dict[str, Any]:
    handled = (1 << 13) - 1 | REFER | TRUNCATE | (IOCTL_DEV if abi >= 5 else 0)
    kept = Filter(
        cage.network,
        0 < abi < 6,
        cage.keeper or os.getpid(),
        os.getpgid(cage.keeper),
        by_path=not abi,
    )
    program = kept.program(os.uname().machine)
    return {
        "handled_fs": handled,
        "handled_net": BIND_TCP | CONNECT_TCP if abi >= 4 and not cage.network else 0,
        "scoped": ABSTRACT_SOCKETS | SIGNALS if abi >= 6 else 0,
        "words": 3 if abi >= 6 else 2 if abi >= 4 else min(abi, 1),
        "rules": [[str(path), access & handled] for path, access in _rules(cage)],
        "filter": base64.b64encode(program).decode(),
        "cwd": str(cage.cwd),
        "limits": {
            "CORE": 0,
            "DATA": cage.memory_bytes,
            "FSIZE": cage.file_bytes,
            "NPROC": _tasks() + cage.processes,
        },
    }


def _rules(cage: Cage) -> list[tuple[Path, int]]:
    return [
        *((path.resolve(), READ) for path in places.system()),
        *((Path(name), READ_FILE | WRITE_FILE) for name in places.DEVICES),
        *((path.resolve(), READ) for path in cage.read),
        *((path.resolve(), WRITE) for path in cage.write),
    ]


def _tasks() -> int:
    """How many threads this user has now: the kernel's limit counts them all."""
    count, uid = 0, os.getuid()
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if entry.stat().st_uid == uid:
                    count += len(os.listdir(f"/proc/{entry.name}/task"))
            except OSError:
                continue  # it has ended
    return count
