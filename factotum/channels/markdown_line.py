"""One paragraph of Markdown as words with marks: emphasis, code, links, pictures, and Obsidian's
own `[[links|shown]]`, `![[embeds]]` and `==highlights==`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from factotum.channels.links import led
from factotum.channels.words import Span, Words, shown

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_MARKS = {"em": "italic", "strong": "bold", "s": "strike"}
_WIKI = re.compile(r"(!?)\[\[([^\[\]\n]{1,400})\]\]")
_HIGHLIGHT = re.compile(r"==([^=\s](?:[^=]*[^=\s])?)==")
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".bmp", ".avif", ".heic")


def line(text: str, references: dict[str, Any]) -> Words:
    """The words of one paragraph; `references` are the link addresses named elsewhere."""
    tokens: list[Token] = []
    parser = _parser()
    parser.inline.parse(text, parser, references, tokens)
    return _Line().read(tokens)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("strikethrough")
    parser.inline.ruler.before("link", "wiki", _wiki)
    parser.inline.parse("ready", parser, {}, [])  # as in `markdown`
    return parser


def _wiki(state: StateInline, silent: bool) -> bool:
    found = _WIKI.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        state.push("wiki", "", 0).content = _wiki_shown(found[2], embedded=bool(found[1]))
    state.pos = found.end()
    return True


def _wiki_shown(inside: str, *, embedded: bool) -> str:
    """What a reader sees of `[[inside]]`: what it is to be shown as, else the note's name."""
    target, _, alias = inside.replace("\\|", "|").partition("|")
    note, _, place = target.partition("#")
    name = note.rpartition("/")[2].strip().removesuffix(".md")
    if embedded:  # the part behind the bar is the width of a picture
        return f"{'🖼' if name.lower().endswith(_PICTURES) else '📎'} {name or place}"
    return alias.strip() or " > ".join(part for part in (name, place.strip("#^ ")) if part)


class _Line:
    """Text and spans, as they grow from token to token."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._length = 0
        self._spans: list[Span] = []
        #: Of each mark that is not closed yet: where it begins, in which text, where it leads.
        self._open: list[tuple[int, int, str]] = []

    def read(self, tokens: Sequence[Token]) -> Words:
        for token in tokens:
            kind, _, end = token.type.rpartition("_")
            if end == "open":
                address = str(token.attrs.get("href", ""))
                self._open.append((self._length, len(self._texts), address))
            elif end == "close":
                self._close(kind)
            else:
                self._others().get(token.type, self._plain)(token)
        return Words("".join(self._texts), tuple(self._spans))

    def _others(self) -> dict[str, Callable[[Token], None]]:
        return {
            "text": self._text,
            "softbreak": lambda _: self._say("\n"),
            "hardbreak": lambda _: self._say("\n"),
            "code_inline": lambda token: self._say(token.content, "code"),
            "image": self._image,
        }

    def _say(self, text: str, mark: str = "") -> None:
        text = shown(text)  # an entity such as &#8238; can bring back what cannot be seen
        if mark:
            self._spans.append(Span(self._length, len(text), mark))
        self._texts.append(text)
        self._length += len(text)

    def _plain(self, token: Token) -> None:
        self._say(token.content)

    def _text(self, token: Token) -> None:
        for at, piece in enumerate(_HIGHLIGHT.split(token.content)):
            self._say(piece, "bold" if at % 2 else "")

    def _close(self, kind: str) -> None:
        start, first, address = self._open.pop()
        length = self._length - start
        if kind != "link":
            self._spans.append(Span(start, length, _MARKS[kind]))
            return
        text = "".join(self._texts[first:])
        if not text.strip():
            self._say(address)
            return
        target, behind = led(text, address)
        if target:
            self._spans.append(Span(start, length, "link", target))
        self._say(behind)

    def _image(self, token: Token) -> None:
        alt = _Line().read(token.children or []).text
        source = str(token.attrs.get("src", ""))
        self._say(f"🖼 {alt.strip() or source.rpartition('/')[2] or 'picture'}")
