"""Changing one passage of a note, and showing what changes. Pure: bytes and text.

What a person wrote is never dumped anew: all bytes but those of the passage stay.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator
from itertools import islice

from factotum.inert import visible
from factotum.lines import unified
from factotum.note import NOTE_MOST_BYTES, NoteError, append, parse

#: Lines of the note that are shown before and after what changes.
CONTEXT_LINES = 2

#: The longest difference that a card shows whole, in characters.
DIFFERENCE_MOST_CHARS = 40_000

#: A passage that stands more often is not counted to the end.
COUNTED_MOST = 20


class Unfit(ValueError):
    """The passage cannot be changed; the message says why and what to do."""


def changed(raw: bytes, find: str, replace: str) -> bytes:
    """The note with the one place where `find` stands replaced; an empty `find` adds
    `replace` at its end. Raises Unfit."""
    new = _replaced(raw, find, replace) if find else _added(raw, replace)
    if new == raw:
        raise Unfit("this would change nothing")
    _check(raw, new)
    return new


def _added(raw: bytes, text: str) -> bytes:
    if not text.strip():
        raise Unfit("there is nothing to add: replace is empty")
    return append(raw, text.rstrip("\n") + "\n")


def _replaced(raw: bytes, find: str, replace: str) -> bytes:
    found = ((at, form) for form in _forms(find) for at in _places(raw, form.encode()))
    places = list(islice(found, COUNTED_MOST + 1))
    if not places:
        raise Unfit(
            "the text in find does not stand in the note. Read the note and give a passage of it "
            "letter for letter"
        )
    if len(places) > 1:
        times = len(places) if len(places) <= COUNTED_MOST else f"more than {COUNTED_MOST}"
        raise Unfit(
            f"the text in find stands {times} times in the note. Give a longer passage, "
            f"with the lines round it"
        )
    ((at, form),) = places
    newline = "\r\n" if "\r\n" in form or ("\n" not in form and b"\r\n" in raw) else "\n"
    put = _plain(replace).replace("\n", newline).encode()
    return raw[:at] + put + raw[at + len(form.encode()) :]


def _forms(text: str) -> list[str]:
    """The ways in which the same passage may be written down: line ends, composed letters."""
    plain = _plain(text)
    written = (plain, unicodedata.normalize("NFC", plain), unicodedata.normalize("NFD", plain))
    ends = [one.replace("\n", end) for one in written for end in ("\n", "\r\n")]
    return list(dict.fromkeys(ends))


def _plain(text: str) -> str:
    """`text` with plain line ends, and without halves of characters."""
    return text.replace("\r\n", "\n").encode(errors="replace").decode()


def _places(raw: bytes, wanted: bytes) -> Iterator[int]:
    """Where `wanted` begins; places may overlap."""
    at = raw.find(wanted)
    while at >= 0:
        yield at
        at = raw.find(wanted, at + 1)


def _check(raw: bytes, new: bytes) -> None:
    """A change may break no properties that could be read before. Raises Unfit."""
    if len(new) > NOTE_MOST_BYTES:
        raise Unfit(f"the note would be larger than {NOTE_MOST_BYTES >> 20} MB. Write a new one")
    try:
        before = parse(raw)
    except NoteError:
        return  # it was broken before: this may be its mending
    try:
        after = parse(new)
    except NoteError as broken:
        raise Unfit(f"after this {broken}") from broken
    for key in ("id", "factotum_id", "factotum"):
        if before.props.get(key) != after.props.get(key):
            raise Unfit(f"the property {key} is not mine to change")


def stands_there(raw: bytes, find: str, replace: str) -> bool:
    """Whether a note that is neither as it was nor as it should be holds the change all the
    same: a person edited it after it was made."""
    text = raw.decode(errors="replace").replace("\r\n", "\n")
    put = _plain(replace).strip("\n")
    if put and put not in text:
        return False
    rest = text.replace(put, "") if put else text
    return not find or _plain(find) not in rest


def difference(before: bytes, after: bytes) -> str:
    """What changes, line by line; characters that nobody sees are written out.

    Raises Unfit for one that is too long to be shown whole.
    """
    old, new = (_lines(data) for data in (before, after))
    text = "\n".join(unified(old, new, CONTEXT_LINES))
    if not text:
        raise Unfit("this would change nothing that can be seen")
    if len(text) > DIFFERENCE_MOST_CHARS:
        raise Unfit("the change is too long to be shown on a card. Change less at once")
    return text


def _lines(data: bytes) -> list[str]:
    return visible(data.decode(errors="replace")).split("\n")


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
