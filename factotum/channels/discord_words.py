"""Words with marks as Discord's Markdown: what is text stays text there too.

Every character that could be a mark gets a backslash. An address in the text can be tapped, as
everywhere, but nothing is fetched from it: it stands in angle brackets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from factotum.channels.split import utf16
from factotum.channels.words import Span, Words

#: The longest message, in characters; counted in UTF-16 units, of which there are never fewer.
MOST_UNITS = 2000

_PUNCTUATION = re.compile(r"([\\*_~`|<>\[\]()#@:!-])")
_NUMBERED = re.compile(r"(?m)^(\s*\d+)([.)])(?=\s|$)")
_ADDRESS = re.compile(r"https?://[^\s<>\\]+[^\s<>\\.,:;!?\"')\]}]")
_SIGNS = {"bold": "**", "italic": "*", "strike": "~~", "spoiler": "||"}


def markdown(words: Words) -> str:
    """The words as one message, cut where they are too long for it."""
    shown = _all(words)
    if utf16(shown) <= MOST_UNITS:
        return shown
    fits, over = 0, len(words)
    while over - fits > 1:
        middle = (fits + over) // 2
        if utf16(_all(words.cut(middle))) <= MOST_UNITS:
            fits = middle
        else:
            over = middle
    return _all(words.cut(fits))


def _all(words: Words) -> str:
    return _range(words.text, 0, len(words.text), words.spans).strip()


def _range(text: str, start: int, end: int, spans: Sequence[Span]) -> str:
    """What stands from `start` to `end`, with the marks on it, the outer ones first."""
    out, at = [], start
    for n, span in enumerate(spans):
        first, last = max(span.start, at), min(span.end, end)
        if first >= last:
            continue  # a part of one before it, where it was told
        out.append(_plain(text[at:first]))
        out.append(_marked(text, first, last, span, spans[n + 1 :]))
        at = last
    return "".join([*out, _plain(text[at:end])])


def _marked(text: str, start: int, end: int, span: Span, within: Sequence[Span]) -> str:
    raw = text[start:end]
    match span.mark:
        case "pre":
            inside = raw.replace("```", "'''").strip("\n")
            return f"```\n{inside}\n```"
        case "code":
            return f"`` {raw} ``" if "`" in raw else f"`{raw}`" if raw.strip() else raw
    inner = _range(text, start, end, within)
    match span.mark:
        case "quote":
            return "\n".join(f"> {line}" for line in inner.split("\n"))
        case "link":
            href = span.href
            safe = href.startswith(("https://", "http://")) and not re.search(r"[\s<>\\]", href)
            return f"[{inner}](<{href}>)" if safe else inner
        case _:
            return _around(inner, _SIGNS.get(span.mark, ""))


def _around(inner: str, sign: str) -> str:
    """The signs close to the words: beside a blank they would be none."""
    middle = inner.strip()
    if not middle:
        return inner
    before, after = inner.split(middle, 1)
    return f"{before}{sign}{middle}{sign}{after}"


def _plain(text: str) -> str:
    out, at = [], 0
    for found in _ADDRESS.finditer(text):
        out += [_escaped(text[at : found.start()]), f"<{found[0]}>"]
        at = found.end()
    return "".join([*out, _escaped(text[at:])])


def _escaped(text: str) -> str:
    return _NUMBERED.sub(r"\1\\\2", _PUNCTUATION.sub(r"\\\1", text))
