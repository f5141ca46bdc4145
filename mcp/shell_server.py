"""One folder with a shell: runs a command there, when a person has said yes to exactly it.

It must run in a cage of its own, with that folder and nothing else of the person's; whoever
starts it sees to that and names the folder. It never decides whether a command may run, but
refuses the plainly destructive ones.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer

from shell_refuse import refusal
from shell_run import LIMIT_S, run

ENV = ("FACTOTUM_SHELL_FOLDER",)

#: The settings that each tool cannot do without.
NEEDS = {"run": ("FACTOTUM_SHELL_FOLDER",)}

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#: The longest command, in characters: it must be read by a person.
COMMAND_MOST = 10_000


def build(env: Mapping[str, str], *, limit_s: float = LIMIT_S) -> MCPServer:
    """The server of that one folder. Raises ValueError if there is none."""
    root = Path(env["FACTOTUM_SHELL_FOLDER"]).expanduser().resolve()
    if not root.is_dir():
        raise ValueError(f"FACTOTUM_SHELL_FOLDER: there is no folder {root}; make it")
    server = MCPServer("shell")

    @server.tool(name="run")
    def shell_run(command: str, folder: str = "") -> dict[str, Any]:
        """Run a command with /bin/sh in the shell's own folder, or in `folder` within it.
        Only that folder can be read and written, there is usually no network, and it must end
        by itself within a minute. The owner reads and approves each command, so write it
        plainly: 'git log --oneline | head -5'."""
        return done(command, folder, root, limit_s)

    return server


def done(command: str, folder: str, root: Path, limit_s: float) -> dict[str, Any]:
    """What came of one command, in the words of the toolbox."""
    if not command.strip() or len(command) > COMMAND_MOST:
        return _failed(f"a command has 1 to {COMMAND_MOST} characters")
    if why := refusal(command):
        return _failed(f"this command is never run: {why}")
    where = (root / folder).resolve()
    if not where.is_relative_to(root) or not where.is_dir():
        return _failed(f"there is no folder {folder!r} in the shell's folder")
    try:
        ran = run(command, where, _surroundings(root), limit_s)
    except OSError as broken:
        return _failed(f"it could not be started: {broken.strerror}")
    receipt: dict[str, Any] = {"seconds": ran.seconds, "text": ran.output}
    if ran.status is None:
        receipt["ended"] = f"by us, after {limit_s:g} s; what it had done by then stays"
    else:
        receipt["exit_status"] = ran.status
    return {"outcome": "succeeded", "receipt": receipt}


def _surroundings(root: Path) -> dict[str, str]:
    """The whole environment of a command: no setting of ours, no key."""
    given = {"PATH": PATH, "HOME": str(root), "TMPDIR": str(root), "LANG": "C.UTF-8"}
    return {**given, **({"TZ": os.environ["TZ"]} if "TZ" in os.environ else {})}


def _failed(reason: str) -> dict[str, Any]:
    return {"outcome": "failed_clean", "reason": reason, "again": False}


if __name__ == "__main__":
    build({**os.environ, "FACTOTUM_SHELL_FOLDER": sys.argv[1]}).run("stdio")
