"""What the tools of a third-party server were when the owner accepted them.

The first list that a server shows is accepted: each of its calls asks anyway. A list that
differs in one character switches the server off until a person has looked at it. Two files
in the state directory: what is accepted, and what was shown since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from factotum import disk
from factotum.tooling.tools import Tool, ToolboxError

MOST_BYTES = 4 * 1024 * 1024

Pins = Mapping[str, str]


@dataclass(frozen=True)
class Difference:
    """How what a server shows now differs from what was accepted: names of tools."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]

    def __str__(self) -> str:
        told = (("new", self.added), ("changed", self.changed), ("gone", self.gone))
        return "; ".join(f"{word}: {', '.join(names)}" for word, names in told if names)


class Accepted:
    """`folder` is made when it is needed; None remembers nothing, so all is accepted."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def check(self, server: str, tools: Sequence[Tool]) -> None:
        """Raises ToolboxError for tools that are not those that were accepted."""
        shown = {tool.name: tool.pin for tool in tools}
        accepted = self._read("accepted.json")
        if server not in accepted:
            self._write("accepted.json", {**accepted, server: shown})
            return
        others = {name: pins for name, pins in self._read("shown.json").items() if name != server}
        if accepted[server] == shown:
            if self.waiting(server):
                self._write("shown.json", others)
            return
        self._write("shown.json", {**others, server: shown})
        raise ToolboxError(
            f"its tools have changed ({_difference(accepted[server], shown)}). Look at them, "
            f"then: factotum tools accept {server}"
        )

    def stamp(self, server: str) -> str:
        """Changes when other tools are accepted for it."""
        exact = json.dumps(self._read("accepted.json").get(server), sort_keys=True)
        return hashlib.sha256(exact.encode()).hexdigest()

    def waiting(self, server: str) -> Difference | None:
        """What waits to be accepted, or None."""
        accepted, shown = self._read("accepted.json"), self._read("shown.json")
        if server not in shown or shown[server] == accepted.get(server):
            return None
        return _difference(accepted.get(server, {}), shown[server])

    def accept(self, server: str) -> Difference | None:
        """Accepts what was shown last; what that changes, or None if nothing waits. Raises
        OSError."""
        difference = self.waiting(server)
        if difference is not None:
            shown = self._read("shown.json")
            self._write("accepted.json", {**self._read("accepted.json"), server: shown[server]})
        return difference

    def _read(self, name: str) -> dict[str, Pins]:
        """What stands there. A damaged file is no acceptance: every server is new again."""
        if self._folder is None:
            return {}
        try:
            found = json.loads(disk.read_regular(self._folder / name, MOST_BYTES))
            return {str(server): dict(pins) for server, pins in found.items()}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            return {}

    def _write(self, name: str, content: Mapping[str, Pins]) -> None:
        if self._folder is None:
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / name
        data = json.dumps(content, indent=1, sort_keys=True).encode()
        disk.replace(path, data, path.with_name(f"{name}.tmp"))


def _difference(accepted: Pins, shown: Pins) -> Difference:
    return Difference(
        tuple(sorted(shown.keys() - accepted.keys())),
        tuple(sorted(name for name in shown if accepted.get(name, shown[name]) != shown[name])),
        tuple(sorted(accepted.keys() - shown.keys())),
    )
