"""The words of a page, without what a browser would do with it. Never fails, never recurses."""

from __future__ import annotations

import codecs
import re
from html.parser import HTMLParser

#: What is never read: it is no text, or it is not seen.
SKIPPED = frozenset("script style noscript template svg math iframe object head select".split())
#: What stands in lines of its own.
BLOCKS = frozenset(
    "address article aside blockquote br dd div dl dt fieldset figcaption figure footer form h1 h2"
    " h3 h4 h5 h6 header hr li main nav ol p pre section table td th tr ul".split()
)
HEADINGS = {f"h{n}": "#" * n + " " for n in range(1, 7)}


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title = ""
        self._skipping = ""
        self._nested = 0
        self._in_title = False
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self._in_title = True
        elif self._skipping:
            self._nested += tag == self._skipping
        elif tag in SKIPPED:
            self._skipping, self._nested = tag, 1
        elif tag == "body":
            self._skipping = ""
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "")[:500])
        elif tag in BLOCKS:
            self.parts.append("\n" + HEADINGS.get(tag, "- " if tag == "li" else ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif self._skipping:
            self._nested -= tag == self._skipping
            if self._nested <= 0:
                self._skipping = ""
        elif tag == "a" and self._links:
            if (link := self._links.pop()).startswith(("http://", "https://", "/")):
                self.parts.append(f" <{link}>")
        elif tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title = (self.title + data)[:300]
        elif not self._skipping:
            self.parts.append(re.sub(r"\s+", " ", data))


def words_of(html: str) -> tuple[str, str]:
    """(the title, the text with a line for each block and links behind their words)."""
    reader = _Words()
    reader.feed(html)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.parts).split("\n")]
    kept = [line for line in lines if line not in ("", "-")]
    return " ".join(reader.title.split()), "\n".join(kept)


#: Encodings in which a few bytes can cost minutes, or that are no writing at all.
NO_WRITING = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"}


def decoded(data: bytes, charset: str) -> str:
    """The text of a page by what it says of itself; what does not fit is shown as �."""
    if not charset and (said := re.search(rb"<meta[^>]{0,200}charset=[\"']?([\w-]+)", data[:2048])):
        charset = said[1].decode()
    try:
        name = codecs.lookup(charset[:40] or "utf-8").name
        if name not in NO_WRITING:
            return data.decode(name, errors="replace")
    except (LookupError, ValueError):
        pass
    return data.decode("utf-8", errors="replace")
