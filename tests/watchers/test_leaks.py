"""A watcher that has looked two hundred times holds no more than after fifty."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import ROOT, terminal_of
from tests.office import TestOffice
from tests.watchers.test_once import SET_UP

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="counts in /proc"),
]

#: Each an hour after the one before; after two days what is told once a day has been told.
FIRST, MORE = 48, 152
#: Those that have a server, which may be gone.
SERVED = {"calendar", "feed", "mail", "page"}


class Child:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def look(self, times: int) -> dict[str, Any]:
        """What the process holds after so many more looks."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{times}\n")
        self._process.stdin.flush()
        held: dict[str, Any] = json.loads(self._process.stdout.readline())
        return held


@contextmanager
def child(office: TestOffice, name: str) -> Iterator[Child]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.watchers.cycles", name],
        cwd=ROOT,
        env=terminal_of(office).environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Child(process)


@pytest.mark.parametrize("name", sorted(SET_UP))
def test_two_hundred_looks_leave_nothing_open_and_nothing_lying_about(
    tmp_path: Path, name: str
) -> None:
    office = TestOffice(tmp_path)
    office.state.mkdir(mode=0o700)
    with ExitStack() as servers:
        SET_UP[name](office, servers)
        with child(office, name) as watcher:
            early = watcher.look(FIRST)
            assert early["troubles"] == 0
            assert watcher.look(MORE) == early
            servers.close()
            gone = watcher.look(FIRST)
            assert gone["troubles"] == (name in SERVED)
            assert watcher.look(MORE) == gone
