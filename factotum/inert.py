"""Text of outsiders made harmless where it stands outside a fence, and cut to one line.

Obsidian loads remote images, runs plugin blocks and follows its own links as soon as a note
is opened. What is shown here cannot do any of it, and hides nothing.
"""

from __future__ import annotations

import re
import unicodedata

#: Markdown, HTML, wiki links, templates and plugin openers: each gets a backslash or an entity.
_ACTIVE = {
    "<": "&lt;",
    ">": "&gt;",
    "[": "\\[",
    "]": "\\]",
    "`": "\\`",
    "$": "\\$",
    "|": "\\|",
    "*": "\\*",
    "_": "\\_",
    "~": "\\~",
    "^": "\\^",
    "#": "\\#",
    "%": "\\%",
    "!": "\\!",
    "=": "\\=",
    "\\": "\\\\",
    "&": "&amp;",
}

#: Addresses that do something when they are tapped: the colon is taken out of their hands.
_SCHEME = re.compile(r"\b(obsidian|file|javascript|data|vbscript|shortcuts?):", re.I)
_WEB = re.compile(r"\b(https?|ftp)://", re.I)


def visible(text: str) -> str:
    """Control, direction and zero-width characters written out, as `\\u202e`."""
    return "".join(
        char
        if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf", "Co", "Zl", "Zp"}
        else f"\\u{ord(char):04x}"
        for char in text.replace("\r\n", "\n")
    )


def inert(text: str) -> str:
    """`text` so that Obsidian shows it and does nothing with it."""
    shown = "".join(_ACTIVE.get(char, char) for char in visible(text))
    shown = _SCHEME.sub(lambda found: f"{found[1]}&#58;", shown)
    shown = _WEB.sub(lambda found: f"{found[1]}&#58;//", shown)
    return re.sub(r"(?m)^(\s*)(-|\+|\d+[.)])(\s)", r"\1\\\2\3", shown)


def code(text: str) -> str:
    """A short exact value (an address, an id) as inline code, or inert where that could run."""
    flat = one_line(text, 300)
    return f"`{flat}`" if re.fullmatch(r"[\w@<][\w@<>.:/+, ()=-]*", flat) else inert(flat)


def one_line(text: str, max_chars: int) -> str:
    """The text in one line, cut with an ellipsis."""
    flat = " ".join(visible(text).split())
    return flat if len(flat) <= max_chars else flat[: max_chars - 1].rstrip() + "…"
