"""What the channel loads: the library, and not what nothing here uses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOAD = """
import sys
import factotum.channels.telegram.service
import telegram.request
print(*sorted({"httpx", "rich", "pygments", "litellm", "mcp"} & set(sys.modules)))
"""


def test_no_command_line_of_a_library_is_loaded() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.split() == ["httpx"]
