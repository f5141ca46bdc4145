"""What a person wrote with marks, as Markdown for a note.

Only the marks become signs. Signs that the person typed stay as they were typed: whoever writes
Markdown into a message means it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from factotum.channels.nesting import nested
from factotum.channels.words import Span

_SIGNS = {"bold": "**", "italic": "*", "strike": "~~"}
_BLOCKS = ("quote", "pre")
_LEADS = re.compile(r"(?:https?://|mailto:)\S+", re.I)
#: Signs that would end an address too early.
_IN_ADDRESS = {ord(sign): f"%{ord(sign):02X}" for sign in "()<>[]\\|`\"' "}


def written(text: str, spans: Sequence[Span]) -> str:
    """The text as Markdown. The `href` of a pre mark is the language of the code."""
    return _blocks(text, 0, len(text), nested(spans))


def _blocks(text: str, start: int, end: int, spans: Sequence[Span]) -> str:
    """Quotes and code, each in lines of its own, between the lines of the rest."""
    blocks: list[str] = []
    at = start
    for block in _topmost([one for one in spans if one.mark in _BLOCKS]):
        if not text[block.start : block.end].strip():
            continue
        blocks.append(_lines(text, at, block.start, spans).strip("\n"))
        if block.mark == "pre":
            blocks.append(_fenced(text[block.start : block.end], block.href))
        else:
            within = [one for one in _inside(spans, block) if one.mark != "quote"]
            inside = _blocks(text, block.start, block.end, within)
            blocks.append("\n".join(f"> {line}".rstrip() for line in inside.split("\n")))
        at = block.end
    rest = _lines(text, at, end, spans)
    if not blocks:
        return rest
    return "\n\n".join(one for one in (*blocks, rest.strip("\n")) if one)


def _lines(text: str, start: int, end: int, spans: Sequence[Span]) -> str:
    """Line by line, for no mark of Markdown reaches beyond a paragraph."""
    marks = [one for one in spans if one.mark not in _BLOCKS]
    lines = []
    for line in text[start:end].split("\n"):
        lines.append(_inline(text, start, start + len(line), marks))
        start += len(line) + 1
    return "\n".join(lines)


def _inline(text: str, start: int, end: int, spans: Sequence[Span]) -> str:
    shown, at = "", start
    for span in _topmost(_between(spans, start, end)):
        inner = text[span.start : span.end]
        first = span.start + len(inner) - len(inner.lstrip())
        last = first + len(inner.strip())
        shown += text[at:first]
        if first < last:
            shown += _marked(text, Span(first, last - first, span.mark, span.href), spans)
        at = max(first, last)
    return shown + text[at:end]


def _marked(text: str, span: Span, spans: Sequence[Span]) -> str:
    plain = text[span.start : span.end]
    if span.mark == "code":
        return _code(plain)
    within = [one for one in spans if one.mark != span.mark]
    inside = _inline(text, span.start, span.end, within)
    if span.mark != "link":
        sign = _SIGNS.get(span.mark, "")
        return f"{sign}{inside}{sign}"
    if span.href == plain or not _LEADS.fullmatch(span.href):
        return inside
    label = inside.replace("[", "\\[").replace("]", "\\]")
    return f"[{label}]({span.href.translate(_IN_ADDRESS)})"


def _code(text: str) -> str:
    ticks = "`" * (_longest_run(text) + 1)
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{blank}{text}{blank}{ticks}"


def _fenced(text: str, language: str) -> str:
    fence = "`" * max(3, _longest_run(text) + 1)
    named = language if re.fullmatch(r"[\w+#.-]{1,30}", language) else ""
    return f"{fence}{named}\n{text.strip(chr(10))}\n{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _inside(spans: Sequence[Span], outer: Span) -> list[Span]:
    return _between([one for one in spans if one is not outer], outer.start, outer.end)


def _between(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """What of the spans lies from `start` to `end`, at its own place."""
    parts = []
    for one in spans:
        first, last = max(one.start, start), min(one.end, end)
        if first < last:
            parts.append(Span(first, last - first, one.mark, one.href))
    return parts


def _topmost(spans: Sequence[Span]) -> list[Span]:
    """Of nested spans, outer ones first, those that lie in no other."""
    top: list[Span] = []
    for span in spans:
        if not top or span.start >= top[-1].end:
            top.append(span)
    return top
