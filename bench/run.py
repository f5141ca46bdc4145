"""Measures what a figure was promised for, as ratios within one run, interleaved.

Absolute times say more of the machine than of us; a ratio to something plain, measured in
turn with it, holds on a busy machine too. `make bench` prints a line for each figure and
exits 1 if one is over its limit. Never run by the tests.
"""

from __future__ import annotations

import io
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


@dataclass(frozen=True)
class Figure:
    """`ours` over `plain`, the median of pairs taken in turn, must not be above `limit`."""

    name: str
    limit: float
    ours: Callable[[], float]
    plain: Callable[[], float]
    pairs: int = 9

    def ratio(self) -> tuple[float, float, float]:
        """(the median ratio, the median of ours, the median of plain), times in seconds."""
        taken = [(self.ours(), self.plain()) for _ in range(self.pairs)]
        ratio = statistics.median(ours / plain for ours, plain in taken)
        return (
            ratio,
            statistics.median(ours for ours, _ in taken),
            statistics.median(plain for _, plain in taken),
        )


def child_cpu_s(*command: str) -> Callable[[], float]:
    """The CPU seconds of a whole child process, by the system's own account."""

    def run() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return run


def figures(folder: Path) -> list[Figure]:
    python = sys.executable
    vault = str(folder / "vault")
    state = str(folder / "state")
    command = (python, "-m", "factotum.cli", "--vault", vault)
    environ = {"FACTOTUM_STATE_DIR": state}
    subprocess.run(
        ["env", *(f"{k}={v}" for k, v in environ.items()), *command, "init", "--yes", vault],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    bare = child_cpu_s(python, "-c", "pass")
    return [
        Figure(
            "CPU of `factotum --help`, to a bare interpreter",
            10.0,
            child_cpu_s(python, "-m", "factotum.cli", "--help"),
            bare,
        ),
        Figure(
            "CPU of `factotum status`, to a bare interpreter",
            10.0,
            child_cpu_s("env", f"FACTOTUM_STATE_DIR={state}", *command, "status"),
            bare,
        ),
    ]


def main(out: io.TextIOBase | None = None) -> int:
    over = 0
    with tempfile.TemporaryDirectory() as scratch:
        for figure in figures(Path(scratch)):
            ratio, ours, plain = figure.ratio()
            word = "ok  " if ratio <= figure.limit else "OVER"
            over += ratio > figure.limit
            print(
                f"{word} {figure.name}: {ratio:.1f}x (limit {figure.limit:g}x; "
                f"{ours * 1000:.1f} ms to {plain * 1000:.1f} ms)",
                file=out,
            )
    return 1 if over else 0


if __name__ == "__main__":
    raise SystemExit(main())
