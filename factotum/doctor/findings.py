"""What the doctor looks at and what it finds: a few frozen words, no checks."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from factotum.settings import Settings

GIB = 1024**3


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
    uid: int = 1000

    @classmethod
    def this(cls) -> Machine:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return cls(
            memory_bytes=memory,
            cores=os.cpu_count() or 1,
            path=os.environ.get("PATH"),
            uid=os.getuid(),
        )


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


#: What one check finds: how bad, and in words.
Found = Iterable[tuple[Level, str]]
