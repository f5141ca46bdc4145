"""docs/telegram.md names the commands as they are."""

from __future__ import annotations

import re
from pathlib import Path

from factotum.channels import commands

PAGE = Path(__file__).parents[2] / "docs/telegram.md"


def test_the_page_lists_every_command_in_its_own_words() -> None:
    rows = re.findall(r"(?m)^\| `/(\w+)` \| (.+) \|$", PAGE.read_text())
    assert rows == commands.table()
