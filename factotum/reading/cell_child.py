"""Runs in a child process of its own: turns hostile bytes into text, and may die doing it.

Bytes come by standard input, JSON goes to standard output. It is started by its path and
imports nothing of ours; the parent sets the time-out, the limits are set here.
"""

from __future__ import annotations

import io
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

MEMORY_MOST_BYTES = 1024 * 1024 * 1024
PAGES_MOST = 500

#: Elements that are no text, and elements whose end ends a line.
SILENT = ("script", "style", "head", "title", "template", "noscript", "svg", "iframe", "object")
BLOCKS = ("p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "hr")


def confine(cpu_s: int) -> None:
    """No more memory or time than this, and no file may grow. Not every system obeys."""
    import resource

    for what, most in (
        (resource.RLIMIT_AS, MEMORY_MOST_BYTES),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            continue


def pdf(data: bytes, most: int, until_s: float) -> dict[str, Any]:
    """The text of each page, until there are `most` characters or the time is nearly up."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        return {"encrypted": True}
    pages = len(reader.pages)
    texts: list[str] = []
    broken = length = 0
    for number in range(min(pages, PAGES_MOST)):
        try:
            text = reader.pages[number].extract_text()
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - one bad page is no reason to lose the others
            broken += 1
            continue
        texts.append(text)
        length += len(text)
        if length > most or time.monotonic() > until_s:
            break
    return {"pages": pages, "read": len(texts), "broken": broken, "texts": texts}


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


def html(data: bytes, most: int, until_s: float) -> dict[str, Any]:
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
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
    )
    return str(converter.convert_soup(soup))


KINDS: dict[str, Callable[[bytes, int, float], dict[str, Any]]] = {"pdf": pdf, "html": html}


def main(kind: str, most: str, wait_s: str) -> None:
    until_s = time.monotonic() + 0.7 * float(wait_s)
    confine(max(1, round(float(wait_s))))
    logging.disable(logging.CRITICAL)
    answer = KINDS[kind](sys.stdin.buffer.read(), int(most), until_s)
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
