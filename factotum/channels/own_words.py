"""What the agent tells the owner by itself, as messages: its words, and each file by itself.

Code says whose work it is. What work says that has read words of others stands below a line
that says so; nothing in it is a mark, and nothing in it that could lead anywhere can be tapped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from factotum.channels.contract import Attached, Message
from factotum.channels.words import Words
from factotum.model import Attachment, Trust

#: Stands above what work says that is not the owner's own any more.
OTHERS = "⚠ From work that read what others wrote. Nothing in it has been checked."

#: What a chat would make a link of, or may: an address of any kind, a domain, the name of a bot.
_LEADS = re.compile(r"\S*(?:://|@\w|\w\.\w{2}|(?<!\S)[/#$]\w)\S*")

#: What is shown as a picture and not as a file, up to how many bytes.
PICTURES = (".jpg", ".jpeg", ".png", ".webp")
PICTURE_MOST_BYTES = 10 * 1024 * 1024


def shown(text: str, trust: Trust, files: Sequence[Attachment]) -> list[Mapping[str, Any]]:
    """The messages in their order, as the outbox keeps them. `trust` is the label of the work."""
    words = [own(text) if trust is Trust.OWNER else others(text)]
    messages = [Message(one) for one in words]
    messages += [Message(Words.of(file.name), file=_attached(file)) for file in files]
    return [one.to_json() for one in messages]


def own(text: str) -> Words:
    from factotum.channels.markdown import read  # with its parser, which few processes need

    return read(text.strip())


def others(text: str) -> Words:
    """The text without anything in it that could be tapped."""
    parts: list[Words] = [Words.italic(OTHERS), Words.of("\n\n")]
    at, text = 0, text.strip()
    for found in _LEADS.finditer(text):
        parts += [Words.of(text[at : found.start()]), Words.code(found[0])]
        at = found.end()
    return Words.join("", [*parts, Words.of(text[at:])])


def _attached(file: Attachment) -> Attached:
    ending = PurePath(file.name).suffix.casefold()
    picture = ending in PICTURES and file.size_bytes <= PICTURE_MOST_BYTES
    return Attached(file.sha256, file.name, file.size_bytes, "photo" if picture else "document")
