"""Which places of a machine a caged child reads so that programs work, and which it never may."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

#: Programs and libraries of the system.
PROGRAMS = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/lib32",
    "/nix/store",
    "/run/current-system",
)

#: What of /etc programs read to resolve names, check certificates and tell the time. Nothing
#: that holds a password or says who may do what.
ETC = (
    "alternatives",
    "ca-certificates",
    "crypto-policies",
    "gai.conf",
    "gitconfig",
    "group",
    "host.conf",
    "hosts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "nsswitch.conf",
    "os-release",
    "passwd",
    "pki",
    "protocols",
    "resolv.conf",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "timezone",
)

#: Facts about the machine. Nothing about any process.
FACTS = (
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/loadavg",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
)

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")

#: Where a person keeps what nobody else may see, by its name in the home folder.
SECRETS = (
    ".aws",
    ".azure",
    ".bash_history",
    ".cargo/credentials.toml",
    ".claude",
    ".claude.json",
    ".config",
    ".docker",
    ".git-credentials",
    ".gnupg",
    ".kube",
    ".local/share/keyrings",
    ".local/share/factotum",
    ".local/state",
    ".mozilla",
    ".netrc",
    ".npmrc",
    ".password-store",
    ".pki",
    ".pypirc",
    ".ssh",
    ".thunderbird",
    ".zsh_history",
    "Library",
    "snap",
)


def system() -> Iterator[Path]:
    """What every program may read; what is not there is left out."""
    names = (*PROGRAMS, *(f"/etc/{name}" for name in ETC), *FACTS)
    yield from (path for path in map(Path, names) if path.exists())


def interpreter() -> tuple[Path, ...]:
    """Where this Python and its libraries lie."""
    return tuple(dict.fromkeys(map(Path, (sys.prefix, sys.base_prefix, sys.exec_prefix))))


def secret_places(home: Path) -> tuple[Path, ...]:
    """The places in a home folder that no child may be given."""
    return tuple(home / name for name in SECRETS)


def overlaps(one: Path, other: Path) -> bool:
    """Whether one of the two lies in the other, as they really lie."""
    a, b = one.resolve(), other.resolve()
    return a.is_relative_to(b) or b.is_relative_to(a)
