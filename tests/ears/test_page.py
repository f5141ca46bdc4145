"""The watcher that docs/watchers.md shows is found and does what the page says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from factotum.ears import found, listening
from tests.cli.terminal import ROOT
from tests.ears.driver import more_watchers
from tests.ears.rooms import room
from tests.office import TestOffice

PAGE = (ROOT / "docs/watchers.md").read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the file that the page has one write, for a disk that is nearly full."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    about = shutil.disk_usage(tmp_path)
    tenths = 10 * about.used // about.total
    assert "if tenths >= 8" in code
    made = tmp_path / "more"
    made.mkdir()
    (made / "disk_watcher.py").write_text(code.replace("tenths >= 8", f"tenths >= {tenths}"))
    return made


def test_the_watcher_of_the_page_makes_one_task(folder: Path, tmp_path: Path) -> None:
    office = TestOffice(tmp_path)
    with more_watchers(str(folder)), room(office) as at:
        tried, _ = listening.tried(at, ["disk"])
        full = bool(tried[0].drops)  # an empty disk has no tenth to tell of
        assert office.files("Needs_Action") == []
        for _ in range(2):
            assert listening.once(at, ["disk"]) == (["disk"], {})
        assert len(office.files("Needs_Action")) == full
        if full:
            assert "% full" in office.one("Needs_Action").read_text()


def test_every_watcher_stands_in_the_page() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert sorted(rows) == found.names()
