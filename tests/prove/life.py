"""Real orchestrators in processes of their own, that may be killed; the test is the person.

A child is forked from a server process that has everything imported already, so that one
start costs milliseconds and a hundred of them can be killed.
"""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from factotum.settings import load
from orchestrator import Orchestrator, open_rooms
from tests.office import TestOffice

CONTEXT = multiprocessing.get_context("forkserver")
#: What a pass would import by itself, each time anew.
SOON_NEEDED = ("anyio._backends._asyncio", "factotum.reading.kinds", "factotum.worker.by_model",
               "factotum.worker.by_playbook", "httpcore", "httpx", "imap_tools",
               "jsonschema", "mcp.client", "mcp.server.mcpserver", "rich.console", "rich.logging",
               "rich.traceback", "tests.prove.matrix")  # fmt: skip
CONTEXT.set_forkserver_preload(["tests.prove.life", *SOON_NEEDED])

#: How long one pass may take, in seconds.
PASS_S = 120.0

#: A playbook that needs no yes: it writes a note of our own.
JOT = """
when: {kind: note}
do:
  - notes__write: {folder: Drafts, title: "{subject}", text: "{text}"}
"""


class Killed(Exception):
    """The process ended at its failpoint."""


def pass_once(env: Mapping[str, str], failpoint: str = "") -> None:
    """What a child does: one pass of the orchestrator, by the real clock."""
    os.environ.pop("XDG_RUNTIME_DIR", None)
    os.environ["FACTOTUM_FAILPOINT"] = failpoint
    settings = load(dict(env), [])

    async def once() -> None:
        rooms = open_rooms(settings, settings.path("VAULT"))
        try:
            await Orchestrator(rooms, out=io.StringIO()).run(once=True)
        finally:
            rooms.close()

    asyncio.run(once())


def start(target: Any, *args: Any) -> ForkServerProcess:
    process = CONTEXT.Process(target=target, args=args, daemon=True)
    process.start()
    return process


def wait(process: ForkServerProcess, limit_s: float = PASS_S) -> int:
    """How the child ended. Raises TimeoutError when it does not."""
    process.join(limit_s)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise TimeoutError(f"a pass did not end within {limit_s:g} s")
    return process.exitcode


@dataclass
class Life(TestOffice):
    """An office whose passes are children that can be killed."""

    __test__ = False
    one_pass: Callable[[dict[str, str], str], None] = pass_once

    def env_of(self) -> dict[str, str]:
        base = {
            "FACTOTUM_VAULT": str(self.root),
            "FACTOTUM_STATE_DIR": str(self.state),
            "FACTOTUM_INSTANCE": self.instance,
            "FACTOTUM_SETTLE_S": "0",
            "FACTOTUM_STABLE_S": "0",
            "FACTOTUM_REGRET_S": "0",
            "FACTOTUM_MAIL_FROM": "Marco <marco@example.test>",
            "FACTOTUM_LOG_LEVEL": "error",
            "FACTOTUM_MODEL": "none",
        }
        return base | self.env

    def child(self, failpoint: str = "") -> bool:
        """One pass. True if it was killed at its failpoint, False if it came to its end."""
        code = wait(start(self.one_pass, self.env_of(), failpoint))
        assert code in (0, -signal.SIGKILL), f"the pass ended with {code}"
        return code != 0

    def live(self, *failpoints: str) -> int:
        """Passes until one comes to its end, each killed at the next failpoint given; one
        that is not passed is left. Returns how many were killed."""
        kills = 0
        for name in failpoints:
            if not self.child(name):
                break
            kills += 1
        assert not self.child(), "killed without a failpoint"
        return kills

    def tasks(self) -> list[Path]:
        """Every note of the vault that carries a task's id, wherever it lies."""
        found = []
        for path in sorted(self.root.rglob("*.md")):
            if ".factotum" not in path.parts and b'\nid: "t-' in path.read_bytes()[:4000]:
                found.append(path)
        return found

    def scratch(self) -> list[Path]:
        return sorted((self.root / ".factotum/tmp").iterdir())
