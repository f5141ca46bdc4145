"""A web page or the HTML of a mail: its words, without links, pictures or scripts."""

from __future__ import annotations

import re
from html import unescape

from factotum.reading import cell
from factotum.reading.shape import (
    FILE_S,
    TEXT_MOST,
    Bounds,
    Reading,
    clean,
    cut,
    one_line,
    stem,
)
from factotum.reading.text_file import decode

#: How much source is converted, in characters. Newsletters have up to 500,000.
SOURCE_MOST = 1_000_000

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([\w-]{1,40})", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,1000})", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,5000}>")
_LINES = re.compile(r"\n[ \t\n]*\n[ \t]*")


def text_of(
    source: str, most: int = TEXT_MOST, wait_s: float = FILE_S
) -> tuple[str, tuple[str, ...]]:
    """The words of the page, at most `most` characters, and what to know about them."""
    source, remarks = cut(source, SOURCE_MOST, "the HTML")
    found = cell.run("html", source.encode("utf-8", errors="replace"), most, wait_s)
    if isinstance(found, cell.Broken):
        text = _TAG.sub(" ", source)
        remarks += (f"the HTML could not be converted: {found.reason}; its tags were cut out",)
    else:
        text = found["text"]
    text, long = cut(_LINES.sub("\n\n", clean(text)).strip(), most, "the page")
    return text, remarks + long


def read(data: bytes, name: str, bounds: Bounds) -> Reading:
    claimed = _CHARSET.search(data[:4096])
    source, guessed = decode(data, claimed[1].decode() if claimed else "")
    text, remarks = text_of(source, bounds.text_most, bounds.wait_s)
    titled = _TITLE.search(source[:20_000])
    title = one_line(unescape(titled[1])) if titled else ""
    return Reading(
        "file",
        title or stem(name),
        text,
        remarks=guessed + remarks,
    )
