"""What would be done, whole, as it stands on a card without being unfolded. Pure.

A tool that has a form shows it, a change of a note shows its difference, and every other
tool, among them all those that nobody has reviewed, shows each argument that it is given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from factotum.gate.form import form_text
from factotum.gate.records import Card
from factotum.gate.rows import row_of
from factotum.gate.strength import needs_strong
from factotum.inert import inert, one_line, visible
from factotum.note import fence
from factotum.words import size

#: How many lines of a change are seen on a phone without scrolling.
SEEN_ROWS = 12

GIVEN = "What it is given"

#: All that ends a line where notes are shown.
_ENDS = re.compile(r"\r\n?|\n")


def content(card: Card) -> list[str]:
    """The parts of the card's note that say what would be done."""
    attached = [_attached(card)] if card.seal.attachments else []
    return [*_form(card), *_difference(card), *_given(card), *attached]


def whole(card: Card) -> str:
    """The same for a terminal: all that a yes would set going, with nothing left out."""
    form, args, about = row_of(card.seal.tool).form, card.seal.args, card.seal.about
    rest = {key: value for key, value in args.items() if form is None or key not in form.fields}
    if form is not None:
        named = {key.replace("_", " ").capitalize(): value for key, value in rest.items()}
        parts = [form_text(form, args).rstrip(), _listed(named)]
    else:
        parts = [str(about.get("difference") or "") or _listed(rest)]
    files = "\n".join(f"+ {one_line(a.name, 100)}" for a in card.seal.attachments)
    return visible("\n".join(part for part in [*parts, files] if part))


def callout(kind: str, title: str, text: str) -> str:
    """A folded Obsidian callout; every line of `text` stays inside it."""
    return "\n".join([f"> [!{kind}]- {title}", *(f"> {line}" for line in _ENDS.split(text))])


def _form(card: Card) -> list[str]:
    form = row_of(card.seal.tool).form
    if form is None:
        return []
    hint = ""
    if card.status == "pending":
        hint = f"(change it here{'' if needs_strong(card) else ', then tick approve'})"
    return [f"## {form.heading}", *([hint] if hint else []), fence(form_text(form, card.seal.args))]


def _difference(card: Card) -> list[str]:
    """What would change in a note, as it was when this was sealed: the beginning to be seen
    at once, the rest folded."""
    rows = str(card.seal.about.get("difference") or "").split("\n")
    if rows == [""]:
        return []
    first, rest = rows[:SEEN_ROWS], rows[SEEN_ROWS:]
    folded = f"{len(rest)} more line{'s' * (len(rest) > 1)} of the change"
    parts = ["## What changes", fence("\n".join(first), "diff")]
    return [*parts, callout("abstract", folded, fence("\n".join(rest), "diff"))] if rest else parts


def _given(card: Card) -> list[str]:
    """The arguments of a tool that has no form of its own."""
    if row_of(card.seal.tool).form is not None or card.seal.about.get("difference"):
        return []
    listed = _listed(card.seal.args)
    return [f"## {GIVEN}", fence(listed)] if listed else []


def _listed(args: Mapping[str, Any]) -> str:
    """One argument after the other; a text of several lines stands below its name."""
    return visible("\n".join(_named(name, _worded(value)) for name, value in args.items()))


def _named(name: str, value: str) -> str:
    if "\n" not in value:
        return f"{name}: {value}".rstrip()
    return "\n".join([f"{name}:", *(f"    {row}".rstrip() for row in value.rstrip().split("\n"))])


def _worded(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def _attached(card: Card) -> str:
    def line(name: str, size_bytes: int) -> str:
        return f"📎 {inert(one_line(name, 100))} ({size(size_bytes)})"

    return "\n".join(line(a.name, a.size_bytes) for a in card.seal.attachments)
