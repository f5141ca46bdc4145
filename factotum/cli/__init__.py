"""The commands: what a person, a script or PM2 says to the office.

Each command lives in a small file of its group and is loaded when it is called, so that
`factotum status` does not pay for what `factotum up` needs. Nothing here decides or acts
outward: commands write decisions and wishes into the ledger, or start the orchestrator.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

#: Exit codes. 0 is done.
FAILED = 1
USAGE = 2
FOUND_PROBLEMS = 3


def refusal(platform: str) -> str:
    """Why Factotum does not run on this platform, or an empty string."""
    if platform in {"win32", "cygwin", "msys"}:
        return (
            "factotum: Factotum does not run on Windows itself: it needs file locks and renames "
            "that Windows does not have. Install WSL 2 (wsl --install) and run it there"
        )
    return ""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Returns its exit code; what went wrong stands on stderr."""
    if reason := refusal(sys.platform):
        print(reason, file=sys.stderr)
        return FAILED
    from factotum.cli.root import run

    return run(sys.argv[1:] if argv is None else list(argv))
