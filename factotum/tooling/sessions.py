"""One session with one tool server: opened when it is used, closed when nobody used it long.

A session lists what its server offers each time it opens, so that nothing is ever called as
something that it no longer is. It never repeats a call.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from factotum.tooling.toolchild import Child, of_file
from factotum.tooling.tools import ServerFile, Tool, ToolboxError, described, load_server

if TYPE_CHECKING:
    from mcp.client import Client

#: How long a server that could not be opened is left alone, in seconds, unless it changes.
AGAIN_S = 60.0

#: More tools than this of one server would crowd out all that a model is told besides.
TOOLS_MOST = 128

EnvFor = Callable[[Iterable[str]], dict[str, str]]
Hit = Callable[[str], None]


@dataclass(frozen=True)
class Served:
    """What a client connects to. `ended` is set when it will never answer again, and
    `last_words` tells why, as far as it said."""

    to: Any
    ended: asyncio.Event
    last_words: Callable[[], str] = lambda: ""


class Way(Protocol):
    """How a server's file becomes something that a client can connect to."""

    async def serve(self, file: ServerFile) -> Served: ...


@dataclass(frozen=True)
class InProcess:
    """The server is an object of this process: fast, and for our own files only."""

    env_for: EnvFor
    hit: Hit

    async def serve(self, file: ServerFile) -> Served:
        return Served(await asyncio.to_thread(self._build, file), asyncio.Event())

    def _build(self, file: ServerFile) -> Any:
        build = load_server(file.path).build
        env = self.env_for(file.env)
        if "hit" in inspect.signature(build).parameters:
            return build(env, hit=self.hit)
        return build(env)


@dataclass(frozen=True)
class OverStdio:
    """The server is a child process, and its settings are its whole environment. `cage` makes
    of its name and command the command that runs it in its cage."""

    env_for: EnvFor
    cage: Callable[[str, Sequence[str]], Sequence[str]] = lambda name, command: command

    async def serve(self, file: ServerFile) -> Served:
        command = self.cage(file.name, of_file(file.path))
        return _of_child(Child(command, self.env_for(file.env)))


@dataclass(frozen=True)
class ByCommand:
    """A server that is not ours: `start` gives its command and its whole environment."""

    start: Callable[[], tuple[Sequence[str], Mapping[str, str]]]

    async def serve(self, file: ServerFile) -> Served:
        return _of_child(Child(*self.start()))


def _of_child(child: Child) -> Served:
    return Served(child.streams(), child.ended, lambda: child.last_words)


class Session:
    """A server's file and, while it is used, the client that is open to it."""

    def __init__(
        self,
        file: ServerFile,
        way: Way,
        idle_s: float,
        open_limit_s: float,
        listed: Callable[[ServerFile, tuple[Tool, ...]], None],
        describe: Callable[[str, Any], Tool | None] = described,
    ) -> None:
        """`listed` is told what the server offers, and may refuse it with a ToolboxError."""
        self.file = file
        self.broken = file.broken
        self._way = way
        self._idle_s = idle_s
        self._open_limit_s = open_limit_s
        self._listed = listed
        self._described = describe
        self._client: Client | None = None
        self._served: Served | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._lock = asyncio.Lock()
        self._in_use = 0
        self._rest: asyncio.TimerHandle | None = None
        self._again_at = 0.0
        self._retiring: asyncio.Task[None] | None = None
        self._stale = False  # whether it said that it offers something else now

    @property
    def open(self) -> bool:
        return self._client is not None and not self._ended()

    def changed(self, file: ServerFile) -> None:
        """The server's file is another one now; the next use opens it anew."""
        self.file = file
        self.broken = file.broken
        self._again_at = 0.0

    async def take(self) -> Client:
        """The open client, opened if it must be. `give_back` it once for each `take`.

        Raises ToolboxError.
        """
        async with self._lock:
            if self._client is None or self._ended():
                await self._close()
                await self._open()
            elif self._stale:
                await self._list_again()
            self._in_use += 1
            if self._rest is not None:
                self._rest.cancel()
                self._rest = None
            assert self._client is not None
            return self._client

    def give_back(self) -> None:
        """Ends one use; the session closes when there was none for a while."""
        self._in_use -= 1
        if self._in_use == 0 and self._client is not None:
            loop = asyncio.get_running_loop()
            self._rest = loop.call_later(self._idle_s, self._close_soon)

    async def close(self) -> None:
        """Closes it, whoever uses it."""
        async with self._lock:
            await self._close()

    async def retire(self) -> None:
        """Closes it if nobody uses it."""
        async with self._lock:
            if self._in_use == 0:
                await self._close()

    def last_words(self) -> str:
        """What a child wrote to stderr before it ended; empty for one that lives."""
        return self._served.last_words() if self._served and self._ended() else ""

    def _close_soon(self) -> None:
        self._retiring = asyncio.create_task(self.retire())  # held, else it might be dropped

    def _ended(self) -> bool:
        """Whether there was a session that can no longer answer."""
        ended = self._served is not None and self._served.ended.is_set()
        return ended or (self._keeper is not None and self._keeper.done())

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        if self.broken and loop.time() < self._again_at:
            raise ToolboxError(self.broken)
        try:
            async with asyncio.timeout(self._open_limit_s):
                client, tools = await self._connect()
                self._listed(self.file, tools)
        except asyncio.CancelledError:
            await self._close()
            raise
        except Exception as broken:  # a server's file may raise anything at all
            words = self.last_words() or str(broken) or f"no answer within {self._open_limit_s:g} s"
            await self._close()
            raise self._give_up(words) from broken
        self.broken = ""
        self._client = client

    def _give_up(self, why: str) -> ToolboxError:
        self.broken = f"{self.file.path.name} cannot be used: {why}"
        self._again_at = asyncio.get_running_loop().time() + AGAIN_S
        return ToolboxError(self.broken)

    async def _list_again(self) -> None:
        """What it offers now, after it said that this has changed. Raises ToolboxError."""
        assert self._client is not None
        self._stale = False
        try:
            async with asyncio.timeout(self._open_limit_s):
                self._listed(self.file, await self._tools(self._client))
        except Exception as broken:  # a server may answer anything at all
            if self._in_use == 0:
                await self._close()
            else:
                self._stale = True  # a call is under way; whoever comes next asks again
            raise self._give_up(str(broken) or type(broken).__name__) from broken

    async def _tools(self, client: Client) -> tuple[Tool, ...]:
        found = await client.list_tools()
        tools = (self._described(self.file.name, tool) for tool in found.tools[:TOOLS_MOST])
        return tuple(tool for tool in tools if tool is not None)

    async def _heard(self, message: Any) -> None:
        """A message of the server's own accord: only this one means anything to us."""
        if getattr(message, "method", "") == "notifications/tools/list_changed":
            self._stale = True

    async def _connect(self) -> tuple[Client, tuple[Tool, ...]]:
        self._served = await self._way.serve(self.file)
        ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._stop.clear()
        keeping = _keep_open(self._served.to, ready, self._stop, self._heard)
        self._keeper = asyncio.create_task(keeping)
        client = await ready
        return client, await self._tools(client)

    async def _close(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        self._stop.set()
        if self._keeper is not None:
            if self._client is None:  # it is still opening, and may never be done
                self._keeper.cancel()
            await asyncio.wait([self._keeper])
        self._client = self._served = self._keeper = None
        self._stale = False


async def _keep_open(
    to: Any,
    ready: asyncio.Future[Client],
    stop: asyncio.Event,
    heard: Any,
) -> None:
    """One session from beginning to end in one task: its cancel scopes demand that."""
    from mcp.client import Client

    try:
        async with Client(to, message_handler=heard) as client:
            ready.set_result(client)
            await stop.wait()
    except Exception as broken:  # noqa: BLE001  (whoever waits for it is told)
        if not ready.done():
            ready.set_exception(broken)
