"""The tool servers: what they offer, and calling it.

Servers are found by name in one folder, given only the settings that they name, opened when
first used (in this process, or each as a child over stdio) and closed when idle. What they
offer is remembered, so that listing it starts nothing. A server that is not set up costs
nothing.

This module never judges a call, never repeats one and never touches the vault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, overload

from factotum.model import Call, FailedClean, Outcome
from factotum.tooling.cages import Cages
from factotum.tooling.cleaned import cleaned
from factotum.tooling.guests import Guests
from factotum.tooling.outcomes import after_a_break, after_the_limit, answered, outcome_of
from factotum.tooling.pinned import Memory, Pinned, mark_of
from factotum.tooling.servers import ThirdParty
from factotum.tooling.sessions import EnvFor, Hit, InProcess, OverStdio, Session, Way
from factotum.tooling.tools import (
    META_PREFIX,
    ServerFile,
    Tool,
    ToolboxError,
    load_server,
    misfits,
    survey,
)

__all__ = ["Read", "Tool", "Toolbox", "ToolboxError", "outcome_of"]

#: How long one call may take, in seconds. A mail server may take ten minutes to answer the
#: end of a letter (RFC 5321, 4.5.3.2.6), and giving up sooner makes a doubt out of a yes.
EFFECT_LIMIT_S = 900.0
READ_LIMIT_S = 120.0

#: How long `close` waits for calls that are still under way, in seconds.
CLOSE_GRACE_S = 5.0

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


@dataclass(frozen=True)
class Read:
    """What a reading tool answered: `data` as it was structured, `text` as it was written."""

    data: Mapping[str, Any]
    text: str


class Toolbox:
    """Every tool server in one folder, and those of others. Use it within one event loop, and
    `close` it there.

    `catalogue` is the file that remembers what is offered; None remembers nothing. Children run
    in `cages`; without any, servers of others and the shell cannot be used.
    """

    def __init__(
        self,
        servers_dir: Path,
        env_for: EnvFor,
        hit: Hit = lambda name: None,
        *,
        way: Ways = "in-process",
        catalogue: Path | None = None,
        idle_s: float = IDLE_S,
        effect_limit_s: float = EFFECT_LIMIT_S,
        read_limit_s: float = READ_LIMIT_S,
        open_limit_s: float = OPEN_LIMIT_S,
        cages: Cages | None = None,
        others: Sequence[ThirdParty] = (),
    ) -> None:
        self._env_for = env_for
        self._servers_dir = servers_dir
        self._guests = Guests(others, cages)
        self._effect_limit_s = effect_limit_s
        self._read_limit_s = read_limit_s
        self._running: set[asyncio.Task[Any]] = set()
        self._memory = Memory(catalogue)
        self._known: dict[str, Pinned] = {}
        self._asked = False
        here: Way = InProcess(env_for, hit)
        apart = OverStdio(env_for, cages.ours if cages else _uncaged)
        files = [survey(path) for path in sorted(servers_dir.glob("*_server.py"))]
        self._sessions = {
            file.name: Session(
                file,
                apart if way == "stdio" or file.name in ALWAYS_APART else here,
                idle_s,
                open_limit_s,
                self._listed,
            )
            for file in files
        }
        for name in self._guests.names:
            self._sessions[name] = Session(
                self._guests.file(name),
                self._guests.way(name),
                idle_s,
                open_limit_s,
                self._listed,
                cleaned,
            )
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

    @overload
    async def call(self, tool: str, args: Mapping[str, Any], meta: None = None) -> Read: ...

    @overload
    async def call(
        self, tool: str, args: Mapping[str, Any], meta: Mapping[str, Any]
    ) -> Outcome: ...

    async def call(
        self, tool: str, args: Mapping[str, Any], meta: Mapping[str, Any] | None = None
    ) -> Read | Outcome:
        """Calls a tool: to read without `meta`, to act with it (the run data of one attempt).

        An effect always ends in an Outcome and raises nothing; a reading tool that fails
        raises ToolboxError. A call that outlasts its limit is left to end by itself, never
        cut off in the middle.
        """
        if meta is None:
            return await self._read(tool, args)
        return await self._perform(tool, args, meta)

    async def close(self) -> None:
        """Ends every session, after a short wait for calls that are under way."""
        if self._running:
            await asyncio.wait(self._running, timeout=CLOSE_GRACE_S)
        for task in self._running:
            task.cancel()
        for session in self._sessions.values():
            await session.close()
        self._known.clear()
        self._asked = False

    async def _read(self, tool: str, args: Mapping[str, Any]) -> Read:
        session, shown = await self._ready(tool, args)
        try:
            answer = await self._answer(session, shown, tool, args, None, self._read_limit_s)
        except TimeoutError:
            raise ToolboxError(
                f"{tool} gave no answer within {self._read_limit_s:g} s; try again later"
            ) from None
        except ToolboxError:
            raise
        except Exception as broken:  # whatever a server may raise: the agent hears of it
            raise ToolboxError(f"{tool} broke: {_why(broken, session)}") from broken
        if answer.is_error:
            raise ToolboxError(f"{tool}: {_words(answer).split(': ', 1)[-1]}")
        return Read(answer.structured_content or {}, _words(answer))

    async def _perform(
        self, tool: str, args: Mapping[str, Any], meta: Mapping[str, Any]
    ) -> Outcome:
        try:
            session, shown = await self._ready(tool, args)
        except ToolboxError as unusable:
            return FailedClean(str(unusable))
        try:
            answer = await self._answer(session, shown, tool, args, meta, self._effect_limit_s)
        except TimeoutError:
            return after_the_limit(f"{tool} gave no answer in {self._effect_limit_s:g} s", meta)
        except ToolboxError as unusable:
            return FailedClean(str(unusable), isinstance(unusable, _Another))
        except Exception as broken:  # noqa: BLE001  (the request was on its way)
            return after_a_break(f"{tool} broke ({_why(broken, session)})", meta)
        if session.file.name in self._guests:
            return answered(answer.is_error, _words(answer))
        if answer.is_error:
            return after_a_break(f"{tool} broke ({_words(answer)})", meta)
        return outcome_of(answer.structured_content, tool)

    async def _ready(self, tool: str, args: Mapping[str, Any]) -> tuple[Session, str]:
        """The session that has the tool, and the pin that whoever calls it has seen.

        Raises ToolboxError if the call cannot be made.
        """
        if not self._asked:
            await self.catalogue()
        shown = self.pin(tool)
        await self.catalogue()
        if problems := self.check(Call(tool, args)):
            raise ToolboxError("; ".join(problems))
        return self._sessions[tool.split("__", 1)[0]], shown

    async def _answer(
        self,
        session: Session,
        shown: str,
        tool: str,
        args: Mapping[str, Any],
        meta: Mapping[str, Any] | None,
        limit_s: float,
    ) -> Any:
        """The server's own answer. Raises ToolboxError while nothing was asked, TimeoutError,
        or whatever a broken server makes of it."""
        client = await session.take()
        if self.pin(tool) != shown:
            session.give_back()
            raise _Another(f"{tool} is no longer what it was when this was written; look again")
        ours = meta if session.file.name not in self._guests else None
        sent: Any = {META_PREFIX + key: value for key, value in (ours or {}).items()} or None
        name = tool.split("__", 1)[1]
        work = asyncio.create_task(client.call_tool(name, dict(args), meta=sent))
        self._running.add(work)
        work.add_done_callback(self._running.discard)
        work.add_done_callback(lambda _: session.give_back())
        done, _ = await asyncio.wait({work}, timeout=limit_s)  # unlike wait_for: never cancels
        if not done:
            raise TimeoutError
        return work.result()


def _uncaged(server: str, command: Sequence[str]) -> Sequence[str]:
    """Where nobody says what a cage would be: for tests of our own servers. Raises ToolboxError."""
    if server in ALWAYS_APART:
        raise ToolboxError(f"{server} runs in a cage alone, and none is given here")
    return command


class _Another(ToolboxError):
    """The tool has changed since the call was checked; nothing was asked."""


def _why(broken: Exception, session: Session) -> str:
    words = session.last_words()
    return f"{type(broken).__name__}: {broken}" + (f"; it last said: {words}" if words else "")


def _words(answer: Any) -> str:
    return "\n".join(part.text for part in answer.content if part.type == "text")
