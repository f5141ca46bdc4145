"""The children that stand beside the office while it is measured: the model, the plain loops."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bench import ROOT


@contextmanager
def child(*command: str) -> Iterator[tuple[subprocess.Popen[str], IO[str], IO[str]]]:
    """A Python program of ours as a child, with its input and its output."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process, process.stdin, process.stdout
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@contextmanager
def model() -> Iterator[int]:
    """The port of a model that answers at once."""
    with child("bench/model_server.py") as (_, _, said):
        yield int(said.readline())


@dataclass(frozen=True)
class Loop:
    """A plain loop that does as many tasks as it is told."""

    tell: IO[str]
    said: IO[str]

    def do(self, count: int) -> tuple[float, float]:
        """(CPU, time) of so many tasks, in milliseconds each."""
        self.tell.write(f"{count}\n")
        self.tell.flush()
        cpu_s, wall_s = map(float, self.said.readline().split())
        return 1000 * cpu_s / count, 1000 * wall_s / count


@contextmanager
def plain(what: str, folder: Path, *more: str) -> Iterator[Loop]:
    with child("bench/plain.py", what, str(folder), *more) as (_, tell, said):
        yield Loop(tell, said)
