"""A mail (`.eml`): who wrote what when, and the files that came with it.

Plain text is preferred to HTML, quoted text is kept, a mail inside a mail is read up to a
depth. The bounds keep a hostile mail from costing more than seconds.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.message import EmailMessage, Message
from typing import Any

from factotum import names
from factotum.mailauth import verify
from factotum.reading import email_headers as headers
from factotum.reading import html_file, other_file, text_file
from factotum.reading.shape import (
    ATTACHED_TEXT_MOST,
    PARTS_MOST,
    TEXT_MOST,
    Bounds,
    Part,
    Purse,
    Reading,
    cut,
)
from factotum.reading.sniff import is_binary

#: A mail inside a mail inside a mail is read; deeper ones are kept as files.
DEPTH_MOST = 3
#: How long the HTML of a mail or one file in it may be worked at, in seconds.
CONVERT_S = 10.0
#: The parser's work grows with lines times nested parts, and with the number of parts;
#: beyond this only the headers and the beginning are read. A 25 MB mail with ten forwards
#: inside stays below a third of it.
WORK_MOST = 12_000_000
NESTED_MOST = 100
BORDERS_MOST = 2_000

_NESTED = re.compile(rb"(?im)^content-type:\s*(?:multipart|message)/")
_BORDER = re.compile(rb"(?m)^--[^\r\n]{1,80}")
_STEERING = re.compile(rb"(?im)^(?=content-[a-z-]{1,30}:)")
_ENDINGS = {
    "text/calendar": "ics",
    "text/html": "html",
    "text/plain": "txt",
    "message/rfc822": "eml",
}


@dataclass
class _Haul:
    """What was gathered so far from one mail."""

    texts: list[str] = field(default_factory=list)
    attachments: list[Part] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    purse: Purse = field(default_factory=Purse)
    seen: int = 0

    def full(self) -> bool:
        return self.seen >= PARTS_MOST


#: Reads a file that came with a mail; None if it says nothing beyond its name.
Within = Callable[[bytes, str, Bounds], Reading | None]


def _nothing(data: bytes, name: str, bounds: Bounds) -> None:
    return None


def read(data: bytes, name: str, bounds: Bounds, within: Within = _nothing) -> Reading:
    """The mail, and with `within` also what is in the files that came with it."""
    if _intricate(data):
        return _beginning(data, "the mail is built too intricately to be read in full")
    haul = _Haul(purse=bounds.purse)
    try:
        message = headers.parsed(data)
        if not message.keys():
            return _no_mail(data, name, bounds)
        _gather(message, haul, bounds.depth)
    except Exception:  # noqa: BLE001 - the parser raises nearly anything for a broken mail
        return _beginning(data, "the mail is damaged: only its beginning was read")
    if haul.full():
        haul.remarks.append(f"the mail has many parts: only the first {PARTS_MOST} were read")
    _read_attached(haul, bounds, within)
    return _claiming(_reading(message, haul), data)


def _claiming(reading: Reading, data: bytes) -> Reading:
    """With what the mail says of its sender being proved: of a file in the Inbox that proves
    nothing, since anybody can write it."""
    claimed = verify(data, ()).claimed
    if not claimed:
        return reading
    return replace(reading, properties={**reading.properties, "claimed": claimed})


def _intricate(data: bytes) -> bool:
    parts = data.lower().count(b"content-type:")  # at most; nearly all mails are plain enough
    lines = data.count(b"\n")
    few = parts <= NESTED_MOST and data.count(b"\n--") < BORDERS_MOST
    if few and lines * (parts + 1) <= WORK_MOST:
        return False
    nested = len(_NESTED.findall(data))
    borders = Counter(_BORDER.findall(data))
    return (
        nested > NESTED_MOST
        or lines * (nested + 1) > WORK_MOST
        or sum(count for count in borders.values() if count > 1) > BORDERS_MOST
    )


def _reading(message: EmailMessage, haul: _Haul) -> Reading:
    address, shown, odd = headers.sender(message)
    subject = headers.words(message, "subject")
    text, long = cut("\n\n".join(filter(None, haul.texts)), TEXT_MOST, "the mail")
    return Reading(
        "email",
        subject or f"Mail from {shown or address or 'somebody'}",
        text,
        address,
        shown,
        headers.received(message),
        tuple(haul.attachments),
        (*odd, *dict.fromkeys(haul.remarks), *long),
        {**headers.properties(message), "subject": subject},
    )


def _beginning(data: bytes, remark: str) -> Reading:
    """Headers and the first words, from a mail whose structure is left alone."""
    head = data[: TEXT_MOST // 2]
    top, _, body = head.replace(b"\r\n", b"\n").partition(b"\n\n")
    message = headers.parsed(_STEERING.sub(b"X-", top) + b"\n\n")
    text, guessed = text_file.decode(body)
    haul = _Haul([text], remarks=[remark, *guessed])
    return _reading(message, haul)


def _no_mail(data: bytes, name: str, bounds: Bounds) -> Reading:
    chosen = other_file.read if is_binary(data) else text_file.read
    reading = chosen(data, name, bounds)
    remark = f"its name ends in {name[-4:].lower()}, but it is no mail"
    return replace(reading, remarks=(remark, *reading.remarks))


def _gather(part: Message[Any, Any], haul: _Haul, depth: int, words: bool = True) -> None:
    """Adds the text (if `words`) and the files of a part and of all below it."""
    haul.seen += 1
    if haul.full():
        return
    children: Any = part.get_payload()
    kind = part.get_content_type()
    if kind == "message/rfc822" and isinstance(children, list):
        _gather_inner(part, haul, depth, words)
    elif isinstance(children, list):
        chosen = _plainest(children) if kind == "multipart/alternative" else None
        for child in children:
            if isinstance(child, Message):
                _gather(child, haul, depth, words and chosen in (None, child))
    elif kind not in ("text/plain", "text/html") or _is_file(part):
        _keep(part, haul, _bytes(part))
    elif words and (kind == "text/plain" or haul.purse.allows()):
        haul.texts.append(_words(part, kind, haul))
    elif words:
        _keep(part, haul, _bytes(part))


def _plainest(children: list[Any]) -> Any:
    """Of the alternatives of one text the plain one, if it says anything, else the last."""
    for child in children:
        if (
            isinstance(child, Message)
            and child.get_content_type() == "text/plain"
            and _bytes(child).strip()
        ):
            return child
    return children[-1] if children else None


def _gather_inner(part: Message[Any, Any], haul: _Haul, depth: int, words: bool) -> None:
    """A mail inside the mail: its words under a heading, deeper ones as a file."""
    inner = part.get_payload(0)
    if not isinstance(inner, Message):
        return
    subject = headers.words(inner, "subject")
    if depth >= DEPTH_MOST:
        try:
            data = inner.as_bytes()
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            haul.remarks.append("a mail deep inside this one is damaged and was left out")
            return
        _add(haul, f"{subject or 'mail'}.eml", data)
        return
    if words:
        said = {title: headers.words(inner, title) for title in ("from", "to", "date")}
        lines = [f"{title.title()}: {text}" for title, text in said.items() if text]
        haul.texts.append("\n".join([f"## Mail inside: {subject or '(no subject)'}", *lines]))
    _gather(inner, haul, depth + 1, words)


def _words(part: Message[Any, Any], kind: str, haul: _Haul) -> str:
    text, guessed = text_file.decode(_bytes(part), headers.charset(part))
    haul.remarks += guessed
    if kind == "text/html":
        begun = time.monotonic()
        text, remarks = html_file.text_of(text, TEXT_MOST, CONVERT_S)
        haul.purse.seconds -= time.monotonic() - begun
        haul.remarks += remarks
    return text.strip()


def _bytes(part: Message[Any, Any]) -> bytes:
    """The decoded content; as it stands when its encoding is broken."""
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AttributeError):
        data = None
    if isinstance(data, bytes):
        return data
    payload = part.get_payload()
    return payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""


def _is_file(part: Message[Any, Any]) -> bool:
    return part.get_content_disposition() == "attachment" or bool(_file_name(part))


def _file_name(part: Message[Any, Any]) -> str:
    try:
        return headers.decoded(part.get_filename() or "")
    except (ValueError, LookupError, TypeError, AttributeError, IndexError):
        return ""


def _keep(part: Message[Any, Any], haul: _Haul, data: bytes) -> None:
    kind = part.get_content_type()
    ending = _ENDINGS.get(kind) or re.sub(r"\W", "", kind.rpartition("/")[2])[:10] or "bin"
    if data:
        _add(haul, _file_name(part) or f"attachment.{ending}", data)


def _add(haul: _Haul, name: str, data: bytes) -> None:
    """Keeps a file under a name that is safe and that no other file of this mail has."""
    safe = names.safe_file_name(name)
    stem, dot, ending = safe.rpartition(".")
    taken = {part.name.casefold() for part in haul.attachments}
    count = 2
    while safe.casefold() in taken:
        safe = f"{stem}-{count}{dot}{ending}" if dot else f"{ending}-{count}"
        count += 1
    haul.attachments.append(Part(safe, data))


def _read_attached(haul: _Haul, bounds: Bounds, within: Within) -> None:
    """Puts the text of readable attachments under a heading with their name, and what lies
    in an attached mail beside the others."""
    for part in tuple(haul.attachments):
        deep = bounds.depth + 1
        if deep > DEPTH_MOST:
            continue
        begun = time.monotonic()
        most_s = min(CONVERT_S, bounds.purse.seconds)
        inner = within(part.data, part.name, Bounds(ATTACHED_TEXT_MOST, most_s, deep, bounds.purse))
        bounds.purse.seconds -= time.monotonic() - begun
        if inner is None:
            continue
        haul.remarks += [f"{part.name}: {remark}" for remark in inner.remarks]
        if inner.text:
            haul.texts.append("\n\n".join([f"## {part.name}", *_letterhead(inner), inner.text]))
        for file in inner.attachments[: PARTS_MOST - len(haul.attachments)]:
            _add(haul, file.name, file.data)


def _letterhead(inner: Reading) -> list[str]:
    """Who wrote an attached mail, and about what."""
    if inner.kind != "email":
        return []
    said = {"From": inner.sender_name or inner.sender, "Subject": inner.title}
    if inner.sender_name and inner.sender:
        said["From"] = f"{inner.sender_name} <{inner.sender}>"
    return ["\n".join(f"{label}: {text}" for label, text in said.items() if text)]
