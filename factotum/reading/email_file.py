"""A mail (`.eml`): who wrote what when, and the files that came with it.

Plain text is preferred to HTML, quoted text is kept, a mail inside a mail is read up to a
depth. The bounds keep a hostile mail from costing more than seconds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.message import EmailMessage, Message
from typing import Any

from factotum import names
from factotum.reading import email_headers as headers
from factotum.reading import html_file, other_file, pdf_file, text_file
from factotum.reading.shape import (
    ATTACHED_TEXT_MOST,
    PARTS_MOST,
    TEXT_MOST,
    Part,
    Reading,
    cut,
    one_line,
)
from factotum.reading.sniff import is_binary, is_pdf, what_is

#: A mail inside a mail inside a mail is read; deeper ones are kept as files.
DEPTH_MOST = 3
#: How many pages and PDFs of one mail are converted, and how long each may take, in
#: seconds: together what a hostile mail may hold up the intake.
CONVERTED_MOST = 5
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
    seen: int = 0
    converted: int = 0

    def may_convert(self) -> bool:
        """Whether one more page or PDF may be converted; counts it."""
        self.converted += 1
        return self.converted <= CONVERTED_MOST

    def full(self) -> bool:
        return self.seen >= PARTS_MOST


def read(data: bytes, name: str) -> Reading:
    if _intricate(data):
        return _beginning(data, "the mail is built too intricately to be read in full")
    haul = _Haul()
    try:
        message = headers.parsed(data)
        if not message.keys():
            return _no_mail(data, name)
        _gather(message, haul, 0)
    except Exception:  # noqa: BLE001 - the parser raises nearly anything for a broken mail
        return _beginning(data, "the mail is damaged: only its beginning was read")
    if haul.full():
        haul.remarks.append(f"the mail has many parts: only the first {PARTS_MOST} were read")
    _read_attached(haul)
    return _reading(message, haul)


def _intricate(data: bytes) -> bool:
    nested = len(_NESTED.findall(data))
    borders = Counter(_BORDER.findall(data))
    return (
        nested > NESTED_MOST
        or data.count(b"\n") * (nested + 1) > WORK_MOST
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


def _no_mail(data: bytes, name: str) -> Reading:
    reading = other_file.read(data, name) if is_binary(data) else text_file.read(data, name)
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
    elif words and (kind == "text/plain" or haul.may_convert()):
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
    charset = part.get_content_charset("") if part.get("content-type") else ""
    text, guessed = text_file.decode(_bytes(part), charset or "")
    haul.remarks += guessed
    if kind == "text/html":
        text, remarks = html_file.text_of(text, TEXT_MOST, CONVERT_S)
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
        return one_line(part.get_filename() or "")
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


def _read_attached(haul: _Haul) -> None:
    """Puts the text of readable attachments under a heading with their name."""
    for part in haul.attachments:
        convert = _converter(part)
        if convert is None:
            continue
        if not haul.may_convert():
            haul.remarks.append(f"{part.name} was not read: the mail has too many attachments")
            continue
        text, remarks = convert(part.data)
        haul.remarks += [f"{part.name}: {remark}" for remark in remarks]
        if text:
            haul.texts.append(f"## {part.name}\n\n{text}")


_Converter = Callable[[bytes], tuple[str, tuple[str, ...]]]


def _converter(part: Part) -> _Converter | None:
    """How the text of a file in a mail is got; None for a kind that has none."""
    ending = part.name.rpartition(".")[2].lower()
    if is_pdf(part.data) and (ending == "pdf" or part.data.startswith(b"%PDF-")):
        return lambda data: pdf_file.text_of(data, ATTACHED_TEXT_MOST, CONVERT_S)
    if is_binary(part.data) or what_is(part.data):
        return None
    return {"txt": _plain, "md": _plain, "html": _page, "htm": _page}.get(ending)


def _plain(data: bytes) -> tuple[str, tuple[str, ...]]:
    text, guessed = text_file.decode(data)
    text, long = cut(text.strip(), ATTACHED_TEXT_MOST, "the text")
    return text, guessed + long


def _page(data: bytes) -> tuple[str, tuple[str, ...]]:
    text, guessed = text_file.decode(data)
    text, remarks = html_file.text_of(text, ATTACHED_TEXT_MOST, CONVERT_S)
    return text, guessed + remarks
