"""What an outsider's task writes into notes: it keeps its form, and leads nowhere outside.

Obsidian loads remote images as soon as a note is opened, and a link is one tap away: either
could carry what the agent knows to somebody who asked for it. Headings, lists, tables, tick
boxes and links between notes stay.
"""

from __future__ import annotations

import re

from factotum.inert import visible

#: Fences that show their text and do nothing; any other could belong to a plugin.
_SHOWN = {
    "", "text", "txt", "plain", "md", "markdown", "json", "yaml", "yml", "toml", "csv", "diff",
    "html", "xml", "css", "js", "javascript", "ts", "python", "py", "sh", "bash", "sql",
}  # fmt: skip

#: What opens a fence, where it may stand in a quote or a list, and what it is to hold.
#: Nothing is given back once it is taken (`*+`), so that a long line is looked at once.
_FENCE = re.compile(
    r"(?m)^([ \t>*+.)0-9-]*+)(?:(`{3,}+)[ \t]*+([^\n`]*+)|(~{3,}+)[ \t]*+([^\n]*+))$"
)

#: What makes text a link, an image or a program, each with what stands there instead.
_ACTIVE = (
    (re.compile("<"), "&lt;"),
    (re.compile(r"!\["), r"\\!\\["),
    (re.compile(r"\]\("), r"]\\("),
    (re.compile(r"\]:"), r"]\\:"),
    (re.compile(r":(?=//)"), "&#58;"),
    (re.compile(r"\b(obsidian|file|javascript|vbscript|shortcuts?):", re.I), r"\1&#58;"),
    (re.compile(r"\b(data|mailto|tel|sms):(?=\S)", re.I), r"\1&#58;"),
    (re.compile(r"\bwww\.", re.I), r"www\\."),
    (re.compile(r"(?<!`)(`++\s*+)(?=\$?=)"), r"\1\\"),
    (re.compile("%%"), r"\\%\\%"),
)


def led_nowhere(text: str) -> str:
    """`text` without images, links and programs that lead out of the vault."""
    shown = visible(text)
    for pattern, instead in _ACTIVE:
        shown = pattern.sub(instead, shown)
    return _FENCE.sub(_tame, shown)


def _tame(found: re.Match[str]) -> str:
    before, ticks, info, tildes, note = found.groups(default="")
    word = (info or note).strip().lower()
    return f"{before}{ticks or tildes}{word if word in _SHOWN else 'text'}"
