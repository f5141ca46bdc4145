"""Measures what docs/performance.md promises: ours, plain, their ratio, the limit.

    bench/run.py            all figures; exits 1 if one is over its limit
    bench/run.py turn many  only those that are named
    bench/run.py --names    the names

Needs Linux, and a few minutes of a machine that is not busy with something else.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.figure import Figure
from bench.figures import (
    arrival,
    audit,
    cage,
    commands,
    ears,
    gate,
    grown,
    mail_in,
    messenger,
    noop,
    rest,
    schedules,
    tapped,
    turn,
    waiting,
)

FIGURES: tuple[Figure, ...] = (
    *commands.FIGURES,
    *grown.FIGURES,
    *arrival.FIGURES,
    *noop.FIGURES,
    *turn.FIGURES,
    *rest.FIGURES,
    *waiting.FIGURES,
    *gate.FIGURES,
    *cage.FIGURES,
    *ears.FIGURES,
    *mail_in.FIGURES,
    *audit.FIGURES,
    *schedules.FIGURES,
    *tapped.FIGURES,
    *messenger.FIGURES,
)


def chosen(names: Sequence[str]) -> list[Figure]:
    """The figures of these names, or all. Raises SystemExit for a name that is none."""
    known = {figure.name: figure for figure in FIGURES}
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"no figure is called {unknown[0]!r}; there are: {' '.join(known)}")
    return [known[name] for name in names] or list(FIGURES)


def main(argv: Sequence[str]) -> int:
    if list(argv) == ["--names"]:
        print(*(figure.name for figure in FIGURES))
        return 0
    begun, over = time.monotonic(), 0
    for figure in chosen(argv):
        print(f"… {figure.name}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            for measured in figure.measure(Path(folder)):
                print(measured.line(), flush=True)
                over += measured.over
    print(f"{over} over the limit; {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
