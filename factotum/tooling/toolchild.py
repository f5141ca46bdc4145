"""A tool server as a child process: messages over its stdin and stdout, one JSON line each.

The child's environment is what it is given and nothing else, so it holds no key of another
server. It leads a process group of its own, and the whole group ends with the session.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anyio.abc import Process

#: How long a child may take to end by itself when its stdin was closed, and again when it
#: was told to, in seconds.
END_S = 2.0
#: The longest line that a child may write, in bytes.
LINE_MOST = 32 * 1024 * 1024
#: How much of what it wrote to stderr is remembered, in lines, and how long one may be,
#: in bytes.
LAST_LINES = 5
WORDS_MOST = 300


#: The one setting of ours that Python itself needs: a child tells the same time.
KEPT = ("TZ",)


def of_file(path: Path) -> list[str]:
    """The command that runs a server of ours, by its path with this Python."""
    return [sys.executable, "-X", "utf8", str(path.resolve())]


class Child:
    """One run of a server. `ended` is set when it can no longer answer; `last_words` says
    what it wrote to stderr before."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.command = list(command)
        self.env = {**{name: os.environ[name] for name in KEPT if name in os.environ}, **env}
        self.ended = asyncio.Event()
        self._silent = asyncio.Event()
        self._words: deque[str] = deque(maxlen=LAST_LINES)

    @property
    def last_words(self) -> str:
        """The last line that it wrote to stderr, without any value of its environment."""
        said = self._words[-1] if self._words else ""
        for value in sorted(self.env.values(), key=len, reverse=True):
            said = said.replace(value, "…") if len(value) > 3 else said
        return said[:WORDS_MOST]

    @asynccontextmanager
    async def streams(self) -> AsyncIterator[tuple[Any, Any]]:
        """Starts it and gives the streams of the session; ends it, and its group, at the end.

        Raises OSError if it cannot be started.
        """
        import anyio

        process = await anyio.open_process(
            self.command, env=self.env, cwd="/", start_new_session=True
        )
        to_session, heard = anyio.create_memory_object_stream[Any](0)
        said, from_session = anyio.create_memory_object_stream[Any](0)
        async with anyio.create_task_group() as group:
            group.start_soon(self._listen, process, to_session)
            group.start_soon(self._overhear, process)
            group.start_soon(self._speak, process, from_session)
            try:
                yield heard, said
            finally:
                with anyio.CancelScope(shield=True):
                    heard.close()
                    await _end(process)
                    with anyio.move_on_after(END_S):  # unless something escaped with its pipes
                        await self.ended.wait()
                        await self._silent.wait()
                _let_go(process)
                group.cancel_scope.cancel()
                for stream in (said, from_session):
                    stream.close()

    async def _listen(self, process: Process, to_session: Any) -> None:
        import anyio
        from mcp.shared.message import SessionMessage
        from mcp.types import jsonrpc_message_adapter

        with to_session:  # closing it tells whoever waits for an answer that none will come
            async for line in _lines(process.stdout, LINE_MOST):
                if len(line) > LINE_MOST:
                    break  # no answer; the session is over
                said: Any
                try:
                    said = SessionMessage(
                        jsonrpc_message_adapter.validate_json(line, by_name=False)
                    )
                except ValueError as wrong:
                    said = wrong
                # When the session is over the rest is read all the same, to its end.
                with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                    await to_session.send(said)
            self.ended.set()

    async def _speak(self, process: Process, from_session: Any) -> None:
        import anyio

        assert process.stdin is not None
        try:
            async for sent in from_session:
                line = sent.message.model_dump_json(by_alias=True, exclude_unset=True)
                await process.stdin.send(line.encode() + b"\n")
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            self.ended.set()

    async def _overhear(self, process: Process) -> None:
        async for line in _lines(process.stderr, WORDS_MOST):
            if words := line.decode(errors="replace").strip():
                self._words.append(words)
        self._silent.set()


async def _lines(stream: Any, most: int) -> AsyncIterator[bytes]:
    """The lines of a stream; one that is longer than `most` is given in pieces."""
    import anyio

    rest = bytearray()
    with contextlib.suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
        async for part in stream:
            first, *others = part.split(b"\n")
            rest += first
            for other in others:
                yield bytes(rest)
                rest = bytearray(other)
            if len(rest) > most:
                yield bytes(rest)
                rest = bytearray()
    if rest:
        yield bytes(rest)


async def _end(process: Process) -> None:
    """Closes its stdin, waits, then ends the whole group; returns when the child is reaped."""
    import anyio

    if process.stdin is not None:
        with contextlib.suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            await process.stdin.aclose()
    if not await _gone(process):
        _signal(process, signal.SIGTERM)
        await _gone(process)
    _signal(process, signal.SIGKILL)  # also for what it started and left behind
    await _gone(process)


async def _gone(process: Process) -> bool:
    """Whether it ended within END_S. Not `wait()`, which also waits for who holds its pipes."""
    import anyio

    until = anyio.current_time() + END_S
    while process.returncode is None:
        if anyio.current_time() > until:
            return False
        await anyio.sleep(0.01)
    return True


def _signal(process: Process, signal_number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal_number)


def _let_go(process: Process) -> None:
    """Closes our ends of its pipes, which nothing public does while somebody holds theirs."""
    transport = getattr(getattr(process, "_process", None), "_transport", None)
    if isinstance(transport, asyncio.SubprocessTransport):
        transport.close()
