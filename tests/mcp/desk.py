"""A tool server for tests, a toolbox for it, and what it is given."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from factotum.toolbox import Toolbox
from tests.patience import PATIENCE_S

DESK = '''
import os
import signal
import subprocess
import sys
import time
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from desk_words import GREETING

ENV = ("FACTOTUM_DESK_URL", "FACTOTUM_DESK_KEY")
NEEDS: dict[str, tuple[str, ...]] = {"ring": ("FACTOTUM_DESK_URL",)}


def build(env, hit=lambda name: None):
    server = MCPServer("desk")

    @server.tool()
    def look(name: str, times: int = 1) -> dict[str, object]:
        """Look something up."""
        return {"said": GREETING + name, "env": dict(env), "times": times}

    @server.tool()
    def process() -> dict[str, object]:
        """What this process is and sees."""
        return {"pid": os.getpid(), "env": dict(os.environ), "cwd": os.getcwd()}

    @server.tool()
    def hire() -> dict[str, object]:
        """Starts another process, which would stay."""
        return {"pid": subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid}

    @server.tool()
    def fail() -> str:
        raise ToolError("the drawer is stuck; pull harder")

    @server.tool(meta={"factotum/offered": False})
    def ring(ctx: Context, how: str) -> dict[str, object]:
        """Ring the bell."""
        path = (ctx.request_context.meta or {}).get("factotum/phase_file")
        if how.startswith("phase:"):
            with open(path, "w") as out:
                out.write("".join('{"phase": "%s"}' % p + chr(10) for p in how[6:].split(",")))
            if os.environ.get("FACTOTUM_DESK_URL"):
                print("the bell is heavy, its key is", env["FACTOTUM_DESK_KEY"], file=sys.stderr)
                sys.stderr.flush()
                os.kill(os.getpid(), signal.SIGKILL)
            raise RuntimeError("the bell fell down")
        if how == "break":
            raise RuntimeError("the bell fell down")
        if how == "slow":  # it has begun, and goes on when it is told to
            open(path + ".begun", "w").close()
            for _ in range(6000):
                if os.path.exists(path + ".go"):
                    break
                time.sleep(0.01)
            open(path + ".rung", "w").close()
        if how == "odd":
            return {"outcome": "perhaps"}
        hit("desk.ring")
        return {"outcome": "succeeded", "receipt": {"how": how}}

    return server


if __name__ == "__main__":
    build(os.environ).run("stdio")
'''
#: A child takes a second to start; what only children do is tested quickly below.
WAYS = ("in-process", pytest.param("stdio", marks=pytest.mark.slow))


@contextmanager
def desk_in(folder: Path) -> Iterator[Path]:
    """A folder with the desk's server and a file that it imports."""
    folder.mkdir()
    (folder / "desk_server.py").write_text(DESK)
    (folder / "desk_words.py").write_text("GREETING = 'hello '\n")
    yield folder
    sys.modules.pop("desk_words", None)
    if str(folder) in sys.path:
        sys.path.remove(str(folder))


SHARE = {"FACTOTUM_DESK_URL": "http://desk.test", "FACTOTUM_DESK_KEY": "not-a-real-key"}
SETTINGS = {**SHARE, "FACTOTUM_MODEL_API_KEY": "not yours"}


def given(settings: dict[str, str]) -> Any:
    def env_for(names: Iterable[str]) -> dict[str, str]:
        return {name: settings[name] for name in names if name in settings}

    return env_for


async def comes(path: Path) -> None:
    """Waits till there is such a file."""
    async with asyncio.timeout(PATIENCE_S):
        while not path.exists():
            await asyncio.sleep(0.01)


def gone(pid: int) -> bool:
    """Whether the process has ended, or does within seconds: a signal takes its time."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
            if "State:\tZ" in Path(f"/proc/{pid}/status").read_text():
                return True  # nobody here reaps it
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


def run(folder: Path, work: Any, settings: dict[str, str] | None = None, **more: Any) -> Any:
    """`await work(toolbox)` on a toolbox that is closed afterwards."""

    async def whole() -> Any:
        toolbox = Toolbox(folder, given(SETTINGS if settings is None else settings), **more)
        try:
            return await work(toolbox)
        finally:
            await toolbox.close()

    return asyncio.run(whole())
