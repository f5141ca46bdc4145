"""Reads MarkdownV2, the strict one: a sign that marks nothing and has no backslash is an error.

Source: core.telegram.org/bots/api#markdownv2-style; the errors' words are the published server's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.servers.telegram.facts import bad
from tests.servers.telegram.marks import Entity, Out

RESERVED = frozenset("_*[]()~`>#+-=|{}.!")
#: Signs that open and close a mark, the longer ones first: ``` before `, __ before _.
SIGNS = {
    "```": ("pre", "Pre"),
    "__": ("underline", "Underline"),
    "||": ("spoiler", "Spoiler"),
    "`": ("code", "Code"),
    "_": ("italic", "Italic"),
    "*": ("bold", "Bold"),
    "~": ("strikethrough", "Strikethrough"),
    "![": ("custom_emoji", "CustomEmoji"),
    "[": ("text_link", "TextUrl"),
}
URL = re.compile(r"\(((?:\\.|[^)\\])*)\)", re.DOTALL)
LANGUAGE = re.compile(r"([^\s`]+)(?=\s)")
NEWLINE = re.compile(r"\r\n|\n\r|\n|\r")
EMOJI = re.compile(r"(?i)tg:(?://)?emoji/?\?(?:.*&)?id=([1-9]\d*)")


@dataclass(frozen=True)
class Opened:
    sign: str
    start: int
    at: int
    language: str = ""


def read_markdown(text: str) -> tuple[str, list[Entity]]:
    """The text and its marks. Raises ApiError."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._out = Out()
        self._opened: list[Opened] = []
        self._quote: int | None = None
        self._line_begins = True

    def read(self) -> tuple[str, list[Entity]]:
        while self._at < len(self._text):
            self._step()
        self._end_quote()
        if self._opened:
            raise self._unended(self._opened[-1])
        return self._out.text, self._out.entities

    def _step(self) -> None:
        letter = self._text[self._at]
        inside = self._opened[-1].sign if self._opened else ""
        following = self._text[self._at + 1 : self._at + 2]
        if letter == "\\" and following and ord(following) <= 126:
            self._put(following, 2)
        elif self._closes(inside):
            self._close()
        elif inside == "`" or (inside == "```" and letter != "`"):
            self._put(letter)
        elif letter == "\n":
            self._end_line()
        elif letter == ">" and self._line_begins:
            self._at += 1
            if self._quote is None:
                self._quote = self._out.units
        elif sign := next((one for one in SIGNS if self._text.startswith(one, self._at)), ""):
            self._open(sign)
        elif letter in RESERVED:
            raise _wrong(f"Character '{letter}' is reserved and must be escaped with the "
                         "preceding '\\'")  # fmt: skip
        else:
            self._put(letter)

    def _put(self, letter: str, width: int = 1) -> None:
        self._out.add(letter)
        self._at += width
        self._line_begins = letter == "\n"

    def _closes(self, sign: str) -> bool:
        if sign in ("[", "!["):
            return self._text[self._at] == "]"
        if sign == "_" and self._text.startswith("__", self._at):
            return False  # the underline is closed first
        return bool(sign) and self._text.startswith(sign, self._at)

    def _open(self, sign: str) -> None:
        at, language = self._at, ""
        self._at += len(sign)
        if sign == "```":
            if found := LANGUAGE.match(self._text, self._at):
                language, self._at = found[1], found.end()
            if newline := NEWLINE.match(self._text, self._at):
                self._at = newline.end()
        self._opened.append(Opened(sign, self._out.units, at, language))

    def _close(self) -> None:
        opened = self._opened.pop()
        self._at += 1 if opened.sign in ("[", "![") else len(opened.sign)
        type = SIGNS[opened.sign][0]
        if type == "text_link":
            self._out.link(self._url(), opened.start)
        elif type == "custom_emoji":
            self._close_emoji(opened)
        elif opened.language:
            self._out.mark(type, opened.start, language=opened.language)
        else:
            self._out.mark(type, opened.start)

    def _close_emoji(self, opened: Opened) -> None:
        if not self._text.startswith("(", self._at):
            raise _wrong("The entity must contain a tg://emoji or tg://time URL")
        found = EMOJI.match(self._url())
        if not found:
            raise _wrong("Invalid tg://emoji or tg://time URL specified")
        self._out.mark("custom_emoji", opened.start, custom_emoji_id=found[1])

    def _url(self) -> str:
        """The address that stands in parentheses here; empty where there are none."""
        if not self._text.startswith("(", self._at):
            return ""
        found = URL.match(self._text, self._at)
        if not found:
            raise _wrong(f"Can't find end of a URL at byte offset {self._bytes(self._at + 1)}")
        self._at = found.end()
        return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL) or "-"

    def _end_line(self) -> None:
        if self._quote is not None and not self._text.startswith(">", self._at + 1):
            self._end_quote(also=1)
        self._put("\n")

    def _end_quote(self, also: int = 0) -> None:
        """A quote ends with its last line, of which `also` is the line break; || at its end
        makes it one that can be folded."""
        if self._quote is None:
            return
        type, start = "blockquote", self._quote
        self._quote = None
        if self._opened and self._opened[-1].sign == "||" and self._opened[-1].at == self._at - 2:
            self._opened.pop()
            type = "expandable_blockquote"
        if self._opened:
            raise self._unended(self._opened[-1])
        length = self._out.units + also - start
        if length:
            self._out.entities.append({"type": type, "offset": start, "length": length})

    def _bytes(self, at: int) -> int:
        return len(self._text[:at].encode())

    def _unended(self, opened: Opened) -> Exception:
        name = "PreCode" if opened.language else SIGNS[opened.sign][1]
        return _wrong(f"Can't find end of {name} entity at byte offset {self._bytes(opened.at)}")


def _wrong(what: str) -> Exception:
    return bad(f"can't parse entities: {what}")
