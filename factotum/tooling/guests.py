"""The tool servers of others in the toolbox: how each is started, and whether it is let in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from factotum.tooling.accepted import Accepted
from factotum.tooling.cages import PRIVATE, Cages
from factotum.tooling.servers import ThirdParty
from factotum.tooling.sessions import ByCommand
from factotum.tooling.tools import ServerFile, Tool, ToolboxError


class Guests:
    """Without `cages` none of them can be used."""

    def __init__(self, servers: Sequence[ThirdParty], cages: Cages | None) -> None:
        self._servers = {server.name: server for server in servers}
        self._cages = cages
        self._accepted = Accepted(cages.state / PRIVATE if cages else None)

    def __contains__(self, name: object) -> bool:
        return name in self._servers

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._servers)

    def file(self, name: str) -> ServerFile:
        """What stands for it where a server of ours has a file."""
        return ServerFile(name, Path(name), broken=self._servers[name].broken)

    def way(self, name: str) -> ByCommand:
        def start() -> tuple[Sequence[str], Mapping[str, str]]:
            if self._cages is None:
                raise ToolboxError("there is no place for servers of others here")
            return self._cages.third_party(self._servers[name])

        return ByCommand(start)

    def mark(self, name: str) -> str:
        """Changes with what was written about it, and when other tools are accepted for it."""
        return f"{self._servers[name].digest}{self._accepted.stamp(name)}"

    def admit(self, name: str, tools: Sequence[Tool]) -> None:
        """Raises ToolboxError for tools that are not those that were accepted."""
        self._accepted.check(name, tools)
