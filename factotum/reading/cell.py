"""A child process for formats whose readers can be made to loop or to eat all memory.

It gets no environment, no network work to do, a time-out and a memory limit; whatever
becomes of it, the parent gets an answer or a `Broken` with the reason in plain words.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factotum.reading.shape import FILE_S

_CHILD = Path(__file__).with_name("cell_child.py")


@dataclass(frozen=True)
class Broken:
    """Why there is no answer."""

    reason: str


def run(kind: str, data: bytes, most: int, wait_s: float = FILE_S) -> dict[str, Any] | Broken:
    """What the child of that `kind` (a name in `cells/`) says about the bytes."""
    command = [sys.executable, "-I", str(_CHILD), kind, str(most), str(wait_s)]
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, timeout=wait_s, env={}, check=False
        )
    except subprocess.TimeoutExpired:
        return Broken(f"reading it took longer than {wait_s:g} s")
    except OSError as failed:
        return Broken(f"no process could be started to read it ({failed.strerror})")
    if done.returncode < 0:
        return Broken("reading it took too much time or memory")
    if done.returncode:
        return Broken(_last_words(done.stderr))
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        return Broken("its reader gave no sensible answer")
    return answer if isinstance(answer, dict) else Broken("its reader gave no sensible answer")


def _last_words(stderr: bytes) -> str:
    """The kind of error that ended the child, without the file's own words."""
    lines = stderr.decode(errors="replace").strip().splitlines()
    kind = lines[-1].partition(":")[0].rpartition(".")[2] if lines else ""
    if kind == "MemoryError":
        return "reading it took too much memory"
    if kind == "ModuleNotFoundError":
        return "its reader is not installed (run: make run)"
    return f"it is damaged ({kind})" if kind.isidentifier() else "it is damaged"
