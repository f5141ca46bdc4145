"""What the tools of a third-party server were when the owner accepted them.

A model reads what a server says of its tools as it reads us, so nothing that it says is told
before a person has looked at it: neither its first list nor one that differs in a character.
Two files in the state directory: what is accepted, and what was shown since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factotum import disk
from factotum.tooling.tools import Tool, ToolboxError, pin_of

#: The largest that either file becomes, in bytes: some servers with many large tools.
MOST_BYTES = 16 * 1024 * 1024

#: How many tools are named in one breath: what to do about them must still be read.
NAMED_MOST = 3

Pins = Mapping[str, str]


@dataclass(frozen=True)
class Waiting:
    """What a server shows that is not what was accepted. `first`: nothing of it ever was.
    `shown` are all its tools; `added`, `changed` and `gone` are names of tools."""

    server: str
    first: bool
    shown: tuple[Tool, ...]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def difference(self) -> str:
        told = (("new", self.added), ("changed", self.changed), ("gone", self.gone))
        return "; ".join(f"{word}: {_some(names)}" for word, names in told if names)

    @property
    def unseen(self) -> tuple[Tool, ...]:
        """The tools of which a person has not seen what is said of them."""
        return tuple(tool for tool in self.shown if tool.name in {*self.added, *self.changed})

    @property
    def said(self) -> str:
        """Why the server is off, and what to do."""
        if self.first:
            return (
                f"it is new ({self.difference or 'it offers nothing'}). Look at its tools and "
                f"accept them: factotum tools accept {self.server}"
            )
        return (
            f"its tools have changed ({self.difference}). Look at them, then: "
            f"factotum tools accept {self.server}"
        )


class Accepted:
    """`folder` is made when it is needed; None remembers nothing, so nothing is accepted."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def check(self, server: str, tools: Sequence[Tool]) -> None:
        """Raises ToolboxError for tools that are not those that were accepted."""
        before = self._shown()
        others = {name: shown for name, shown in before.items() if name != server}
        accepted = self._accepted().get(server)
        if accepted == _pins(tools):
            if server in before:
                self._write("shown.json", _plain(others))
            return
        if before.get(server) != tuple(tools):
            self._write("shown.json", _plain({**others, server: tuple(tools)}))
        raise ToolboxError(_waiting(server, accepted, tuple(tools)).said)

    def stamp(self, server: str) -> str:
        """Changes when other tools are accepted for it."""
        exact = json.dumps(self._accepted().get(server), sort_keys=True)
        return hashlib.sha256(exact.encode()).hexdigest()

    def waiting(self, server: str) -> Waiting | None:
        """What waits to be accepted, or None."""
        accepted, shown = self._accepted().get(server), self._shown().get(server)
        if shown is None or accepted == _pins(shown):
            return None
        return _waiting(server, accepted, shown)

    def accept(self, waiting: Waiting) -> None:
        """Accepts exactly what the person was shown, whatever came since. Raises OSError."""
        pins = _pins(waiting.shown)
        self._write("accepted.json", {**self._accepted(), waiting.server: pins})

    def _accepted(self) -> dict[str, Pins]:
        """A damaged file is no acceptance: every server is new again."""
        try:
            return {str(server): dict(pins) for server, pins in self._read("accepted.json").items()}
        except (ValueError, TypeError):
            return {}

    def _shown(self) -> dict[str, tuple[Tool, ...]]:
        """Damaged, it is shown again when the server is next asked."""
        try:
            found = self._read("shown.json").items()
            return {str(server): tuple(map(_tool, tools)) for server, tools in found}
        except (ValueError, TypeError, KeyError):
            return {}

    def _read(self, name: str) -> Mapping[str, Any]:
        """What stands there; nothing where it cannot be read."""
        if self._folder is None:
            return {}
        try:
            found = json.loads(disk.read_regular(self._folder / name, MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        if self._folder is None:
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / name
        data = json.dumps(content, indent=1, sort_keys=True).encode()
        disk.replace(path, data, path.with_name(f"{name}.tmp"))


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMED_MOST
    return ", ".join(names[:NAMED_MOST]) + (f" and {more} more" if more > 0 else "")


def _pins(tools: Sequence[Tool]) -> Pins:
    return {tool.name: tool.pin for tool in tools}


def _waiting(server: str, accepted: Pins | None, shown: tuple[Tool, ...]) -> Waiting:
    old, new = accepted or {}, _pins(shown)
    return Waiting(
        server,
        accepted is None,
        shown,
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(name for name in new if old.get(name, new[name]) != new[name])),
        tuple(sorted(old.keys() - new.keys())),
    )


def _plain(shown: Mapping[str, Sequence[Tool]]) -> dict[str, list[dict[str, Any]]]:
    return {
        server: [
            {"name": tool.name, "description": tool.description, "schema": dict(tool.schema)}
            for tool in tools
        ]
        for server, tools in shown.items()
    }


def _tool(one: Mapping[str, Any]) -> Tool:
    name, description, schema = one["name"], one["description"], one["schema"]
    return Tool(name, description, schema, pin_of(name, description, schema))
