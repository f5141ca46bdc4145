"""What a model or a note says in Markdown, as words with marks: the only way from text to marks.

Whatever it is given, it gives words of it: HTML is text, links show where they lead, and what
is nested too deeply for a phone stands as it was written.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from factotum.channels.markdown_line import line
from factotum.channels.markdown_table import table
from factotum.channels.words import Words, shown

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

#: More than this is not read of one text, in characters.
MOST_CHARS = 100_000
#: How deep blocks may lie in one another: below that the parser would leave text out. A text
#: that goes deeper is read with so many markers and so many columns of indent a line.
_DEPTH, _MARKERS, _INDENT = 100, 16, 60

_STEP = re.compile(r"([ \t]*)(>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))?")
_LINE_END = re.compile(r"\n(?!\n)")
_CALLOUT = re.compile(r"\[!([\w-]+)\][+-]?[ \t]*(.*)")
_BOXES = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}


def read(text: str) -> Words:
    """The words of a Markdown text. What is beyond MOST_CHARS of it is cut with an ellipsis."""
    text = shown(text)
    source = text[:MOST_CHARS]
    try:
        words = _read(source)
    except Exception:  # noqa: BLE001  # a parser's fault must not keep a text from its reader
        words = Words.of(source)
    return (words + "…" if len(text) > MOST_CHARS else words).cut(MOST_CHARS)


def _read(text: str) -> Words:
    references: dict[str, Any] = {}
    tokens = _parser().parse(text, references)
    if any(token.level >= _DEPTH - 2 for token in tokens):
        text = "\n".join(map(_shallow, text.split("\n")))
        tokens = _parser().parse(text, references)
    return _Blocks(text.split("\n"), references).read(_tree(tokens)).strip()


@cache
def _parser() -> MarkdownIt:
    """The parser of blocks alone: paragraphs are read one by one, by `line`."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEPTH}).enable("table")
    parser.disable(["inline", "text_join", "html_block"])
    parser.parse("ready")  # it is finished by its first text, and several threads have texts
    return parser


def _shallow(text: str) -> str:
    """A line without what would take it too deep; markers beyond that are text."""
    kept, at, blank = [], 0, _INDENT
    for count in range(_MARKERS + 1):
        step = _STEP.match(text, at)
        assert step is not None  # both of its parts may be missing
        indent = step[1].expandtabs(4)[:blank]
        blank -= len(indent)
        at = step.end()
        marker = step[2] or ""
        if marker and count == _MARKERS:
            marker = f"{marker[:-1]}\\{marker[-1]}"
        kept += [indent, marker]
        if not marker:
            break
    return "".join(kept) + text[at:]


@dataclass
class _Node:
    token: Token
    inside: list[_Node] = field(default_factory=list)


def _tree(tokens: Sequence[Token]) -> list[_Node]:
    top: list[_Node] = []
    around = [top]
    for token in tokens:
        if token.nesting < 0:
            around.pop()
            continue
        around[-1].append(_Node(token))
        if token.nesting > 0:
            around.append(around[-1][-1].inside)
    return top


@dataclass
class _Blocks:
    """Blocks as words. `lines` are those of the text: a blank line in it is one in the words."""

    lines: list[str]
    references: dict[str, Any]
    quoted: bool = False

    def read(self, nodes: Sequence[_Node]) -> Words:
        parts: list[Words] = []
        for node in nodes:
            words = self._block(node)
            if not words:
                continue
            if parts:
                parts.append(Words.of("\n\n" if self._apart(node.token) else "\n"))
            parts.append(words)
        return Words.join("", parts)

    def _apart(self, token: Token) -> bool:
        """Whether the block stands apart from the one before it."""
        if token.type == "heading_open":
            return True
        before = self.lines[token.map[0] - 1] if token.map and token.map[0] else ""
        return not before.strip("> \t")

    def _block(self, node: _Node) -> Words:
        match node.token.type:
            case "inline":
                return line(node.token.content, self.references).strip()
            case "heading_open":
                return Words.bold(self.read(node.inside))
            case "fence" | "code_block":
                return Words.pre(node.token.content.rstrip("\n"))
            case "blockquote_open":
                return self._quote(node)
            case "bullet_list_open" | "ordered_list_open":
                return self._list(node)
            case "table_open":
                return self._table(node)
            case "hr":
                return Words.of("———")
            case _:
                return self.read(node.inside)

    def _quote(self, node: _Node) -> Words:
        inside = replace(self, quoted=True)
        title = _callout(node)
        words = inside.read(node.inside)
        if title:
            words = Words.join("\n", [one for one in (Words.bold(title), words) if one])
        # A quote in a quote cannot be shown as one everywhere.
        return _beside(words, "> ", "> ") if self.quoted else Words.quote(words)

    def _list(self, node: _Node) -> Words:
        number = int(node.token.attrs.get("start", 1)) if node.token.tag == "ol" else None
        items: list[Words] = []
        for item in node.inside:
            sign = "• " if number is None else f"{number}. "
            number = None if number is None else number + 1
            inside = self.read(item.inside)
            if inside.text[:4] in _BOXES:
                sign, inside = _BOXES[inside.text[:4]], inside.part(4)
            items.append(_beside(inside, sign, " " * len(sign)))
        return Words.join("\n", items)

    def _table(self, node: _Node) -> Words:
        rows = [row for part in node.inside for row in part.inside]
        head, *cells = [[self.read(cell.inside) for cell in row.inside] for row in rows]
        for row in cells:
            row += [Words()] * (len(head) - len(row))
        styles = [str(cell.token.attrs.get("style", "")) for cell in rows[0].inside]
        return table(head, cells, ["right" in style for style in styles])


def _callout(quote: _Node) -> str:
    """The title of `> [!info] Title`, which is taken out of the quote; empty for other quotes."""
    first = quote.inside[0] if quote.inside else None
    if first is None or first.token.type != "paragraph_open":
        return ""
    content = first.inside[0].token
    head, _, rest = content.content.partition("\n")
    found = _CALLOUT.fullmatch(head)
    if not found:
        return ""
    content.content = rest
    return found[2].strip() or found[1].replace("-", " ").capitalize()


def _beside(words: Words, first: str, others: str) -> Words:
    """The words with a sign before the first line and another before all others but blank ones."""
    ends = [found.start() for found in _LINE_END.finditer(words.text)]
    text = first + _LINE_END.sub(f"\n{others}", words.text)

    def moved(at: int) -> int:
        return len(first) + at + len(others) * bisect_left(ends, at)

    spans = (
        replace(one, start=moved(one.start), length=moved(one.end) - moved(one.start))
        for one in words.spans
    )
    return Words(text, tuple(spans))
