"""A rule that leaves somebody's mail alone: which lines to put where in the handbook. Pure.

Nothing is written: what comes out is a change of a note, which a person is asked about. All else
that the block says is as it was. Of mail that is proved to come from somebody known the rule says
nothing: anybody can write anybody's address into a From line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from factotum import watching
from factotum.addresses import exact
from factotum.fenced import BlockError, Node
from factotum.gate.rules_put import unique

#: What such an address may be made of: a star or a bracket would stand for others too.
_PLAIN = re.compile(r"[a-z0-9._+%'-]{1,64}@[a-z0-9.-]{1,253}")
_OPENS = re.compile(r" {0,3}(?:`{3,}|~{3,})\s*yaml\s+watching\s*", re.I)
_MAIL = re.compile(r"mail:\s*(?:#.*)?")
_ENTRY = re.compile(r"(\s*)-\s")


def address(sender: str) -> str:
    """The address as the rule names it, or an empty string for what is no plain one."""
    found = exact(sender)
    return found if _PLAIN.fullmatch(found) else ""


def entry(sender: str) -> str:
    """The rule as it stands in the handbook. `sender` is what `address` gave."""
    return f'- {{from: "{sender}", known: false, do: ignore}}'


def insertion(text: str, sender: str) -> tuple[str, str] | None:
    """What to find in the handbook's `text`, and what to put there instead, so that the rule
    decides before all others; None where that cannot be done. To find nothing means: at the end
    of the note."""
    new = entry(sender)
    try:
        before = watching.sections(text)
    except BlockError:
        return None
    lines = text.split("\n")
    for at, put in _places(lines, new):
        if _reads_as(before, "\n".join([*lines[: at + 1], *put, *lines[at + 1 :]]), sender):
            find = unique(text, lines, at)
            return (find, "\n".join([find, *put])) if find else None
    end = "\n".join(["", "```yaml watching", "mail:", f"  {new}", "```"])
    return ("", end) if _reads_as(before, f"{text}\n{end}", sender) else None


def _places(lines: Sequence[str], new: str) -> Iterator[tuple[int, list[str]]]:
    """Below which line it may stand, and how: among the rules of mail, else as the first."""
    for at, line in enumerate(lines):
        if _MAIL.fullmatch(line):
            first = next(filter(None, map(_ENTRY.match, lines[at + 1 :])), None)
            yield at, [f"{first[1] if first else '  '}{new}"]
            yield at, [f"  {new}"]
    for at, line in enumerate(lines):
        if _OPENS.fullmatch(line):
            yield at, ["mail:", f"  {new}"]


def _reads_as(before: Mapping[str, Sequence[Node]], text: str, sender: str) -> bool:
    """Whether the rule is the first of mail then, and nothing else has changed."""
    try:
        after = watching.sections(text)
    except BlockError:
        return False
    said = {name: [_plain(node) for node in nodes] for name, nodes in before.items()}
    rule = {"from": sender, "known": False, "do": "ignore"}
    said["mail"] = [rule, *said.get("mail", [])]
    return {name: [_plain(node) for node in nodes] for name, nodes in after.items()} == said


def _plain(node: Node) -> object:
    match node.value:
        case tuple():
            return [_plain(one) for one in node.value]
        case dict():
            return {name: _plain(one) for name, one in node.value.items()}
        case value:
            return value
