"""Words with marks, as every channel shows them: text is text, and marks stand beside it.

Nothing inside a text can ever become a mark, and nothing in it is hidden: what nobody could see
is written out, as everywhere in the office. Only `channels.markdown` reads marks out of a text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from factotum.inert import visible

#: An `order` of ours may be sent by a tap on it, where a channel knows such; it looks like text.
MARKS = ("bold", "italic", "code", "pre", "quote", "strike", "link", "spoiler", "order")

_PICTURE = "\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff"
_JOINING = (
    "\u0620-\u06d3\u06d5-\u06dc\u06de-\u06ff\u0710-\u077f\u08a0-\u08e1\u0900-\u0dff\u1000-\u109f"
)
#: The joiners that belong to the picture or the word they stand in; all others would be hidden.
_JOINER = re.compile(
    f"((?<=[{_PICTURE}])\u200d(?=[{_PICTURE}])|(?<=[{_JOINING}])[\u200c\u200d](?=[{_JOINING}]))"
)
_RING = re.compile(".\u030a")
#: A character that nobody could see, in a text that cannot become longer.
_UNSEEN = "\ufffd"
#: So many characters are looked at to find where a character as people see it begins.
_LONGEST_CHARACTER = 64


@dataclass(frozen=True)
class Span:
    """A mark on `length` code points of a text, from `start` on; `href` where a link leads."""

    start: int
    length: int
    mark: str
    href: str = ""

    def __post_init__(self) -> None:
        if self.mark not in MARKS:
            raise ValueError(f"{self.mark!r} is no mark; there are: {', '.join(MARKS)}")

    @property
    def end(self) -> int:
        return self.start + self.length

    def within(self, start: int, end: int) -> Span:
        """What of it lies from `start` to `end`, counted from `start`; may be empty."""
        first = min(max(self.start, start), end)
        last = max(min(self.end, end), first)
        return replace(self, start=first - start, length=last - first)


@dataclass(frozen=True)
class Words:
    """A text and the marks on it. Make it by `of`, `bold`, `code` and their like, all of which
    begin anew; put it together by `+` and `join`."""

    text: str = ""
    spans: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        if shown(self.text) != self.text:
            object.__setattr__(self, "text", _in_place(self.text))
        if self.spans:
            inside = (one.within(0, len(self.text)) for one in self.spans)
            kept = sorted((one for one in inside if one.length), key=_outer_first)
            object.__setattr__(self, "spans", tuple(dict.fromkeys(kept)))

    # ------------------------------------------------------------------ making

    @classmethod
    def of(cls, text: str | Words) -> Words:
        """The text as it is, without marks; what is hidden in it is written out."""
        return text if isinstance(text, Words) else cls(_composed(shown(text)))

    @classmethod
    def marked(cls, text: str | Words, mark: str, href: str = "") -> Words:
        """The whole text under one mark, beside those that it has."""
        words = cls.of(text)
        return cls(words.text, (Span(0, len(words.text), mark, href), *words.spans))

    @classmethod
    def bold(cls, text: str | Words) -> Words:
        return cls.marked(text, "bold")

    @classmethod
    def italic(cls, text: str | Words) -> Words:
        return cls.marked(text, "italic")

    @classmethod
    def strike(cls, text: str | Words) -> Words:
        return cls.marked(text, "strike")

    @classmethod
    def spoiler(cls, text: str | Words) -> Words:
        return cls.marked(text, "spoiler")

    @classmethod
    def code(cls, text: str | Words) -> Words:
        return cls.marked(text, "code")

    @classmethod
    def pre(cls, text: str | Words) -> Words:
        return cls.marked(text, "pre")

    @classmethod
    def quote(cls, text: str | Words) -> Words:
        return cls.marked(text, "quote")

    @classmethod
    def whole(cls, text: str | Words) -> Words:
        """A quote that is never folded, however long: a yes means all of it."""
        return cls.marked(text, "quote", "whole")

    @classmethod
    def order(cls, text: str) -> Words:
        """A command that our own code offers. What others wrote is never made one."""
        return cls.marked(text, "order")

    @classmethod
    def link(cls, text: str | Words, href: str) -> Words:
        """A link that our own code makes. One that others wrote goes through `markdown.read`."""
        return cls.marked(text, "link", href)

    @classmethod
    def join(cls, separator: str | Words, parts: Iterable[str | Words]) -> Words:
        """The parts in a row with the separator between them, as `str.join` does it."""
        between = cls.of(separator)
        row: list[Words] = []
        for part in parts:
            if row:
                row.append(between)
            row.append(cls.of(part))
        return _in_a_row(row)

    # ------------------------------------------------------------------ taking apart

    def __bool__(self) -> bool:
        return bool(self.text)

    def __len__(self) -> int:
        return len(self.text)

    def __add__(self, more: str | Words) -> Words:
        return _in_a_row([self, Words.of(more)])

    def __radd__(self, before: str) -> Words:
        return _in_a_row([Words.of(before), self])

    def part(self, start: int, end: int | None = None) -> Words:
        """The words from `start` to `end`, with the marks that lie on them."""
        last = len(self.text) if end is None else min(end, len(self.text))
        on_it = (one for one in self.spans if one.start < last and one.end > start)
        return Words(self.text[start:last], tuple(one.within(start, last) for one in on_it))

    def strip(self) -> Words:
        """Without the blank at both ends."""
        left = len(self.text) - len(self.text.lstrip())
        return self.part(left, max(left, len(self.text.rstrip())))

    def cut(self, max_chars: int) -> Words:
        """At most `max_chars` characters of it; “…” at the end where something is missing."""
        if len(self.text) <= max_chars:
            return self
        if max_chars < 1:
            return Words()
        kept = self.part(0, whole_before(self.text, max_chars - 1))
        return kept.part(0, len(kept.text.rstrip())) + "…"

    # ------------------------------------------------------------------ keeping

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "spans": [[one.start, one.length, one.mark, one.href] for one in self.spans],
        }

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Words:
        """What `to_json` gave. A mark that is not known here leaves its text unmarked."""
        known = (one for one in found["spans"] if one[2] in MARKS)
        return cls(found["text"], tuple(Span(*one) for one in known))


def shown(text: str) -> str:
    """The text with all that nobody could see written out, as `\\u202e`; pictures and words of
    several joined parts stay whole."""
    pieces = _JOINER.split(text)
    return "".join(one if at % 2 else visible(one) for at, one in enumerate(pieces))


def _composed(text: str) -> str:
    """A ring as a part of its letter: Telegram takes one that stands alone for decoration, and
    leaves it out."""
    return _RING.sub(lambda found: unicodedata.normalize("NFC", found[0]), text)


def _in_place(text: str) -> str:
    """As `shown`, and every character stays at its place."""
    pieces = _JOINER.split(text)
    for at in range(0, len(pieces), 2):
        pieces[at] = "".join(one if visible(one) == one else _UNSEEN for one in pieces[at])
    return "".join(pieces)


def _outer_first(span: Span) -> tuple[int, int]:
    return span.start, -span.length


def _in_a_row(parts: Iterable[Words]) -> Words:
    texts: list[str] = []
    spans: list[Span] = []
    at = 0
    for part in parts:
        texts.append(part.text)
        spans += (replace(one, start=one.start + at) for one in part.spans)
        at += len(part.text)
    return Words("".join(texts), tuple(spans))


def whole_before(text: str, at: int) -> int:
    """The last place up to `at` at which a cut tears no character as people see it: no letter
    from its accents, no picture from its parts. `at` itself where there is none near it."""
    for place in range(at, max(at - _LONGEST_CHARACTER, -1), -1):
        if not _torn(text, place):
            return place
    return at


def _torn(text: str, at: int) -> bool:
    """Whether a cut at `at` goes through a character as people see it."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if after in "\u200c\u200d" or before == "\u200d":
        return True
    if unicodedata.category(after).startswith("M") or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if _flag(after) and _flag(before):
        run = at - 1
        while run > max(0, at - _LONGEST_CHARACTER) and _flag(text[run - 1]):
            run -= 1
        return (at - run) % 2 == 1
    return "\u1160" <= after <= "\u11ff"  # the second and third part of a Korean syllable


def _flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
