"""How a letter in the mailbox is told: its heading, or all of it with plain words for a page."""

from __future__ import annotations

from typing import Any

from imap_tools import MailMessage
from imap_tools.utils import EmailAddress

#: How much of one letter's text is read out, in characters.
TEXT_AT_MOST = 100_000


def heading(letter: MailMessage) -> dict[str, Any]:
    """What can be told of it without its text."""
    return {
        "id": letter.uid or "",
        "from": _full(letter.from_values),
        "to": [_full(one) for one in letter.to_values],
        "subject": letter.subject,
        "date": letter.date.isoformat(),
        "seen": "\\Seen" in letter.flags,
        "message_id": _header(letter, "message-id"),
    }


def whole(letter: MailMessage) -> dict[str, Any]:
    """All of it: the text, cut where it is very long, and the names of what came with it."""
    text = letter.text
    if not text.strip() and letter.html:
        text = _plain(letter.html)
    return {
        **heading(letter),
        "cc": [_full(one) for one in letter.cc_values],
        "in_reply_to": _header(letter, "in-reply-to"),
        "text": text[:TEXT_AT_MOST],
        "cut": len(text) > TEXT_AT_MOST,
        "attachments": [
            {"name": one.filename, "type": one.content_type, "size_bytes": len(one.payload)}
            for one in letter.attachments
        ],
    }


def _plain(html: str) -> str:
    """The words of a page, without what is not meant to be read and without pictures."""
    from bs4 import BeautifulSoup
    from markdownify import MarkdownConverter

    soup = BeautifulSoup(html, "html.parser")
    for element in soup(["script", "style", "head", "template", "img"]):
        element.decompose()
    words: str = MarkdownConverter().convert_soup(soup)
    return words


def _full(one: EmailAddress | None) -> str:
    return one.full if one else ""


def _header(letter: MailMessage, name: str) -> str:
    return "".join(str(letter.obj.get(name, "")).split())
