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

_TAMED = str.maketrans(_ACTIVE)

#: Addresses that do something when they are tapped: the colon is taken out of their hands.
_SCHEME = re.compile(
    r"(obsidian|file|javascript|vbscript|shortcuts?):|(data|mailto|tel|sms):(?=\S)|:(?=//)", re.I
)

#: How a line begins that would be a list, a ruler, code or the underline of a heading.
_LINE_START = re.compile(r"(?m)^([ \t]*)(?:([-+])(?=[ \t]|-|$)|(\d+)([.)])(?=[ \t]|$))?")

#: Characters that nobody can see although Unicode files them under letters and marks.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
#: Only these have to be looked at one by one.
_SUSPECT = re.compile(r"[^\n\t -~]")


def visible(text: str) -> str:
    """Control, direction and zero-width characters written out, as `\\u202e`."""
    return _SUSPECT.sub(_written_out, text.replace("\r\n", "\n"))


def _written_out(found: re.Match[str]) -> str:
    char = found[0]
    if not (char in _BLANK or unicodedata.category(char) in _HIDDEN):
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def inert(text: str) -> str:
    """`text` so that Obsidian shows it and does nothing with it."""
    shown = visible(text).translate(_TAMED)
    shown = shown.replace("](", "]\\(")  # a link
    shown = re.sub(":(?=:)", r":\\", shown)  # a field of Dataview
    shown = _SCHEME.sub(lambda found: f"{found[1] or found[2] or ''}&#58;", shown)
    return _LINE_START.sub(_tame, shown)


def _tame(start: re.Match[str]) -> str:
    blank, mark, number, point = start.groups(default="")
    indent = blank.expandtabs(3)[:3]  # four blanks would make it code
    if mark:
        return f"{indent}\\{mark}"
    return f"{indent}{number}\\{point}" if point else indent


def code(text: str) -> str:
    """A short exact value (an address, an id) as inline code, or inert where that could run."""
    flat = one_line(text, 300)
    return f"`{flat}`" if re.fullmatch(r"[\w@<][\w@<>.:/+, ()=-]*", flat) else inert(flat)


#: All blanks, but for one within a number that keeps its parts on the same line.
_BETWEEN = re.compile(r"(?:(?![\u00a0\u202f](?<=[0-9].)[0-9])\s)+")


def one_line(text: str, max_chars: int) -> str:
    """The text in one line, cut with an ellipsis. A number whose thousands stand apart stays
    together: “1 234,50” must not be read as 1."""
    shown = visible(text)
    apart = "\u00a0" in shown or "\u202f" in shown
    flat = " ".join(_BETWEEN.split(shown)).strip() if apart else " ".join(shown.split())
    return flat if len(flat) <= max_chars else flat[: max_chars - 1].rstrip() + "…"


_ESCAPED = re.compile(r"\\([\[\]`$|*_~^#%!=\\.)+-])")


def uninert(text: str) -> str:
    """What `inert` made of a text, as it may stand where nothing of it could act."""
    import html  # a third of a MiB of entities, which an office that only runs never needs

    return visible(html.unescape(_ESCAPED.sub(r"\1", text)))
