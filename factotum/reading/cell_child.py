"""Runs in a child process of its own: turns hostile bytes into facts, and may die doing it.

Bytes come by standard input, JSON goes to standard output. It is started by its path and
imports nothing of ours; the parent sets the time-out, the limits are set here. What reads
a format is one file in `cells/`.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

MEMORY_MOST_BYTES = 1024 * 1024 * 1024


def confine(cpu_s: int) -> None:
    """No more memory or time than this, and no file may grow. Not every system obeys."""
    import resource

    for what, most in (
        (resource.RLIMIT_AS, MEMORY_MOST_BYTES),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            continue


def reader_of(kind: str) -> Callable[[bytes, int, float], dict[str, Any]]:
    """What reads files of that kind: `read` of `cells/<kind>_cell.py`."""
    path = Path(__file__).parent / "cells" / f"{kind}_cell.py"
    spec = importlib.util.spec_from_file_location(f"_{kind}_cell", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    read: Callable[[bytes, int, float], dict[str, Any]] = module.read
    return read


def main(kind: str, most: str, wait_s: str) -> None:
    until_s = time.monotonic() + 0.7 * float(wait_s)
    confine(max(1, round(float(wait_s))))
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    answer = reader_of(kind)(sys.stdin.buffer.read(), int(most), until_s)
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
