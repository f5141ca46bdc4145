"""The `yaml watching` block of the handbook: what is listened to, in the owner's words.

Only found and split here; what stands in a section is read by the watcher whose section it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from factotum import fenced
from factotum.fenced import BlockError, Node, nearest

KIND = fenced.Kind(
    "watching",
    "put all that is listened to into one",
    "the block must hold sections, as `feeds:`, each at the start of a line",
)

#: The sections of the block and what they say.
SECTIONS: dict[str, str] = {
    "mail": "which mails become a task, which are told together once a day, which are left alone",
    "feeds": "the addresses of feeds, whose entries are told together once a day",
    "pages": "web pages of which a change is told",
    "notes": "folders of daily notes in which a line `- [ ] @fac …` becomes a task",
    "calendar": "of which events you are told, and how long before",
}


def sections(text: str) -> Mapping[str, tuple[Node, ...]]:
    """The entries of each section that a note's block has. Raises BlockError."""
    block = fenced.find(text, KIND)
    if block is None or not any(line.partition("#")[0].strip() for line in block.text.splitlines()):
        return {}
    root = fenced.load(block, KIND)
    assert isinstance(root.value, dict)
    found = {}
    for name, node in root.value.items():
        if name not in SECTIONS:
            raise BlockError(f"`{name}` is no section: {nearest(name, SECTIONS)}", node.line)
        if node.value == "":
            continue
        if not isinstance(node.value, tuple):
            raise BlockError(f"`{name}` must be a list: begin each line with a dash", node.line)
        found[name] = node.value
    return found
