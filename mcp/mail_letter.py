"""From the arguments of a call to the exact bytes of a letter, or a word on what is wrong.

Nothing here opens a connection. Blind copies reach the envelope, and the headers only of a
draft, which a person will send.
"""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.headerregistry import Address, HeaderRegistry, MessageIDHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parsedate_to_datetime
from pathlib import Path

import idna

_HEADERS = HeaderRegistry()
# An id that is longer than a line would otherwise be folded into encoded words, and the
# answer would fall out of its thread.
_HEADERS.map_to_type("in-reply-to", MessageIDHeader)  # type: ignore[arg-type]
_HEADERS.map_to_type("references", MessageIDHeader)  # type: ignore[arg-type]

#: Plain ASCII on the wire whatever the text is, so that no server need promise 8BITMIME.
POLICY = SMTP.clone(header_factory=_HEADERS, cte_type="7bit")

#: The part before the @ as nearly every server takes it (RFC 5322, dot-atom).
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<spec>[^<>]+)>")
_MESSAGE_ID = re.compile(r"<[^<>\s@]+@[^<>\s@]+>")

RECIPIENTS_AT_MOST = 100
SUBJECT_AT_MOST = 900


class LetterError(ValueError):
    """The letter cannot be made: which argument, why, what to write instead."""


@dataclass(frozen=True)
class Letter:
    """A letter that is ready: its envelope and its bytes, lines ending in CR LF."""

    message_id: str
    date: str
    sender: str
    recipients: tuple[str, ...]
    to: tuple[str, ...]
    data: bytes


@dataclass(frozen=True)
class Wording:
    """The arguments of `send` and `draft` as the agent wrote them."""

    to: Sequence[str]
    subject: str
    body: str
    cc: Sequence[str] = ()
    bcc: Sequence[str] = ()
    in_reply_to: str = ""
    attachments: Sequence[str] = ()


def compose(
    wording: Wording,
    *,
    sender: Address,
    message_id: str,
    date: str,
    blobs: Mapping[str, str],
    blind_copies_shown: bool = False,
) -> Letter:
    """The letter under a fixed id and date (RFC 5322). `blobs` is where each attachment lies.

    Raises LetterError for an address, a header or an attachment that cannot be.
    """
    to, cc, bcc = (
        [address(text, field) for text in texts]
        for field, texts in (("to", wording.to), ("cc", wording.cc), ("bcc", wording.bcc))
    )
    everyone = tuple(dict.fromkeys(one.addr_spec for one in (*to, *cc, *bcc)))
    if not everyone:
        raise LetterError("to: nobody is named; a letter needs at least one address")
    if len(everyone) > RECIPIENTS_AT_MOST:
        raise LetterError(
            f"to, cc, bcc: {len(everyone)} addresses; send to {RECIPIENTS_AT_MOST} at most"
        )
    letter = EmailMessage(policy=POLICY)
    letter["From"] = sender
    for name, addresses in (("To", to), ("Cc", cc), ("Bcc", bcc if blind_copies_shown else [])):
        if addresses:
            letter[name] = addresses
    letter["Subject"] = _one_line(wording.subject, "subject", SUBJECT_AT_MOST)
    letter["Date"] = _date(date)
    letter["Message-ID"] = reference(message_id, "message_id")
    if wording.in_reply_to.strip():
        parent = reference(wording.in_reply_to, "in_reply_to")
        letter["In-Reply-To"] = parent
        letter["References"] = parent
    letter.set_content(_body(wording.body), charset="utf-8")
    for name in wording.attachments:
        _attach(letter, name, blobs)
    return Letter(
        message_id=str(letter["Message-ID"]),
        date=date,
        sender=sender.addr_spec,
        recipients=everyone,
        to=tuple(one.addr_spec for one in to),
        data=letter.as_bytes(policy=POLICY),
    )


def address(text: str, field: str) -> Address:
    """One address, bare or as `Ann <ann@example.org>`, its domain in ASCII (IDNA).

    Raises LetterError; it names `field`.
    """
    plain = _one_line(text, field, 320).strip()
    name, spec = "", plain
    if match := _NAMED.fullmatch(plain):
        name, spec = match["name"].strip().strip('"').strip(), match["spec"].strip()
    local, at, domain = spec.rpartition("@")
    if not at or not local or not domain:
        raise LetterError(f"{field}: {text!r} is no address; write it like ann@example.org")
    if not _LOCAL.fullmatch(local) or len(local) > 64:
        hint = (
            "the part before the @ has letters that most mail servers do not take; "
            "ask for an address in plain letters"
            if not local.isascii()
            else "write one address in each entry, like ann@example.org"
        )
        raise LetterError(f"{field}: {text!r} cannot be used: {hint}")
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as wrong:
        raise LetterError(f"{field}: {text!r} has no possible domain ({wrong})") from None
    return Address(display_name=name, addr_spec=f"{local}@{ascii_domain}")


def reference(text: str, field: str) -> str:
    """A Message-ID in its angle brackets. Raises LetterError."""
    plain = text.strip()
    if plain and not plain.startswith("<"):
        plain = f"<{plain}>"
    if not _MESSAGE_ID.fullmatch(plain) or not plain.isascii() or not plain.isprintable():
        raise LetterError(f"{field}: {text!r} is no Message-ID; one looks like <abc@example.org>")
    if len(plain) > 900:
        raise LetterError(f"{field}: {len(plain)} characters are too long for a Message-ID")
    return plain


def _one_line(text: str, field: str, at_most: int) -> str:
    """The text if it is one line of printable characters, else LetterError."""
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
            raise LetterError(
                f"{field}: it has a line break or a control character (U+{ord(char):04X}); "
                f"write it on one line"
            )
    if len(text) > at_most:
        raise LetterError(f"{field}: {len(text)} characters; {at_most} is the most")
    return text


def _body(text: str) -> str:
    if "\0" in text:
        raise LetterError("body: it has a NUL character; take it out")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise LetterError("body: it has half a character (a lone surrogate)") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _date(text: str) -> str:
    try:
        parsedate_to_datetime(text)
    except ValueError:
        raise LetterError(f"date: {text!r} is no date of RFC 5322") from None
    return _one_line(text, "date", 80)


def _attach(letter: EmailMessage, name: str, blobs: Mapping[str, str]) -> None:
    """Adds one attachment by its content; the name gives its type."""
    shown = _one_line(name, "attachments", 200)
    if not shown.strip(". ") or "/" in shown or "\\" in shown:
        raise LetterError(f"attachments: {name!r} is no file name; write it without folders")
    if name not in blobs:
        raise LetterError(
            f"attachments: {name!r} was not handed over; "
            f"only files that came with the task can be attached"
        )
    try:
        data = Path(blobs[name]).read_bytes()
    except OSError as broken:
        raise LetterError(f"attachments: {name!r} cannot be read: {broken.strerror}") from broken
    guessed, encoding = mimetypes.guess_type(name)
    kind = guessed if guessed and not encoding else "application/octet-stream"
    if kind.startswith(("message/", "multipart/")):
        kind = "application/octet-stream"  # those may not be written as base64 (RFC 2046)
    maintype, subtype = kind.split("/", 1)
    letter.add_attachment(data, maintype=maintype, subtype=subtype, filename=shown)
