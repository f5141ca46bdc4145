"""What sort of mail something is: a person's, a list's, a machine's, a failure notice, one's own.

Decided from the headers alone, and only ever for what becomes of it; never for whose words it is.
Sources: RFC 3834 (automatic answers), 2369 and 2919 (lists), 3464 (failure notices).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum

from factotum import addresses
from factotum.reading import email_headers as headers

#: How much of a mail is searched for the end of its headers, in bytes.
HEAD_MOST_BYTES = 256 * 1024

_POSTMEN = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon)@.*", re.IGNORECASE)
_AWAY = re.compile(
    r"(?:re: |aw: )?(?:out of (?:the )?office|automatic reply|auto(?:matic)?[- ]?reply|autoreply|"
    r"abwesenheitsnotiz|automatische antwort|réponse automatique|respuesta automática|"
    r"risposta automatica)\b",
    re.IGNORECASE,
)
_SAID_BY_MACHINES = ("x-autoreply", "x-autorespond", "x-auto-response-suppress")


class Sort(StrEnum):
    PERSONAL = "personal"
    LIST = "list"
    AUTO = "auto"
    BOUNCE = "bounce"
    OWN = "own"


@dataclass(frozen=True)
class Head:
    """What rules ask of a mail. Addresses are as they are compared."""

    sort: Sort
    sender: str
    sender_name: str
    to: tuple[str, ...]
    subject: str
    list: str


def head_bytes(raw: bytes) -> bytes:
    """The headers of a mail, as they stand."""
    head = raw[:HEAD_MOST_BYTES]
    ends = [at for mark in (b"\r\n\r\n", b"\n\n") if (at := head.find(mark)) >= 0]
    return head[: min(ends)] + b"\r\n\r\n" if ends else head


def head_of(raw: bytes, own: frozenset[str]) -> Head:
    """`own` are the owner's addresses. Never raises for what stands in a mail."""
    try:
        return _head(headers.top(head_bytes(raw)), own)
    except Exception:  # noqa: BLE001 - the parser raises nearly anything for a broken mail
        return Head(Sort.PERSONAL, "", "", (), "", "")


def _head(message: EmailMessage, own: frozenset[str]) -> Head:
    sender, shown, _ = headers.sender(message)
    to = [
        addresses.exact(address)
        for name in ("to", "cc", "delivered-to")
        for _, address in headers.people(message, name)
    ]
    return Head(
        _sort(message, sender, own),
        addresses.exact(sender),
        shown,
        tuple(dict.fromkeys(to)),
        headers.words(message, "subject"),
        headers.words(message, "list-id"),
    )


def _sort(message: EmailMessage, sender: str, own: frozenset[str]) -> Sort:
    if is_bounce(message, sender):
        return Sort.BOUNCE
    if sender and addresses.exact(sender) in own:
        return Sort.OWN
    said = headers.raw(message, "precedence").lower()
    if _has(message, ("list-id", "list-unsubscribe", "list-post")):
        return Sort.LIST
    if said in ("bulk", "list", "junk"):
        return Sort.LIST
    automatic = headers.raw(message, "auto-submitted").partition(";")[0].strip().lower()
    if automatic not in ("", "no") or said == "auto_reply" or _has(message, _SAID_BY_MACHINES):
        return Sort.AUTO
    if _is_report(message) or _AWAY.match(headers.words(message, "subject")):
        return Sort.AUTO
    return Sort.PERSONAL


def is_bounce(message: EmailMessage, sender: str) -> bool:
    """Whether it says that a mail did not arrive."""
    if _is_report(message) == "delivery-status" or _has(message, ("x-failed-recipients",)):
        return True
    nobody = headers.raw(message, "return-path") == "<>"
    return bool(_POSTMEN.fullmatch(sender)) and (nobody or not _is_report(message))


def _is_report(message: EmailMessage) -> str:
    """Of what a mail is a report, in small letters; empty for what is none."""
    kind = headers.raw(message, "content-type").lower()
    if not kind.startswith("multipart/report"):
        return ""
    found = re.search(r'report-type\s*=\s*"?([a-z-]+)', kind)
    return found[1] if found else "delivery-status"


def _has(message: EmailMessage, names: Sequence[str]) -> bool:
    return any(headers.raw(message, name) for name in names)
