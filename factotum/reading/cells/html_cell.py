"""A web page, the HTML of a mail or of a converted document: its words as Markdown."""

from __future__ import annotations

import warnings
from html.parser import HTMLParser
from typing import Any

#: Elements that are no text, and elements whose end ends a line.
SILENT = ("script", "style", "head", "title", "template", "noscript", "svg", "iframe", "object")
BLOCKS = ("p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "hr")


class _Bare(HTMLParser):
    """Text without any structure, for pages that are nested too deep to convert."""

    def __init__(self) -> None:
        super().__init__()
        self.out: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        if tag in BLOCKS:
            self.out.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.silent = max(0, self.silent - (tag in SILENT))
        if tag in BLOCKS:
            self.out.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.out.append(data)


def read(data: bytes, most: int, until_s: float) -> dict[str, Any]:
    """The page as Markdown text: no links, no pictures, nothing that runs."""
    source = data.decode("utf-8", errors="replace")
    try:
        text = _converted(source)
    except RecursionError:
        bare = _Bare()
        bare.feed(source)
        lines = "".join(bare.out).split("\n")
        text = "\n".join(line for line in lines if line.strip())
    return {"text": text[: most + 1]}


def _converted(source: str) -> str:
    from bs4 import BeautifulSoup, Comment
    from markdownify import MarkdownConverter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a page looks like a file name is no matter
        soup = BeautifulSoup(source, "html.parser")
    for element in soup(list(SILENT)):
        element.decompose()
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    converter = MarkdownConverter(
        strip=["a", "img", "video", "audio"],
        heading_style="ATX",
        bullets="-",
        table_infer_header=True,
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
    )
    return str(converter.convert_soup(soup))
