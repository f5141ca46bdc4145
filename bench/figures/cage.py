"""What a cage costs: from the order to start a child until its program has ended."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.figure import Figure, Measured, ratio
from factotum.sandbox import Cage, caged, interpreter


def ended_ms(command: Sequence[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env={}, check=True)
    return 1000 * (time.perf_counter() - begun)


def start(folder: Path) -> Iterator[Measured]:
    """Ours: /bin/true in a cage. Plain: a Python that does nothing, and then /bin/true."""
    cage = Cage(read=interpreter(), write=(folder,), cwd=folder)
    bare = (sys.executable, "-I", "-S", "-c", "pass")
    yield ratio(
        "a child in its cage / a bare Python and the child",
        4.0,
        "ms",
        lambda: ended_ms(caged(cage, ["/bin/true"])),
        lambda: ended_ms(bare) + ended_ms(["/bin/true"]),
    )


FIGURES = (Figure("cage", start),)
