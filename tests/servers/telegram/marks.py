"""What both kinds of markup share: the text that comes out, and the marks that are open in it."""

from __future__ import annotations

import re
from typing import Any

Entity = dict[str, Any]

#: In these nothing else is marked.
SOLID = ("code", "pre")
LINK = re.compile(r"(?i)(?:(https?|tg|ton|tonsite)://)?([^/?#\s]+)([/?#]\S*)?")


class Out:
    """A text as it comes out of its markup; lengths are UTF-16 units."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.units = 0
        self.entities: list[Entity] = []

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def add(self, text: str) -> None:
        self._parts.append(text)
        self.units += len(text.encode("utf-16-le", "surrogatepass")) // 2

    def since(self, start: int) -> str:
        raw = self.text.encode("utf-16-le", "surrogatepass")
        return raw[start * 2 :].decode("utf-16-le", "surrogatepass")

    def mark(self, type: str, start: int, **more: Any) -> None:
        """Marks everything from `start` on; nothing is no mark."""
        if self.units == start:
            return
        if type in SOLID:
            self.entities = [one for one in self.entities if one["offset"] < start]
        one = {"type": type, "offset": start, "length": self.units - start, **more}
        self.entities.append(one)

    def link(self, url: str, start: int) -> None:
        """What is no address is no link, and no error."""
        if checked := checked_link(url or self.since(start)):
            self.mark("text_link", start, url=checked)


def checked_link(url: str) -> str:
    """An address as Telegram keeps it, or nothing where it is none."""
    found = LINK.fullmatch(url.strip())
    if not found:
        return ""
    scheme, host, rest = (found[1] or "http").lower(), found[2], found[3] or ""
    if scheme in ("http", "https"):
        if "." not in host.strip(".") or host.startswith("."):
            return ""
        host, rest = host.lower(), rest or "/"
        if rest[0] != "/":
            rest = f"/{rest}"
    return f"{scheme}://{host}{rest}"
