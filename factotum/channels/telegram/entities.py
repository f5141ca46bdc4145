"""Marks as Telegram counts and allows them, and back into Markdown.

Telegram counts in UTF-16 units, and refuses a message for one link that it does not like or one
mark that ends within a character. What it may not show is left out; the text is never changed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from factotum.channels.nesting import nested
from factotum.channels.words import Span, Words
from factotum.channels.written import written

if TYPE_CHECKING:
    from telegram import MessageEntity

#: Telegram shows so many marks in one message; the rest would be dropped at its choice.
MOST_ENTITIES = 100
#: Which marks are kept first where there are more.
_NEED = ("pre", "code", "spoiler", "link", "quote", "bold", "italic", "strike")
#: Code keeps what others wrote from being tapped: with more pieces than this in one message,
#: all from there to the last one is shown as one.
_MOST_CODE = 80
_TYPES = {
    "bold": "bold",
    "italic": "italic",
    "strike": "strikethrough",
    "spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "link": "text_link",
    "quote": "blockquote",
}
_MARKS = {kind: mark for mark, kind in _TYPES.items()} | {"expandable_blockquote": "quote"}
#: So many marks of a message are read; Telegram sends no more than 100.
_MOST_READ = 300
_LONE = re.compile("[\ud800-\udfff]")

#: A quote of more rows than this is folded; a row on a phone takes about so many characters.
_UNFOLDED_ROWS, _ROW_CHARS = 6, 45
#: Orders that only look: a tap on one of these changes nothing, whoever wrote it there.
LOOKS = frozenset("help start status tasks did cost costs rule rules".split())
#: What a tap would send to us as the owner's own order.
_COMMAND = re.compile(r"(?<![\w/<>])/([a-z0-9_]+)(?:@\w+)?", re.I | re.A)
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*", re.A)
_ADDRESS = re.compile(r"https?://[\x21-\x7e]{1,2000}", re.I)


def entities(words: Words) -> list[MessageEntity]:
    """The marks of the words as Telegram's message entities, for exactly this text."""
    text = words.text
    spans = [one for one in words.spans if one.mark != "link" or _taken(one.href)]
    spans += list(_untapped(text, spans))
    kept = _needed(filter(None, (_trimmed(text, one) for one in nested(_few_pieces(spans)))))
    places = _places(text)
    return [_entity(text, places, one) for one in kept]


def read(text: str, marked: Iterable[MessageEntity] | None) -> str:
    """What a person sent, as Markdown. Marks that lie beside the text or are none of ours are
    passed over."""
    places = _places(text)
    found = (_span(places, one) for one, _ in zip(marked or (), range(_MOST_READ), strict=False))
    written_text = written(text, [one for one in found if one is not None])
    return _LONE.sub("\ufffd", written_text.replace("\0", ""))


def _places(text: str) -> list[int]:
    """Where each character of the text, and its end, lies in UTF-16 units."""
    return [0, *accumulate(1 + (char > "\uffff") for char in text)]


def _entity(text: str, places: list[int], span: Span) -> MessageEntity:
    from telegram import MessageEntity

    kind = _TYPES[span.mark]
    folds = span.mark == "quote" and span.href != "whole"
    if folds and _rows(text[span.start : span.end]) > _UNFOLDED_ROWS:
        kind = "expandable_blockquote"
    start, end = places[span.start], places[span.end]
    url = span.href if span.mark == "link" else None
    return MessageEntity(kind, start, end - start, url=url)


def _span(places: list[int], entity: MessageEntity) -> Span | None:
    mark = _MARKS.get(str(entity.type))
    start, length = cast(tuple[Any, Any], (entity.offset, entity.length))  # nobody has checked them
    if mark is None or not (isinstance(start, int) and isinstance(length, int)):
        return None
    first, last = bisect_left(places, start), bisect_left(places, start + length)
    last = min(last, len(places) - 1)
    about = {"pre": entity.language, "link": entity.url}.get(mark)
    return Span(first, last - first, mark, about if isinstance(about, str) else "")


def _rows(text: str) -> int:
    return sum(1 + max(len(line) - 1, 0) // _ROW_CHARS for line in text.split("\n"))


def _needed(spans: Iterable[Span]) -> list[Span]:
    found = list(spans)
    if len(found) <= MOST_ENTITIES:
        return found
    first = sorted(range(len(found)), key=lambda at: (_NEED.index(found[at].mark), at))
    return [found[at] for at in sorted(first[:MOST_ENTITIES])]


def _trimmed(text: str, span: Span) -> Span | None:
    """The span without the blank at its ends, which Telegram takes out of it."""
    inside = text[span.start : span.end]
    start = span.start + len(inside) - len(inside.lstrip())
    length = len(inside.strip())
    return replace(span, start=start, length=length) if length else None


def _untapped(text: str, spans: Sequence[Span]) -> Iterator[Span]:
    """Marks that keep what looks like an order from being sent by a tap on it: in a quote all,
    elsewhere those that do something, unless code of ours put them there."""
    quotes = [one for one in spans if one.mark == "quote"]
    ours = [one for one in spans if one.mark == "order"]
    for found in _COMMAND.finditer(text):
        at, looks = found.start(), found[1].casefold() in LOOKS
        quoted = any(one.start <= at < one.end for one in quotes)
        if quoted or not (looks or any(one.start <= at < one.end for one in ours)):
            yield Span(at, found.end() - at, "code")


def _few_pieces(spans: list[Span]) -> list[Span]:
    """The spans, with so little code that none of it has to give way."""
    code = sorted((one for one in spans if one.mark == "code"), key=lambda one: one.start)
    if len(code) <= _MOST_CODE:
        return spans
    first, end = code[_MOST_CODE - 1].start, max(one.end for one in code)
    rest = [one for one in spans if one.mark != "code"]
    return [*rest, *code[: _MOST_CODE - 1], Span(first, end - first, "pre")]


def _taken(address: str) -> bool:
    """Whether Telegram takes the address for a link, rather than refuse the message."""
    if not _ADDRESS.fullmatch(address):
        return False
    try:
        place = urlsplit(address)
        port = place.port
    except ValueError:
        return False
    return place.username is None and port != 0 and bool(_HOST.fullmatch(place.hostname or ""))
