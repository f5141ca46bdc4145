"""A feed (RSS, Atom, RDF): its entries, newest first where they say when. Fetches nothing."""

from __future__ import annotations

import calendar
import io
import json
import re
from html.parser import HTMLParser
from typing import Any

TITLE_MOST, LINK_MOST, ID_MOST, TEXT_MOST = 300, 1000, 1000, 2000
#: How deep elements may lie in one another.
DEPTH_MOST = 200

_TAG = re.compile(rb"<(/?)[A-Za-z_][^<>]{0,2000}?(/?)>")
_NAMED = re.compile(
    rb"<link\b(?=[^>]{0,500}application/(?:rss|atom)\+xml)[^>]{0,500}?href\s*=\s*[\"']([^\"'<>]{1,500})",
    re.I,
)
_SPACE = re.compile(r"\s+")


class _Words(HTMLParser):
    """The words of an entry, a blank for each tag; nothing of what would run."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.silent and tag in ("script", "style", "template", "iframe", "object"):
            self.silent = tag
        self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.silent:
            self.silent = ""
        self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(data)


def read(data: bytes, most: int, until_s: float) -> dict[str, Any]:
    """`entries` (at most `most`), what is `broken`, or why it is `refused`. The first line of
    `data` is JSON of what the server said: `content-type`, `url`."""
    head, _, body = data.partition(b"\n")
    plain = body.replace(b"\0", b"")  # also of UTF-16 and UTF-32
    if re.search(rb"<!ENTITY", plain, re.I):
        return {"refused": "it defines entities of its own, as attackers do: it was not read"}
    if _depth(plain) > DEPTH_MOST:
        return {"refused": "it is nested as no feed is: it was not read"}
    found = _parsed(json.loads(head), body)
    if not found.get("version") and not found.get("entries"):
        named = _NAMED.search(plain[:200_000])
        hint = f"; its page names {named[1].decode(errors='replace')}" if named else ""
        return {"refused": f"it is no feed (RSS or Atom){hint}. Name the feed itself"}
    entries = [_entry(one) for one in found.entries]
    if len(entries) > most:
        entries.sort(key=lambda one: -(one["at"] or 0))
    broken = type(found.get("bozo_exception")).__name__ if _damaged(found) else ""
    return {"entries": entries[:most], "count": len(entries), "broken": broken}


def _parsed(head: dict[str, str], body: bytes) -> Any:
    import feedparser

    headers = {"content-type": head.get("content-type", ""), "content-location": head["url"]}
    # A stream, never bytes: those might be taken for the name of a file or an address.
    return feedparser.parse(io.BytesIO(body), response_headers=headers)


def _damaged(found: Any) -> bool:
    if not found.get("bozo"):
        return False
    name = type(found.get("bozo_exception")).__name__
    return name not in ("CharacterEncodingOverride", "NonXMLContentType")


def _depth(body: bytes) -> int:
    """How deep its elements lie in one another, roughly and in one pass."""
    deepest = depth = 0
    for tag in _TAG.finditer(body):
        if tag[1]:
            depth = max(0, depth - 1)
        elif not tag[2]:
            depth += 1
            deepest = max(deepest, depth)
    return deepest


def _entry(one: Any) -> dict[str, Any]:
    said = next((part.get("value", "") for part in one.get("content", ())), "")
    link = str(one.get("link", ""))[:LINK_MOST]
    return {
        "id": str(one.get("id", ""))[:ID_MOST],
        "title": _words(str(one.get("title", "")), TITLE_MOST),
        "link": link if link.lower().startswith(("http://", "https://")) else "",
        "at": _moment(one),
        "text": _words(str(one.get("summary", "")) or str(said), TEXT_MOST),
    }


def _moment(one: Any) -> int | None:
    at = one.get("published_parsed") or one.get("updated_parsed")
    try:
        return calendar.timegm(at) if at else None
    except (ValueError, OverflowError, TypeError):
        return None


def _words(html: str, most: int) -> str:
    reader = _Words()
    reader.feed(html[: most * 20])
    reader.close()
    return _SPACE.sub(" ", "".join(reader.parts)).strip()[:most]
