"""Handing one letter to an SMTP server, and knowing at every line what is known.

Before DATA everything that goes wrong is a clean failure. A line in the phase file is on
the disk before DATA is sent; from the first byte of the content on, only the server's own
answer is a yes or a no, and no answer is a doubt. Nothing here tries twice.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mail_account import Account
from mail_letter import Letter
from mail_phase import Phases

Hit = Callable[[str], None]


@dataclass(frozen=True)
class Waits:
    """How long each step may take, in seconds (RFC 5321, 4.5.3.2, and for the rest less)."""

    connect_s: float = 20.0
    reply_s: float = 40.0
    before_content_s: float = 150.0
    content_s: float = 120.0
    answer_s: float = 600.0


@dataclass(frozen=True)
class Accepted:
    """The server took the letter for every recipient. `receipt` has its own words."""

    receipt: dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """The server did not take it and will not deliver it. `again`: a later try may work."""

    reason: str
    again: bool


@dataclass(frozen=True)
class Doubtful:
    """The content was on its way and no answer came."""

    last_known: str


class _Stop(Exception):
    """Ends a transaction before any content was sent."""

    def __init__(self, reason: str, again: bool) -> None:
        super().__init__(reason)
        self.refused = Refused(reason, again)


@dataclass(frozen=True)
class Postman:
    """One SMTP account and how to use it; `deliver` may run in several threads at once."""

    account: Account
    tls: Callable[[], ssl.SSLContext]
    waits: Waits
    hit: Hit

    def deliver(self, letter: Letter, phases: Phases) -> Accepted | Refused | Doubtful:
        """Hands over the letter, once. Never raises for what a server or network does."""
        started = time.monotonic()
        try:
            phases.mark("begun")
            wire = self._connected(letter)
        except _Stop as stop:
            return stop.refused
        except OSError as broken:
            return Refused(_unwritable(broken), again=False)
        with _put_down(wire):
            try:
                phases.mark("connected", server=self.account.host)
                self.hit("mail.connected")
                accepted = self._envelope(wire, letter)
                if time.monotonic() - started > self.waits.before_content_s:
                    raise _Stop(f"{self.account.host} took too long to begin", again=True)
                self.hit("mail.phase")
                phases.mark("data", message_id=letter.message_id)
            except _Stop as stop:
                return stop.refused
            except OSError as broken:
                return Refused(_unwritable(broken), again=False)
            self.hit("mail.data")
            return self._content(wire, letter, accepted, phases)

    def _connected(self, letter: Letter) -> smtplib.SMTP:
        """A connection that is encrypted as the account wants and logged in. Raises _Stop."""
        account = self.account
        name = letter.sender.rpartition("@")[2]
        with self._translated("connecting"):
            wire: smtplib.SMTP
            if account.security == "tls":
                wire = smtplib.SMTP_SSL(
                    account.host,
                    account.port,
                    name,
                    context=self.tls(),
                    timeout=self.waits.connect_s,
                )
            else:
                wire = smtplib.SMTP(account.host, account.port, name, timeout=self.waits.connect_s)
        try:
            _patience(wire, self.waits.reply_s)
            if account.security == "starttls":
                with self._translated("STARTTLS"):
                    wire.starttls(context=self.tls())
            with self._translated("greeting"):
                wire.ehlo_or_helo_if_needed()
            if account.user:
                with self._translated("logging in"):
                    wire.login(account.user, account.password)
        except BaseException:
            wire.close()
            raise
        return wire

    def _envelope(self, wire: smtplib.SMTP, letter: Letter) -> dict[str, str]:
        """MAIL and every RCPT; each recipient's reply. Raises _Stop if any was refused."""
        options = [f"SIZE={len(letter.data)}"] if wire.has_extn("size") else []
        with self._translated("naming the sender"):
            code, said = wire.mail(letter.sender, options)
            if code // 100 != 2:
                raise smtplib.SMTPResponseException(code, said)
        replies: dict[str, tuple[int, str]] = {}
        for recipient in letter.recipients:
            with self._translated(f"naming the recipient {recipient}"):
                code, said = wire.rcpt(recipient)
            replies[recipient] = (code, _reply(code, said))
        refused = {who: reply for who, reply in replies.items() if reply[0] // 100 != 2}
        if refused:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                wire.rset()
            named = "; ".join(f"{who}: {reply}" for who, (_, reply) in refused.items())
            raise _Stop(
                f"{self.account.host} refused {len(refused)} of {len(replies)} recipients, so "
                f"nothing was sent to anyone ({named})",
                again=all(code // 100 == 4 for code, _ in refused.values()),
            )
        return {who: reply for who, (_, reply) in replies.items()}

    def _content(
        self, wire: smtplib.SMTP, letter: Letter, accepted: dict[str, str], phases: Phases
    ) -> Accepted | Refused | Doubtful:
        host = self.account.host
        try:
            code, said = wire.docmd("DATA")
        except (smtplib.SMTPException, OSError) as gone:
            return _refused(phases, f"{host} went away before the content: {gone}", True)
        if code != 354:
            reason = f"{host} did not want the content: {_reply(code, said)}"
            return _refused(phases, reason, code // 100 == 4)
        try:
            _patience(wire, self.waits.content_s)
            wire.send(_stuffed(letter.data))
            self.hit("mail.dot")
            _patience(wire, self.waits.answer_s)
            code, said = wire.getreply()
        except (smtplib.SMTPException, OSError) as gone:
            return Doubtful(f"the content was on its way to {host}, then: {_text(str(gone))}")
        if code // 100 in (4, 5):
            reason = f"{host} refused the letter: {_reply(code, said)}"
            return _refused(phases, reason, code // 100 == 4)
        if code // 100 != 2:
            return Doubtful(f"{host} answered the content with {_reply(code, said)!r}")
        self.hit("mail.accepted")
        receipt = {
            "message_id": letter.message_id,
            "date": letter.date,
            "to": list(letter.recipients),
            "accepted": accepted,
            "server_reply": _reply(code, said),
        }
        with contextlib.suppress(OSError):  # it is sent, whether or not the disk takes that
            phases.mark("accepted", receipt=receipt)
        return Accepted(receipt)

    @contextlib.contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        """What may go wrong before the content, as _Stop with the cause and the remedy."""
        at = f"{self.account.host}:{self.account.port}"
        named = self.account.setting
        try:
            yield
        except smtplib.SMTPAuthenticationError as no:
            reason = f"{at} refused the login of {named('USER')}: " + _reply(
                no.smtp_code, no.smtp_error
            )
            raise _Stop(f"{reason}; check {named('PASSWORD')}", no.smtp_code // 100 == 4) from None
        except smtplib.SMTPResponseException as no:
            reason = f"{at} said no when {doing}: {_reply(no.smtp_code, no.smtp_error)}"
            raise _Stop(reason, no.smtp_code // 100 == 4) from None
        except smtplib.SMTPNotSupportedError as no:
            raise _Stop(f"{at} cannot do that ({no}); check {named('SECURITY')}", False) from None
        except ssl.SSLCertVerificationError as no:
            raise _Stop(
                f"the certificate of {at} is not to be trusted ({no.verify_message}); check "
                f"{named('HOST')}, or add its authority to this machine's certificates",
                False,
            ) from None
        except ssl.SSLError as no:
            raise _Stop(
                f"{at} speaks no TLS that we understand ({no.reason}); check {named('PORT')} "
                f"and {named('SECURITY')}",
                False,
            ) from None
        except UnicodeError:
            raise _Stop(
                f"{at} cannot be told {named('HOST')}, {named('USER')} or {named('PASSWORD')}: "
                f"SMTP takes plain letters only",
                False,
            ) from None
        except socket.gaierror as no:
            again = no.errno == socket.EAI_AGAIN
            raise _Stop(
                f"{self.account.host} was not found ({no.strerror}); check {named('HOST')}", again
            ) from None
        except (smtplib.SMTPException, OSError) as gone:
            raise _Stop(
                f"{at} could not be reached when {doing}: {_text(str(gone))}", True
            ) from None


@contextlib.contextmanager
def _put_down(wire: smtplib.SMTP) -> Iterator[None]:
    """Says goodbye in the end, without waiting long for an answer."""
    try:
        yield
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            _patience(wire, 2.0)
            wire.quit()
        wire.close()


def _patience(wire: smtplib.SMTP, wait_s: float) -> None:
    if wire.sock is not None:
        wire.sock.settimeout(wait_s)


def _refused(phases: Phases, reason: str, again: bool) -> Refused:
    with contextlib.suppress(OSError):  # then a crash right now would be in doubt, no worse
        phases.mark("refused", reason=reason, again=again)
    return Refused(reason, again)


def _unwritable(broken: OSError) -> str:
    return (
        f"the phase of this attempt could not be written down ({broken.strerror or broken}), "
        f"so nothing was sent; make room on the disk, then try again"
    )


def _stuffed(data: bytes) -> bytes:
    """The content as it goes over the wire, with its end (RFC 5321, 4.5.2)."""
    ended = data if data.endswith(b"\r\n") else data + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended) + b".\r\n"


def _reply(code: int, said: bytes | str) -> str:
    """A server's reply on one line, without control characters."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return _text(f"{code} {text}")


def _text(text: str) -> str:
    plain = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(plain.split())[:300]
