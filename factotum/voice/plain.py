"""From Markdown to what a person would read out: words and pauses, no signs.

Pure. What sounds like nothing is left out (code, pictures, addresses); a heading and a line of a
list end with a full stop, so that a voice pauses there.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token

#: `[[note|shown]]`, `[[note#part]]`: what is shown, else the note.
_WIKILINK = re.compile(r"!?\[\[([^\[\]|#]*)(?:#[^\[\]|]*)?(?:\|([^\[\]]*))?\]\]")
#: The marks of a callout (`> [!info]- Title`), of a task (`[x]`) and of a comment (`%% … %%`).
_MARKS = re.compile(r"^(\s*(?:>\s*)*)\[![\w-]+\][+-]?|%%.*?%%", re.M | re.S)
_BOX = re.compile(r"^\[[ xX]\]\s+")
_ADDRESS = re.compile(r"(?:https?|mailto|obsidian|file):[^\s<>]+")
_ENDS = ".!?…:;,。！？：；"


def plain(text: str) -> str:
    """The text as it is read out, one paragraph a line."""
    from markdown_it import MarkdownIt

    text = _WIKILINK.sub(lambda link: link[2] or link[1], _MARKS.sub(r"\1", text))
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    lines = [_line(token) for token in parser.parse(text) if token.type == "inline"]
    return "\n".join(line for line in lines if line)


def _line(inline: Token) -> str:
    said = "".join(_words(token) for token in inline.children or ())
    said = _ADDRESS.sub("", _BOX.sub("", said))
    said = "".join(char for char in said if not _is_picture(char))
    said = " ".join(said.split())
    if not any(char.isalnum() for char in said):
        return ""
    return said if said[-1] in _ENDS else f"{said}."


def _is_picture(char: str) -> bool:
    """Whether it would be read out as “white heavy check mark”, or is a part of such a sign."""
    return unicodedata.category(char) in ("So", "Sk") or char in "\u200d\ufe0e\ufe0f"


def _words(token: Token) -> str:
    if token.type in ("text", "code_inline"):
        return token.content
    return " " if token.type in ("softbreak", "hardbreak") else ""


def cut(text: str, chars_most: int) -> str:
    """At most so many characters: up to the end of a sentence, else of a word."""
    if len(text) <= chars_most:
        return text
    head = text[:chars_most]
    ends = [found.end() for found in re.finditer(r"[.!?…](?=\s)|[。！？]|(?=\n)", head)]
    end = ends[-1] if ends else head.rfind(" ")
    return head[:end].rstrip() if end > 0 else head
