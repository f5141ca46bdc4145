"""A mail server for the demo: loopback alone, any free port, its mailbox in memory.

What it has taken stays here, in the demo's own process, whatever becomes of the sender.
It delivers nothing to anyone.
"""

# ruff: noqa: N802  (aiosmtpd finds its hooks by the names of the commands)

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Received:
    """One letter that came in whole, up to its last dot."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.data, policy=default)


class _Box:
    def __init__(self) -> None:
        self.letters: list[Received] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        data = envelope.original_content or b""
        received = Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), data)
        self.letters.append(received)  # before anything that waits: a sender may die now
        return f"250 2.0.0 taken as number {len(self.letters)}"


class Letterbox:
    """Listens while its `with` block runs."""

    def __init__(self) -> None:
        self._box = _Box()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="letterbox", daemon=True)
        self._up = threading.Event()
        self._server: asyncio.Server | None = None

    @property
    def letters(self) -> list[Received]:
        return list(self._box.letters)

    @property
    def port(self) -> int:
        assert self._server is not None, "it listens only inside its `with` block"
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._thread.start()
        self._up.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._server = self._loop.run_until_complete(
                self._loop.create_server(self._session, "127.0.0.1", 0)
            )
            self._up.set()
            self._loop.run_forever()
            self._loop.run_until_complete(self._close(self._server))
        finally:
            self._up.set()
            self._loop.close()

    def _session(self) -> SMTP:
        return SMTP(self._box, hostname="localhost", ident="demo", loop=self._loop)

    async def _close(self, server: asyncio.Server) -> None:
        server.close()
        open_still = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in open_still:
            task.cancel()
        await asyncio.gather(*open_still, return_exceptions=True)
