"""A real SMTP relay (aiosmtpd) on loopback that behaves as a test tells it to.

with Relay(rcpt={"bob@example.test": "550 no such user"}) as relay:
    ...  # send to 127.0.0.1, relay.port
assert relay.messages == []
"""

# ruff: noqa: N802  (aiosmtpd finds its hooks by the names of the commands)

from __future__ import annotations

import asyncio
import smtplib
import ssl
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.patience import PATIENCE_S
from tests.servers.certificate import Pair
from tests.servers.ports import free_port


@dataclass(frozen=True)
class Received:
    """One letter that came in whole, up to its dot. `data` is as it was on the wire."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.data, policy=default)


@dataclass(frozen=True)
class Script:
    """What the relay says. A reply is a line such as "550 no"; "hang" waits, "drop" hangs up.

    mail, rcpt (by address), data (instead of 354), dot (after the content). `data` may also be
    "cut": 354, and the line is dropped when the first bytes of the content are there.
    """

    mail: str = "250 OK"
    rcpt: Mapping[str, str] | None = None
    data: str = "354"
    dot: str = "250 2.0.0 queued as 4711"
    on_data: Callable[[], Any] | None = None
    lmtp_port: int = 0


class _Handler:
    def __init__(self, script: Script) -> None:
        self.script = script
        self.messages: list[Received] = []
        self.commands: list[str] = []
        self.at_data: list[Any] = []

    async def play(self, server: SMTP, line: str) -> str:
        if line == "hang":
            await asyncio.sleep(3600)
        if line == "drop" and server.transport is not None:
            cast(asyncio.Transport, server.transport).abort()
        return line

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.commands.append("MAIL")
        if self.script.mail.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return await self.play(server, self.script.mail)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.commands.append("RCPT")
        line = (self.script.rcpt or {}).get(address, "250 OK")
        if line.startswith("250"):
            envelope.rcpt_tos.append(address)
        return await self.play(server, line)

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.commands.append("RSET")
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.commands.append("QUIT")
        return "221 Bye"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        data = cast(bytes, envelope.original_content)
        received = Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), data)
        self.messages.append(received)
        if self.script.lmtp_port and self.script.dot.startswith("250"):
            await asyncio.to_thread(_hand_over, received, self.script.lmtp_port)
        return await self.play(server, self.script.dot)


class _Server(SMTP):
    async def smtp_DATA(self, arg: str) -> None:
        handler = cast(_Handler, self.event_handler)
        handler.commands.append("DATA")
        if handler.script.on_data is not None:
            handler.at_data.append(handler.script.on_data())
        match handler.script.data:
            case "354":
                await super().smtp_DATA(arg)
            case "cut":
                await self.push("354 go on")
                await self._reader.read(1)
                await handler.play(self, "drop")
            case line:
                await self.push(await handler.play(self, line))


class _Controller(Controller):
    def factory(self) -> SMTP:
        with warnings.catch_warnings(action="ignore"):  # AUTH without STARTTLS is what we test
            return _Server(self.handler, **self.SMTP_kwargs)


class Relay:
    """A relay that listens while its `with` block runs.

    `tls` with a pair speaks TLS from the first byte, `starttls` demands STARTTLS; `login`
    demands that name and password. `lmtp_port` hands every letter on, as an MTA would.
    """

    def __init__(
        self,
        *,
        tls: Pair | None = None,
        starttls: Pair | None = None,
        login: tuple[str, str] | None = None,
        **script: Any,
    ) -> None:
        self.port = free_port()
        self._handler = _Handler(Script(**script))
        extra: dict[str, Any] = {}
        if starttls:
            extra |= {"tls_context": _server_side(starttls), "require_starttls": True}
        if login:
            extra |= {
                "authenticator": _gate(*login),
                "auth_required": True,
                "auth_require_tls": starttls is not None,
            }
        self._controller = _Controller(
            self._handler,
            hostname="127.0.0.1",
            port=self.port,
            ssl_context=_server_side(tls) if tls else None,
            enable_SMTPUTF8=False,
            ready_timeout=PATIENCE_S,
            **extra,
        )

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._controller.stop()

    @property
    def messages(self) -> list[Received]:
        """The letters that came in whole, whatever was answered."""
        return self._handler.messages

    @property
    def commands(self) -> list[str]:
        return self._handler.commands

    @property
    def at_data(self) -> list[Any]:
        """What `on_data` saw, once for each DATA."""
        return self._handler.at_data


def _server_side(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def _gate(user: str, password: str) -> Any:
    def authenticator(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        right = LoginPassword(user.encode(), password.encode())
        return AuthResult(success=data == right, handled=False)

    return authenticator


def _hand_over(received: Received, port: int) -> None:
    with smtplib.LMTP("127.0.0.1", port) as lmtp:
        lmtp.sendmail(received.sender, list(received.recipients), received.data)
