"""Where a link that others wrote may lead, and what a reader must see of that."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, unquote, urlsplit

#: How much of an address is shown behind a link that leads elsewhere than to the web.
_SHOWN_CHARS = 200
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.I)
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")
_MAILBOX = re.compile(r"[^\s@<>()]+@[^\s@<>()]+")
_NAMES = re.compile(r"[\w.。．-]+")
_DOTS = str.maketrans("。．", "..")


def led(text: str, address: str) -> tuple[str, str]:
    """Where the link under `text` may lead, or empty, and what is to be shown behind the text
    so that it does not disagree with that."""
    scheme = _SCHEME.match(address)
    match scheme[1].lower() if scheme else "":
        case "http" | "https":
            return _web(text.strip(), address)
        case "mailto":
            return _mail(text.strip(), address)
        case "":
            return "", ""  # a note or a place in one: nothing on a phone leads there
        case _:
            return "", _behind(address)


def _web(text: str, address: str) -> tuple[str, str]:
    place = _parts(address)
    if place is None or not (name := place.hostname) or not _HOST.fullmatch(name):
        return "", _behind(address)
    host = place.netloc.rpartition("@")[2].lower()
    if place.username is not None:
        return "", _behind(host)  # what stands before the @ only looks like a place
    if text == host or _same(text, address):
        return address, ""
    if any(not _is_of(other, name) for other in _hosts(text)):
        return "", _behind(address)
    return address, _behind(host)


def _mail(text: str, address: str) -> tuple[str, str]:
    mailbox = unquote(address[len("mailto:") :].partition("?")[0])
    if not _MAILBOX.fullmatch(mailbox):
        return "", _behind(address)
    if text.casefold() == mailbox.casefold():
        return f"mailto:{mailbox}", ""
    host = mailbox.rpartition("@")[2].lower()
    leads = "" if any(not _is_of(other, host) for other in _hosts(text)) else f"mailto:{mailbox}"
    return leads, _behind(mailbox)


def _parts(address: str) -> SplitResult | None:
    try:
        place = urlsplit(address)
        place.port  # noqa: B018  # raises where it is none
    except ValueError:
        return None
    return place


def _same(text: str, address: str) -> bool:
    """Whether the text says the address itself, with or without what browsers hide of it."""

    def bare(said: str) -> str:
        return unquote(said).removeprefix("https://").removeprefix("http://").rstrip("/")

    return bare(text) == bare(address)


def _hosts(text: str) -> list[str]:
    """The names in a text that look like a place on the web."""
    found = []
    for name in _NAMES.findall(text):
        labels = name.translate(_DOTS).strip(".-").lower().split(".")
        if len(labels) > 1 and len(labels[-1]) > 1 and labels[-1].isalpha():
            found.append(".".join(labels))
    return found


def _is_of(name: str, host: str) -> bool:
    return name == host or host.endswith(f".{name}")


def _behind(shown: str) -> str:
    short = shown if len(shown) <= _SHOWN_CHARS else shown[: _SHOWN_CHARS - 1] + "…"
    return f" ({short})"
