"""Runs by its path in the child: closes the cage round itself, then becomes the tool's program.

It imports nothing of ours. What the cage is stands in its first argument, as JSON that
`cage.py` wrote; whatever of it cannot be done ends it, so nothing ever runs uncaged by mistake.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import resource
import sys
from typing import Any

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
PATH_BENEATH = 1
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, PR_SET_SECUREBITS = 22, 38, 24, 28
SECCOMP_FILTER = 2
#: Root has no powers of its own, and none come back; each with its lock.
NO_ROOT = 0b1111
#: What a rule on a file, not on a folder, may speak of: execute, write, read, truncate, ioctl.
FILE_BITS = 1 | 2 | 4 | 1 << 14 | 1 << 15
#: Cannot run: the shell's own number for it.
CANNOT = 126

libc = ctypes.CDLL(None, use_errno=True)


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def prctl(option: int, *values: Any) -> int:
    padded = [*values, 0, 0, 0, 0][:4]
    given = [ctypes.c_ulong(one) if isinstance(one, int) else one for one in padded]
    result: int = libc.prctl(option, *given)
    return result


def drop_powers() -> None:
    """Root keeps the files that root owns, where the cage allows it, and no other power."""
    if os.geteuid() != 0:
        return
    checked(prctl(PR_SET_SECUREBITS, NO_ROOT), "securebits")
    for power in range(64):
        if prctl(PR_CAPBSET_DROP, power) < 0:
            break  # it was the last that this kernel knows
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    checked(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def limit(limits: dict[str, int]) -> None:
    for name, most in limits.items():
        what = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def landlock(spec: dict[str, Any]) -> None:
    words = [spec["handled_fs"], spec["handled_net"], spec["scoped"]][: spec["words"]]
    asked = (ctypes.c_uint64 * len(words))(*words)
    rules = libc.syscall(CREATE_RULESET, asked, ctypes.sizeof(asked), 0)
    checked(rules, "landlock")
    for path, access in spec["rules"]:
        beneath(rules, path, access)
    checked(libc.syscall(RESTRICT_SELF, rules, 0), "landlock")
    os.close(rules)


def beneath(rules: int, path: str, access: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no permission
    if not os.path.isdir(f"/proc/self/fd/{fd}"):
        access &= FILE_BITS
    rule = access.to_bytes(8, sys.byteorder) + fd.to_bytes(4, sys.byteorder)
    checked(libc.syscall(ADD_RULE, rules, PATH_BENEATH, rule, 0), path)
    os.close(fd)


def seccomp(program: bytes) -> None:
    given = Program(len(program) // 8, program)
    checked(prctl(PR_SET_SECCOMP, SECCOMP_FILTER, ctypes.byref(given)), "seccomp")


def main(spec: dict[str, Any], command: list[str]) -> None:
    if spec["words"] and os.getsid(0) != os.getpid():
        os.setsid()
    os.umask(0o077)
    os.closerange(3, 4096)
    libc.syscall.restype = ctypes.c_long
    os.chdir(spec["cwd"])
    limit(spec["limits"])
    checked(prctl(PR_SET_NO_NEW_PRIVS, 1), "no_new_privs")
    if spec["words"]:  # else bubblewrap has done both
        landlock(spec)
        drop_powers()
    seccomp(base64.b64decode(spec["filter"]))
    os.execvpe(command[0], command, os.environ)  # noqa: S606 (that is what it is for)


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]), sys.argv[2:])
    except (OSError, ValueError, KeyError) as failed:
        sys.stderr.write(f"the cage could not be closed round {sys.argv[2]}: {failed}\n")
        sys.exit(CANNOT)
