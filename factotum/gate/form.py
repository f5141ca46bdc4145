"""The part of a card that a person may change or fill in: how it is laid out and read back.

The form is compared as text first, so an untouched card is never parsed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factotum.addresses import pairs
from factotum.gate.register import Card
from factotum.gate.rows import Form, row_of
from factotum.gate.seal import normalised
from factotum.gate.shape import ADDRESS
from factotum.gate.strength import with_yes_by
from factotum.inert import one_line
from factotum.lines import differing
from factotum.note import Note, below, fenced_under

WHY_NOT = "Why not"
YOUR_ANSWER = "Your answer"


class CardDamaged(Exception):
    """The editable part of the note cannot be found or read; the message says what."""


def form_text(form: Form, args: Mapping[str, Any]) -> str:
    """The editable fields as they stand in the note: `Name: value` lines, then the text."""
    head = [f"{name.capitalize()}: {_field(args.get(name))}".rstrip() for name in form.lines]
    return "\n".join([*head, "", str(args.get(form.text) or "")])


def _field(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")


@dataclass(frozen=True)
class Edit:
    """What a person changed in the form: the new arguments and how many lines differ."""

    args: Mapping[str, Any]
    lines: int


def edited(note: Note, card: Card) -> Edit | None:
    """The person's changes to the form, or None when it is as sealed.

    Raises CardDamaged when the form is not there any more or cannot be read.
    """
    form = row_of(card.seal.tool).form
    if form is None:
        return None
    found = fenced_under(note.body, form.heading)
    if found is None:
        raise CardDamaged(f"the part under “{form.heading}” could not be found")
    before, after = _lines(form_text(form, card.seal.args)), _lines(found)
    if before == after:
        return None
    head, _, text = "\n".join(after).partition("\n\n")
    args = {**card.seal.args, **_head(form, head, card.seal.args)}
    if form.text:
        old_text = "\n".join(before).partition("\n\n")[2]
        args[form.text] = card.seal.args.get(form.text) if text == old_text else text
    return Edit(args, differing(before, after))


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.replace("\r\n", "\n").rstrip().split("\n")]


def _head(form: Form, head: str, sealed: Mapping[str, Any]) -> dict[str, Any]:
    """The one-line fields. A field whose line is unchanged keeps its sealed value."""
    values: dict[str, Any] = {}
    for line in head.split("\n"):
        name, colon, value = line.partition(":")
        key = name.strip().casefold()
        if not colon or key not in form.lines or key in values:
            raise CardDamaged(f"I cannot read this line of “{form.heading}”: {one_line(line, 60)}")
        values[key] = _value(form, key, value.strip(), sealed)
    missing = [name for name in form.lines if name not in values]
    if missing:
        raise CardDamaged(f"the line “{missing[0].capitalize()}:” is gone from “{form.heading}”")
    return {key: value for key, value in values.items() if value or key in sealed}


def _value(form: Form, key: str, value: str, sealed: Mapping[str, Any]) -> Any:
    if value == _field(sealed.get(key)):
        return sealed.get(key, [] if key in form.lists else "")
    return addresses(value) if key in form.lists else value


def reworded(card: Card, words: str) -> Edit | None:
    """The form with a person's new words in place of its text, or None if it says the same.

    Lines of the form with an empty line below them, `Subject: …` also without one, are read as
    they are in the note; where nothing follows them the text stays. Raises CardDamaged for what
    cannot be read, SealError for what cannot be sealed.
    """
    form = row_of(card.seal.tool).form
    assert form is not None and form.text, f"{card.seal.tool} has no words to change"
    head, rest = _top(form, _lines(words.strip("\r\n")))
    new = {key: _value(form, key, value, card.seal.args) for key, value in head.items()}
    kept = {key: value for key, value in new.items() if value or key in card.seal.args}
    if rest or not head:
        kept[form.text] = rest
    return changed(card, kept)


def _top(form: Form, lines: Sequence[str]) -> tuple[dict[str, str], str]:
    """The lines of the form with which some words begin, and what follows them."""
    head: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or (key := name.strip().casefold()) not in form.lines or key in head:
            break
        head[key] = value.strip()
    follows = lines[len(head) :]
    if follows and follows[0] and list(head) != ["subject"]:
        return {}, "\n".join(lines)  # they are the first words of a text
    return head, "\n".join(follows).lstrip("\n")


def changed(card: Card, new: Mapping[str, Any]) -> Edit | None:
    """The form with some of its fields as they are in `new`, or None if it says the same.
    Raises SealError."""
    form = row_of(card.seal.tool).form
    assert form is not None
    args = normalised({**card.seal.args, **new})
    before, after = (_lines(form_text(form, one)) for one in (card.seal.args, args))
    return None if before == after else Edit(args, differing(before, after))


def addresses(value: str) -> list[str]:
    """A comma-separated list of mail addresses. Raises CardDamaged for what is none."""
    found = [address for _, address in pairs([value.replace(";", ",")])]
    wrong = [address for address in found if not ADDRESS.fullmatch(address)]
    if value.strip() and (wrong or not found):
        raise CardDamaged(f"“{one_line(value, 60)}” is not a list of mail addresses")
    return found


#: Where a person's own words end: at the folded parts that we put below them.
_OUR_END = re.compile(r"(?m)^> \[!(?:quote|info)\]- (?:What they wrote|Why I ask)")


def why_not(note: Note) -> str:
    return own_words(note.body, WHY_NOT)


def answer(note: Note) -> str:
    return own_words(note.body, YOUR_ANSWER)


def own_words(body: str, heading: str) -> str:
    """Everything that a person wrote under `## heading`, headings of theirs and all."""
    words = below(body, heading)
    return _OUR_END.split(words, maxsplit=1)[0].strip() if words is not None else ""


def settled_text(text: str, card: Card) -> str:
    """The body without what may be changed or moves by itself, to see other changes."""
    form = row_of(card.seal.tool).form
    text = text.replace("\r\n", "\n")
    if form:
        found = fenced_under(text, form.heading)
        if found is not None:
            text = text.replace(found, "", 1)
    for heading in (WHY_NOT, YOUR_ANSWER):
        written = own_words(text, heading)
        if written:
            text = text.replace(written, "", 1)
    text = re.sub(r"till [^·\n]*", "", with_yes_by(card, text, ""))
    text = re.sub(r"`{3,}", "```", text)  # a fence grows with the text that it holds
    return "\n".join(line.rstrip() for line in text.split("\n") if line.strip())
