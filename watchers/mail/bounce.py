"""A notice that a mail did not arrive: which mail, to whom, and why. Pure; a stranger's words.

Source: RFC 3464. Whatever a notice lacks is empty; servers that know no such form still name the
recipients in a header of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Any

from factotum.reading import email_headers as headers
from factotum.reading.shape import one_line

#: How many parts and how many recipients of a notice are looked at.
PARTS_MOST, RECIPIENTS_MOST = 40, 20


@dataclass(frozen=True)
class Bounce:
    """`of` is the Message-ID of the mail that did not arrive, `delayed` when it is still tried."""

    to: tuple[str, ...] = ()
    why: str = ""
    of: str = ""
    subject: str = ""
    delayed: bool = False

    @property
    def title(self) -> str:
        what = self.subject or (f"a mail to {self.to[0]}" if self.to else "a mail of yours")
        return f"{'Not delivered yet' if self.delayed else 'Not delivered'}: {what}"

    @property
    def told(self) -> str:
        """In a sentence what happened."""
        to = ", ".join(self.to) or "somebody whom it does not name"
        still = "has not reached {} yet; it is still tried" if self.delayed else "did not reach {}"
        subject = f" “{self.subject}”" if self.subject else ""
        why = f" The server says: {self.why}" if self.why else ""
        return f"Your mail{subject} {still.format(to)}.{why}"


def bounce_of(raw: bytes) -> Bounce:
    """Never raises for what stands in a mail."""
    try:
        return _bounce(headers.parsed(raw))
    except Exception:  # noqa: BLE001 - the parser raises nearly anything for a broken mail
        return Bounce()


def _bounce(message: Message[Any, Any]) -> Bounce:
    to = [address for _, address in headers.people(message, "x-failed-recipients")]
    why = of = subject = ""
    actions = set()
    for part in _parts(message):
        kind = part.get_content_type()
        if final := headers.raw(part, "final-recipient") or headers.raw(part, "original-recipient"):
            to.append(one_line(final.rpartition(";")[2].strip(" <>"), 100))
            actions.add(headers.raw(part, "action").lower())
            why = why or _why(part)
        elif kind == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            inner = headers.parsed(text if isinstance(text, bytes) else b"")
            of, subject = of or _id(inner), subject or headers.words(inner, "subject")
        elif part is not message and headers.raw(part, "message-id"):
            of, subject = of or _id(part), subject or headers.words(part, "subject")
    people = tuple(dict.fromkeys(one for one in to if one))[:RECIPIENTS_MOST]
    return Bounce(people, why, of or _answers(message), subject, actions == {"delayed"})


def _parts(message: Message[Any, Any]) -> Iterator[Message[Any, Any]]:
    for n, part in enumerate(message.walk()):
        if n == PARTS_MOST:
            return
        yield part


def _why(part: Message[Any, Any]) -> str:
    said = headers.words(part, "diagnostic-code")
    said = re.sub(r"^\s*[a-z0-9-]+\s*;\s*", "", said, flags=re.IGNORECASE)
    return one_line(said, 200) or one_line(headers.words(part, "status"), 40)


def _id(message: Message[Any, Any]) -> str:
    return next(iter(headers.ids(message, "message-id")), "")


def _answers(message: Message[Any, Any]) -> str:
    found = headers.ids(message, "in-reply-to") or headers.ids(message, "references")
    return found[-1] if found else ""
