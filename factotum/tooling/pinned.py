"""The catalogue as it was last seen: what each server offered, and what it was made of then.

A server whose files, settings and library are as they were is not started to be asked again.
The file in the state directory is only a memory: stale, damaged or gone, the server is asked.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from factotum import disk
from factotum.tooling.tools import ServerFile, Tool, pin_of

#: A catalogue that is larger than this is not ours, in bytes.
MOST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Pinned:
    """What a server offered when it was made of what `mark` stands for."""

    mark: str
    tools: tuple[Tool, ...]


def mark_of(file: ServerFile, given: Iterable[str]) -> str:
    """A sha256 over all that decides what a server offers: its file and those beside it that
    it may import, which of its settings are present (never their values), the library."""
    made_of = {
        "python": sys.version,
        "mcp": _library(),
        "files": [(path.name, _digest(path)) for path in files_of(file.path)],
        "settings": sorted(given),
    }
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()


def files_of(path: Path) -> list[Path]:
    """The server's own file and every file beside it that is no other server's."""
    beside = sorted(path.parent.glob("*.py"))
    return [other for other in beside if other == path or not other.stem.endswith("_server")]


@cache
def _library() -> str:
    return version("mcp")


def _digest(path: Path) -> str:
    try:
        about = path.stat()
        return _digest_of(path, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
    except OSError:
        return ""


@cache
def _digest_of(path: Path, *seen: int) -> str:
    """Read again only when the file has changed since."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Memory:
    """What is remembered of every server, and the file that keeps it; None keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._pinned = _read(path) if path else {}

    def of(self, server: str) -> Pinned | None:
        return self._pinned.get(server)

    def names(self) -> set[str]:
        """Every tool that an agent was offered when its server was last asked."""
        return {tool.name for one in self._pinned.values() for tool in one.tools if tool.offered}

    def learn(self, server: str, pinned: Pinned) -> None:
        """Remembers it. A disk that takes nothing costs a question at the next start."""
        if self._pinned.get(server) == pinned:
            return
        self._pinned[server] = pinned
        self._keep()

    def forget(self, server: str) -> None:
        """Remembers it no more; nothing happens if it was not remembered."""
        if self._pinned.pop(server, None) is not None:
            self._keep()

    def _keep(self) -> None:
        if self.path is None:
            return
        text = json.dumps({name: _plain(one) for name, one in sorted(self._pinned.items())})
        try:
            disk.replace(
                self.path,
                text.encode(),
                self.path.with_name(f"{self.path.name}.tmp"),
                durable=False,
            )
        except OSError:
            return


def _plain(pinned: Pinned) -> dict[str, Any]:
    return {"mark": pinned.mark, "tools": [vars(tool) for tool in pinned.tools]}


def _read(path: Path) -> dict[str, Pinned]:
    try:
        found = json.loads(disk.read_regular(path, MOST_BYTES))
        return {str(name): _pinned(one) for name, one in found.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _pinned(one: Mapping[str, Any]) -> Pinned:
    """Raises ValueError for a tool that is not what its pin says."""
    tools = tuple(
        Tool(tool["name"], tool["description"], tool["schema"], tool["pin"], tool["offered"])
        for tool in one["tools"]
    )
    for tool in tools:
        if pin_of(tool.name, tool.description, tool.schema) != tool.pin:
            raise ValueError(f"{tool.name} is not what its pin says")
    return Pinned(one["mark"], tools)
