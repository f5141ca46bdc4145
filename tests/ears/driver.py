"""`python -m tests.ears.driver watchers …`: the commands, with the watchers of the tests too."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import watchers
from factotum.cli import main

LISTENED = str(Path(__file__).parent / "listened")


@contextmanager
def more_watchers(folder: str = LISTENED) -> Iterator[None]:
    """Has the watchers in this folder be found as those of the product are."""
    watchers.__path__.append(folder)
    try:
        yield
    finally:
        watchers.__path__.remove(folder)
        for name in [name for name in sys.modules if name.startswith("watchers.")]:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(folder):
                del sys.modules[name]


def say(outside: Path, *things: Mapping[str, object]) -> None:
    """More lines for the watcher `lines` to hear."""
    outside.mkdir(exist_ok=True)
    with open(outside / "lines.jsonl", "a", encoding="utf-8") as out:
        out.writelines(json.dumps(thing) + "\n" for thing in things)


if __name__ == "__main__":
    with more_watchers():
        raise SystemExit(main(sys.argv[1:]))
