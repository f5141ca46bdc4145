"""Sessions with tool servers: listing what they offer, and calling it.

Servers are found by name in one folder, loaded in this process when first used, given only
the settings that they name, and kept open. A server that is not set up costs nothing.

This module never judges a call, never repeats one and never touches the vault.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from factotum.model import Call, FailedClean, Lost, Outcome, Succeeded
from factotum.phase import read_phase
from factotum.tools import (
    META_PREFIX,
    ServerFile,
    Tool,
    ToolboxError,
    described,
    load_server,
    misfits,
    survey,
)

if TYPE_CHECKING:
    from mcp.client import Client

__all__ = ["Read", "Tool", "Toolbox", "ToolboxError", "outcome_of"]

#: How long one call may take, in seconds. A mail server may take ten minutes to answer the
#: end of a letter (RFC 5321, 4.5.3.2.6), and giving up sooner makes a doubt out of a yes.
EFFECT_LIMIT_S = 900.0
READ_LIMIT_S = 120.0

#: How long `close` waits for calls that are still under way, in seconds.
CLOSE_GRACE_S = 5.0

EnvFor = Callable[[Iterable[str]], dict[str, str]]
Hit = Callable[[str], None]


@dataclass(frozen=True)
class Read:
    """What a reading tool answered: `data` as it was structured, `text` as it was written."""

    data: Mapping[str, Any]
    text: str


@dataclass
class _Session:
    """One server's file and, once it is in use, the client that is open to it."""

    file: ServerFile
    broken: str = ""
    client: Client | None = None
    keeper: asyncio.Task[None] | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Toolbox:
    """Every tool server in one folder. Use it within one event loop, and `close` it there."""

    def __init__(
        self,
        servers_dir: Path,
        env_for: EnvFor,
        hit: Hit = lambda name: None,
        *,
        effect_limit_s: float = EFFECT_LIMIT_S,
        read_limit_s: float = READ_LIMIT_S,
    ) -> None:
        self._env_for = env_for
        self._hit = hit
        self._effect_limit_s = effect_limit_s
        self._read_limit_s = read_limit_s
        self._running: set[asyncio.Task[Any]] = set()
        self._tools: dict[str, Tool] | None = None
        files = [survey(path) for path in sorted(servers_dir.glob("*_server.py"))]
        self._sessions = {file.name: _Session(file, file.broken) for file in files}

    def missing(self) -> dict[str, str]:
        """What is not on offer, each with the reason: tools by their full name, and whole
        servers that are broken by theirs."""
        reasons: dict[str, str] = {}
        for name, session in self._sessions.items():
            if session.broken:
                reasons[name] = session.broken
            reasons |= session.file.lacks(self._env_for(session.file.env))
        return reasons

    async def catalogue(self) -> dict[str, Tool]:
        """Every tool that is on offer, by its full name `<server>__<tool>`."""
        if self._tools is None:
            tools: dict[str, Tool] = {}
            absent = self.missing()
            for name, session in self._sessions.items():
                needs = session.file.needs
                if session.broken or (needs and all(f"{name}__{t}" in absent for t in needs)):
                    continue
                try:
                    client = await self._open(session)
                except ToolboxError:
                    continue  # `missing` has the reason
                listed = await client.list_tools()
                tools |= {tool.name: tool for tool in (described(name, x) for x in listed.tools)}
            self._tools = tools
        return dict(self._tools)

    def pin(self, tool: str) -> str:
        """What identifies a tool as it is now: a sha256, empty for one that is not offered."""
        found = (self._tools or {}).get(tool)
        return found.pin if found else ""

    def check(self, call: Call) -> list[str]:
        """What is wrong with a call before it runs; empty if it fits its tool's schema.

        Raises ToolboxError before the first `catalogue()`.
        """
        if self._tools is None:
            raise ToolboxError("the tools are not listed yet; await catalogue() once before")
        if (tool := self._tools.get(call.tool)) is not None:
            return misfits(tool, call.args)
        absent = self.missing()
        reason = absent.get(call.tool) or absent.get(call.tool.split("__")[0])
        return [f"{call.tool} cannot be used: {reason or 'no server offers it'}"]

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
            session.stop.set()
            if session.keeper is not None:
                await asyncio.wait([session.keeper])
            session.client = session.keeper = None
        self._tools = None

    async def _read(self, tool: str, args: Mapping[str, Any]) -> Read:
        client = await self._ready(tool, args)
        try:
            answer = await self._answer(client, tool, args, None, self._read_limit_s)
        except TimeoutError:
            raise ToolboxError(
                f"{tool} gave no answer within {self._read_limit_s:g} s; try again later"
            ) from None
        except Exception as broken:  # whatever a server may raise: the agent hears of it
            raise ToolboxError(f"{tool} broke: {type(broken).__name__}: {broken}") from broken
        if answer.is_error:
            raise ToolboxError(f"{tool}: {_words(answer).split(': ', 1)[-1]}")
        return Read(answer.structured_content or {}, _words(answer))

    async def _perform(
        self, tool: str, args: Mapping[str, Any], meta: Mapping[str, Any]
    ) -> Outcome:
        try:
            client = await self._ready(tool, args)
        except ToolboxError as unusable:
            return FailedClean(str(unusable))
        try:
            answer = await self._answer(client, tool, args, meta, self._effect_limit_s)
        except TimeoutError:
            return _after_the_limit(f"{tool} gave no answer in {self._effect_limit_s:g} s", meta)
        except Exception as broken:  # noqa: BLE001  (the request was on its way)
            return _after_a_break(f"{tool} broke ({type(broken).__name__}: {broken})", meta)
        if answer.is_error:
            return _after_a_break(f"{tool} broke ({_words(answer)})", meta)
        return outcome_of(answer.structured_content, tool)

    async def _ready(self, tool: str, args: Mapping[str, Any]) -> Client:
        """The session that has the tool. Raises ToolboxError if the call cannot be made."""
        await self.catalogue()
        if problems := self.check(Call(tool, args)):
            raise ToolboxError("; ".join(problems))
        return await self._open(self._sessions[tool.split("__", 1)[0]])

    async def _answer(
        self,
        client: Client,
        tool: str,
        args: Mapping[str, Any],
        meta: Mapping[str, Any] | None,
        limit_s: float,
    ) -> Any:
        sent: Any = {META_PREFIX + key: value for key, value in (meta or {}).items()} or None
        name = tool.split("__", 1)[1]
        work = asyncio.create_task(client.call_tool(name, dict(args), meta=sent))
        self._running.add(work)
        work.add_done_callback(self._running.discard)
        done, _ = await asyncio.wait({work}, timeout=limit_s)  # unlike wait_for: never cancels
        if not done:
            raise TimeoutError
        return work.result()

    async def _open(self, session: _Session) -> Client:
        async with session.lock:
            if session.client is not None:
                return session.client
            try:
                built = await asyncio.to_thread(self._build, session.file)
                ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
                session.stop.clear()
                session.keeper = asyncio.create_task(_keep_open(built, ready, session.stop))
                session.client = await ready
            except Exception as broken:  # a server's file may raise anything at all
                session.broken = f"{session.file.path.name} cannot be used: {broken}"
                raise ToolboxError(session.broken) from broken
            return session.client

    def _build(self, file: ServerFile) -> Any:
        build = load_server(file.path).build
        env = self._env_for(file.env)
        if "hit" in inspect.signature(build).parameters:
            return build(env, hit=self._hit)
        return build(env)


async def _keep_open(built: Any, ready: asyncio.Future[Client], stop: asyncio.Event) -> None:
    """One session from beginning to end in one task: its cancel scopes demand that."""
    from mcp.client import Client

    try:
        async with Client(built) as client:
            ready.set_result(client)
            await stop.wait()
    except Exception as broken:
        if ready.done():
            raise
        ready.set_exception(broken)


def outcome_of(answer: Any, tool: str) -> Outcome:
    """The outcome that a server reported in its structured answer."""
    match answer:
        case {"outcome": "succeeded", "receipt": dict(receipt)}:
            return Succeeded(receipt)
        case {"outcome": "failed_clean", "reason": str(reason), "again": bool(again)}:
            return FailedClean(reason, again)
        case {"outcome": "lost", "last_known": str(last_known)}:
            return Lost(last_known)
        case _:
            return Lost(f"{tool} answered, but not with an outcome that is known")


def _after_a_break(what: str, meta: Mapping[str, Any]) -> Outcome:
    """What is known after a server broke: its phase file's word, or that nobody can tell."""
    phase = read_phase(Path(meta["phase_file"])) if meta.get("phase_file") else None
    if phase is None or not phase.kept:
        return Lost(what)
    match phase.outcome:
        case FailedClean(reason, again):
            return FailedClean(f"{what}; {reason}", again)
        case Lost(last_known):
            return Lost(f"{what}; {last_known}")
        case certain:
            return certain


def _after_the_limit(what: str, meta: Mapping[str, Any]) -> Outcome:
    """What is known of a call that is still running: only a yes is sure to stay true."""
    path = meta.get("phase_file")
    outcome = read_phase(Path(path)).outcome if path else None
    return outcome if isinstance(outcome, Succeeded) else Lost(what)


def _words(answer: Any) -> str:
    return "\n".join(part.text for part in answer.content if part.type == "text")
