"""What a proof counted, for whoever prints it: `$PROOF_OUT/<name>.json`.

Tests of one proof run in several processes, so that numbers are added up under a lock: counts
are summed, what begins with `worst_` keeps its largest, names are collected and counted.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path

VARIABLE = "PROOF_OUT"

#: Whether a proof is to look at everything, or at a sample that is the same every time.
WHOLE = bool(os.environ.get(VARIABLE))
#: Whether even what takes longest is done: each second kill after each first one.
EVERY = WHOLE and bool(os.environ.get("PROOF_EVERY"))
#: Which sample, for those who want another one.
SEED = int(os.environ.get("PROOF_SEED", "4"))


def add(proof: str, /, **seen: int | float | Iterable[str]) -> None:
    """Adds what a test saw to the figures of a proof; nothing where nobody asked for them."""
    if not WHOLE:
        return
    folder = Path(os.environ[VARIABLE])
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{proof}.json", "a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        figures = json.loads(file.read() or json.dumps({"name": proof, "of": {}}))
        for key, value in seen.items():
            if isinstance(value, int | float):
                before = figures.get(key, 0)
                worst = key.startswith("worst_")
                figures[key] = max(before, value) if worst else before + value
            else:
                names = sorted({*figures["of"].get(key, ()), *value})
                figures["of"][key] = names
                figures[key] = len(names)
        file.truncate(0)
        file.write(json.dumps(figures, indent=1, sort_keys=True))
