"""Calling the tools: to read, or to act with the run data of one attempt.

This module never judges a call, never repeats one and never touches the vault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from factotum.model import Call, FailedClean, Outcome
from factotum.tooling.cages import Cages
from factotum.tooling.offer import IDLE_S, OPEN_LIMIT_S, Offer, Ways
from factotum.tooling.outcomes import after_a_break, after_the_limit, answered, outcome_of
from factotum.tooling.servers import ThirdParty
from factotum.tooling.sessions import EnvFor, Hit, Session
from factotum.tooling.tools import META_PREFIX, Tool, ToolboxError

__all__ = ["Read", "Tool", "Toolbox", "ToolboxError", "Ways", "outcome_of"]

#: How long one call may take, in seconds. A mail server may take ten minutes to answer the
#: end of a letter (RFC 5321, 4.5.3.2.6), and giving up sooner makes a doubt out of a yes.
EFFECT_LIMIT_S = 900.0
READ_LIMIT_S = 120.0

#: How long `close` waits for calls that are still under way, in seconds.
CLOSE_GRACE_S = 5.0


@dataclass(frozen=True)
class Read:
    """What a reading tool answered: `data` as it was structured, `text` as it was written."""

    data: Mapping[str, Any]
    text: str


class Toolbox(Offer):
    """Every tool server in one folder, and those of others. Use it within one event loop, and
    `close` it there."""

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
        super().__init__(
            servers_dir,
            env_for,
            hit,
            way=way,
            catalogue=catalogue,
            idle_s=idle_s,
            open_limit_s=open_limit_s,
            cages=cages,
            others=others,
        )
        self._effect_limit_s = effect_limit_s
        self._read_limit_s = read_limit_s
        self._running: set[asyncio.Task[Any]] = set()

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


class _Another(ToolboxError):
    """The tool has changed since the call was checked; nothing was asked."""


def _why(broken: Exception, session: Session) -> str:
    words = session.last_words()
    return f"{type(broken).__name__}: {broken}" + (f"; it last said: {words}" if words else "")


def _words(answer: Any) -> str:
    return "\n".join(part.text for part in answer.content if part.type == "text")
