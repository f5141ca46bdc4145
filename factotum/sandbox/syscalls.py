"""The filter on system calls, as the kernel's own small programs (classic BPF).

It closes the ways round a Landlock cage: other processes, mounts and namespaces, sockets by
which a service of the same user could be asked to act, io_uring (which asks no filter), and
changing the mode, owner or times of a file by its path, which Landlock lets pass.
Pure: numbers in, bytes out.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: The architectures whose numbers we know: as `uname -m` calls them, the audit constant.
ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

Numbers = tuple[str, int, int]
#: A number that no call has.
NONE = 0xFFFF

#: Calls that no tool needs: name, number on x86_64, number on aarch64; NONE where it has none.
DENIED: tuple[Numbers, ...] = (
    # other processes
    ("ptrace", 101, 117),
    ("process_vm_readv", 310, 270),
    ("process_vm_writev", 311, 271),
    ("process_madvise", 440, 440),
    ("kcmp", 312, 272),
    ("pidfd_getfd", 438, 438),
    ("rt_sigqueueinfo", 129, 138),
    ("rt_tgsigqueueinfo", 297, 240),
    ("setpriority", 141, 140),
    ("ioprio_set", 251, 30),
    ("migrate_pages", 256, 238),
    ("move_pages", 279, 239),
    ("sched_setscheduler", 144, 119),
    ("sched_setparam", 142, 118),
    ("sched_setattr", 314, 274),
    # the names of files as they change, in folders that may not be read
    ("inotify_add_watch", 254, 27),
    ("fanotify_init", 300, 262),
    ("fanotify_mark", 301, 263),
    # memory and messages that all programs of a user share
    ("shmget", 29, 194),
    ("shmat", 30, 196),
    ("shmctl", 31, 195),
    ("semget", 64, 190),
    ("semop", 65, 193),
    ("semtimedop", 220, 192),
    ("semctl", 66, 191),
    ("msgget", 68, 186),
    ("msgsnd", 69, 189),
    ("msgrcv", 70, 188),
    ("msgctl", 71, 187),
    ("mq_open", 240, 180),
    # what asks no filter
    ("io_uring_setup", 425, 425),
    ("io_uring_enter", 426, 426),
    ("io_uring_register", 427, 427),
    # another view of the file system
    ("mount", 165, 40),
    ("umount2", 166, 39),
    ("move_mount", 429, 429),
    ("open_tree", 428, 428),
    ("open_tree_attr", 467, 467),
    ("mount_setattr", 442, 442),
    ("fsopen", 430, 430),
    ("fsconfig", 431, 431),
    ("fsmount", 432, 432),
    ("fspick", 433, 433),
    ("pivot_root", 155, 41),
    ("chroot", 161, 51),
    ("unshare", 272, 97),
    ("setns", 308, 268),
    ("open_by_handle_at", 304, 265),
    # keys, the kernel, the machine
    ("keyctl", 250, 219),
    ("add_key", 248, 217),
    ("request_key", 249, 218),
    ("bpf", 321, 280),
    ("perf_event_open", 298, 241),
    ("userfaultfd", 323, 282),
    ("kexec_load", 246, 104),
    ("kexec_file_load", 320, 294),
    ("init_module", 175, 105),
    ("finit_module", 313, 273),
    ("delete_module", 176, 106),
    ("reboot", 169, 142),
    ("swapon", 167, 224),
    ("swapoff", 168, 225),
    ("settimeofday", 164, 170),
    ("clock_settime", 227, 112),
    ("clock_adjtime", 305, 266),
    ("adjtimex", 159, 171),
    ("sethostname", 170, 161),
    ("setdomainname", 171, 162),
    ("syslog", 103, 116),
    ("quotactl", 179, 60),
    ("quotactl_fd", 443, 443),
    ("acct", 163, 89),
    ("iopl", 172, NONE),
    ("ioperm", 173, NONE),
)

#: What changes a file by its path without opening it. It does nothing and says that it did:
#: git, npm and tar would end if it were refused. By an open file (fchmod) it works: to open
#: it, it must be in the cage.
BY_PATH: tuple[Numbers, ...] = (
    ("chmod", 90, NONE),
    ("fchmodat", 268, 53),
    ("fchmodat2", 452, 452),
    ("chown", 92, NONE),
    ("lchown", 94, NONE),
    ("fchownat", 260, 54),
    ("setxattr", 188, 5),
    ("lsetxattr", 189, 6),
    ("setxattrat", 463, 463),
    ("removexattr", 197, 14),
    ("lremovexattr", 198, 15),
    ("removexattrat", 466, 466),
    ("file_setattr", 469, 469),
    ("utime", 132, NONE),
    ("utimes", 235, NONE),
    ("futimesat", 261, NONE),
)

#: Calls that are looked into: (x86_64, aarch64).
SOCKET, UTIMENSAT, PRLIMIT = (41, 198), (280, 88), (302, 261)
CLONE, CLONE3, IOCTL = (56, 220), (435, 435), (16, 29)
SCHED_SETAFFINITY = (203, 122)
KILL, TKILL, TGKILL, PIDFD_SEND_SIGNAL = (62, 129), (200, 130), (234, 131), (424, 424)

#: Any flag of clone() that makes a namespace.
NAMESPACES = 0x7E020000
#: What types into a terminal for somebody else.
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
AF_INET, AF_INET6 = 2, 10

# The words of classic BPF that are used here, and where the call's facts lie.
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
#: The answer of a call that was not made: no error.
_DONE = 0


@dataclass(frozen=True)
class Filter:
    """`network` lets it open sockets of the Internet; others it never may. `signals` is false
    where the kernel keeps signals in by itself; `keeper` is the process that is then spared,
    with its group. `by_path` is true where files are held by what is mounted, so that a mode
    may be changed by a path."""

    network: bool
    signals: bool = False
    keeper: int = 0
    keeper_group: int = 0
    by_path: bool = False

    def program(self, machine: str) -> bytes:
        """The program for prctl(PR_SET_SECCOMP). Raises KeyError for a machine whose numbers
        we do not know."""
        arch, column = ARCHES[machine], list(ARCHES).index(machine)
        steps = [
            _step(_LOAD, _ARCH),
            _step(_EQUAL, arch, 1, 0),
            _step(_RETURN, _KILL),
            _step(_LOAD, _NUMBER),
        ]
        if machine == "x86_64":  # the same calls under other numbers
            steps += [_step(_AT_LEAST, 0x40000000, 0, 1), _refuse(errno.ENOSYS)]
        tables = [(DENIED, errno.EPERM), *([] if self.by_path else [(BY_PATH, _DONE)])]
        for rows, answer in tables:
            for _, *numbers in rows:
                steps += [_step(_EQUAL, int(numbers[column]), 0, 1), _refuse(answer)]
        for number, inner in self._looked_into(column):
            steps += [_step(_EQUAL, number, 0, len(inner)), *inner]
        return b"".join([*steps, _step(_RETURN, _ALLOW)])

    def _looked_into(self, column: int) -> Iterator[tuple[int, list[bytes]]]:
        families = (AF_INET, AF_INET6) if self.network else ()
        yield SOCKET[column], _only(0, families, errno.EACCES)
        if not self.by_path:
            yield UTIMENSAT[column], _only_without_path()
        yield PRLIMIT[column], _only(0, (0,), errno.EPERM)
        yield SCHED_SETAFFINITY[column], _only(0, (0,), errno.EPERM)
        yield CLONE[column], _unless_bits(0, NAMESPACES)
        yield CLONE3[column], [_refuse(errno.ENOSYS)]  # then clone() is asked, whose flags we see
        yield IOCTL[column], _unless(1, (TIOCSTI, TIOCLINUX))
        if self.signals:
            everybody, group = 0xFFFFFFFF, -self.keeper_group & 0xFFFFFFFF
            yield KILL[column], _unless(0, (self.keeper, everybody, group))
            yield TGKILL[column], _unless(0, (self.keeper,))
            for numbers in (TKILL, PIDFD_SEND_SIGNAL):
                yield numbers[column], [_refuse(errno.EPERM)]


def _step(code: int, value: int, when_so: int = 0, when_not: int = 0) -> bytes:
    return struct.pack("=HBBI", code, when_so, when_not, value)


def _refuse(number: int) -> bytes:
    return _step(_RETURN, 0x00050000 | number)


def _low(argument: int) -> bytes:
    """Loads the low half of an argument; both architectures are little-endian."""
    return _step(_LOAD, _ARGUMENTS + 8 * argument)


def _only(argument: int, values: Iterable[int], number: int) -> list[bytes]:
    tests = [part for value in values
             for part in (_step(_EQUAL, value, 0, 1), _step(_RETURN, _ALLOW))]  # fmt: skip
    return [_low(argument), *tests, _refuse(number)]


def _unless(argument: int, values: Iterable[int]) -> list[bytes]:
    tests = [part for value in values
             for part in (_step(_EQUAL, value, 0, 1), _refuse(errno.EPERM))]  # fmt: skip
    return [_low(argument), *tests, _step(_RETURN, _ALLOW)]


def _unless_bits(argument: int, bits: int) -> list[bytes]:
    allowed = _step(_RETURN, _ALLOW)
    return [_low(argument), _step(_ANY_BIT, bits, 0, 1), _refuse(errno.EPERM), allowed]


def _only_without_path() -> list[bytes]:
    """utimensat(fd, NULL, …) is about a file that is open."""
    high = _step(_LOAD, _ARGUMENTS + 12)
    return [
        _low(1),
        _step(_EQUAL, 0, 0, 3),
        high,
        _step(_EQUAL, 0, 0, 1),
        _step(_RETURN, _ALLOW),
        _refuse(_DONE),
    ]
