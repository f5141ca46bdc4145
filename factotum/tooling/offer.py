"""What the tool servers offer: remembered, so that listing it starts nothing.

Servers are found by name in one folder, given only the settings that they name, opened when
they must be asked and closed when idle. A server that is not set up costs nothing. What a
server of others offers is let in only as it was accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from factotum.model import Call
from factotum.tooling.cages import Cages
from factotum.tooling.cleaned import cleaned
from factotum.tooling.guests import Guests
from factotum.tooling.pinned import Memory, Pinned, mark_of
from factotum.tooling.servers import ThirdParty
from factotum.tooling.sessions import EnvFor, Hit, InProcess, OverStdio, Session, Way
from factotum.tooling.tools import ServerFile, Tool, ToolboxError, load_server, misfits, survey

#: How long a server may take until it has said what it offers, in seconds. The library alone
#: takes several on a Raspberry Pi that has just started.
OPEN_LIMIT_S = 60.0

#: How long a session stays open that nobody uses, in seconds.
IDLE_S = 300.0

Ways = Literal["in-process", "stdio"]

#: Servers of ours that never run within this process.
ALWAYS_APART = frozenset({"shell"})

#: What a server of ours says beforehand that it would refuse: the file beside it whose
#: `refusal` tells, and the argument that it is about.
REFUSES = {"shell__run": ("shell_refuse.py", "command")}


class Offer:
    """`catalogue` is the file that remembers what is offered; None remembers nothing. Children
    run in `cages`; without any, servers of others and the shell cannot be used."""

    def __init__(
        self,
        servers_dir: Path,
        env_for: EnvFor,
        hit: Hit = lambda name: None,
        *,
        way: Ways = "in-process",
        catalogue: Path | None = None,
        idle_s: float = IDLE_S,
        open_limit_s: float = OPEN_LIMIT_S,
        cages: Cages | None = None,
        others: Sequence[ThirdParty] = (),
    ) -> None:
        self._env_for = env_for
        self._servers_dir = servers_dir
        self._guests = Guests(others, cages)
        self._memory = Memory(catalogue)
        self._known: dict[str, Pinned] = {}
        self._asked = False
        here: Way = InProcess(env_for, hit)
        apart = OverStdio(env_for, cages.ours if cages else _uncaged)
        pace = (idle_s, open_limit_s, self._listed)
        self._sessions: dict[str, Session] = {}
        for file in map(survey, sorted(servers_dir.glob("*_server.py"))):
            how = apart if way == "stdio" or file.name in ALWAYS_APART else here
            self._sessions[file.name] = Session(file, how, *pace)
        for name in self._guests.names:
            file, how = self._guests.file(name), self._guests.way(name)
            self._sessions[name] = Session(file, how, *pace, cleaned)
        self._marks = {name: self._mark(one.file) for name, one in self._sessions.items()}

    def missing(self) -> dict[str, str]:
        """What is not on offer, each with the reason: tools by their full name, and whole
        servers that are broken by theirs."""
        reasons: dict[str, str] = {}
        for name, session in self._sessions.items():
            if session.broken:
                reasons[name] = session.broken
            reasons |= session.file.lacks(self._env_for(session.file.env))
        return reasons

    def troubles(self) -> dict[str, str]:
        """The servers of others that cannot be used, each with the reason."""
        return {
            name: session.broken
            for name, session in self._sessions.items()
            if name in self._guests and session.broken
        }

    async def catalogue(self) -> dict[str, Tool]:
        """Every tool that is on offer, by its full name `<server>__<tool>`. Only a server that
        has changed since it was last asked is started to be asked."""
        for name, session in self._sessions.items():
            await self._look_again(session)
            if not self._set_up(session.file):
                self._known.pop(name, None)
                continue
            mark = self._marks[name]
            if (known := self._known.get(name)) and known.mark == mark:
                continue
            if (remembered := self._memory.of(name)) and remembered.mark == mark:
                self._known[name] = remembered
                continue
            try:
                await session.take()
            except ToolboxError:
                self._known.pop(name, None)  # `missing` has the reason
            else:
                session.give_back()
        self._asked = True
        return self.listed()

    def listed(self) -> dict[str, Tool]:
        """What `catalogue` found last; empty before it was asked."""
        return {tool.name: tool for pinned in self._known.values() for tool in pinned.tools}

    def is_open(self, server: str) -> bool:
        """Whether there is a session with that server now."""
        return self._sessions[server].open

    def pin(self, tool: str) -> str:
        """What identifies a tool as it is now: a sha256, empty for one that is not offered."""
        found = self.listed().get(tool)
        return found.pin if found else ""

    def check(self, call: Call) -> list[str]:
        """What is wrong with a call before it runs; empty if it fits its tool's schema.

        Raises ToolboxError before the first `catalogue()`.
        """
        if not self._asked:
            raise ToolboxError("the tools are not listed yet; await catalogue() once before")
        if (tool := self.listed().get(call.tool)) is not None:
            return misfits(tool, call.args) or self._refused(call)
        absent = self.missing()
        reason = absent.get(call.tool) or absent.get(call.tool.split("__")[0])
        return [f"{call.tool} cannot be used: {reason or 'no server offers it'}"]

    def _refused(self, call: Call) -> list[str]:
        """Why a call that fits would be refused by its server, so that nobody is asked."""
        if call.tool not in REFUSES:
            return []
        file, argument = REFUSES[call.tool]
        why = load_server(self._servers_dir / file).refusal(str(call.args.get(argument, "")))
        return [f"{call.tool}: this is never run: {why}"] if why else []

    def _mark(self, file: ServerFile) -> str:
        if file.name in self._guests:
            return self._guests.mark(file.name)
        return mark_of(file, self._env_for(file.env))

    def _set_up(self, file: ServerFile) -> bool:
        """Whether any tool of it could work."""
        lacking = file.lacks(self._env_for(file.env))
        return not file.broken and not (file.needs and len(lacking) == len(file.needs))

    async def _look_again(self, session: Session) -> None:
        """Takes up a server whose file has changed, as soon as nobody uses the old one."""
        mark = self._mark(session.file)
        if mark == self._marks[session.file.name]:
            return
        await session.retire()
        if not session.open:
            name = session.file.name
            guest = self._guests.file(name) if name in self._guests else None
            session.changed(guest or survey(session.file.path))
            self._marks[session.file.name] = self._mark(session.file)

    def _listed(self, file: ServerFile, tools: tuple[Tool, ...]) -> None:
        """Raises ToolboxError for tools of others that nobody accepted."""
        if file.name in self._guests:
            try:
                self._guests.admit(file.name, tools)
            except ToolboxError:
                self._known.pop(file.name, None)
                self._memory.forget(file.name)
                raise
            self._marks[file.name] = self._mark(file)
        pinned = Pinned(self._marks[file.name], tools)
        self._known[file.name] = pinned
        self._memory.learn(file.name, pinned)


def _uncaged(server: str, command: Sequence[str]) -> Sequence[str]:
    """Where nobody says what a cage would be: for tests of our own servers. Raises ToolboxError."""
    if server in ALWAYS_APART:
        raise ToolboxError(f"{server} runs in a cage alone, and none is given here")
    return command
