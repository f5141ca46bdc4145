"""The files of a message: whether they are the task, or come along with words that are.

Files without words are worked on as those that are dropped into Inbox. Beside words of the owner
they are what those are about. What stands in them is nobody's order, whoever sent it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from factotum import names
from factotum.channels.contract import SPOKEN, Came, Heard
from factotum.drop import File
from factotum.inert import one_line, visible
from factotum.reading.shape import TEXT_MOST, Reading, cut
from factotum.reading.sound_file import NOT_HEARD

#: What would have a mail join a task that is open, where nobody in the chat would hear of it.
_THREAD = ("in_reply_to", "references")
#: What a file is read for only where there is nothing else: a model looks at a picture itself,
#: and a recording was heard.
_SEEN = ("photo", *SPOKEN)
#: How many lines are told of what could not be read, and how much of a name and of a line.
UNREAD_MOST, NAME_CHARS, UNREAD_CHARS = 5, 60, 300


@dataclass(frozen=True)
class Along:
    """What the files say, those that are kept, and what a person is to know of them."""

    said: str
    files: tuple[File, ...]
    remarks: tuple[str, ...]


def along(files: Sequence[Came]) -> Along:
    """What files say that come with words."""
    said, remarks = [], []
    for one, reading in _readings(files):
        notes = [f"{one.name}: {remark}" for remark in reading.remarks]
        remarks += notes
        seen = one.kind in _SEEN
        if notes or not seen:
            text = "" if seen else reading.text
            said += ["\n\n".join([f"## {one.name}", *notes, *filter(None, [text])])]
    text, long = cut("\n\n".join(said), TEXT_MOST, "what was sent along")
    return Along(text, _kept(files), (*remarks, *long))


def unread(files: Sequence[Came]) -> list[str]:
    """What could not be read of them and why, a line each, for the answer; what was not heard
    is said when it is."""
    lines = []
    for one, reading in _readings(files):
        why = "; ".join(why for why in reading.remarks if not why.startswith(NOT_HEARD))
        told = f"{one_line(one.name, NAME_CHARS)}: {why}"
        lines += [one_line(visible(told), UNREAD_CHARS)] if why else []
    more = len(lines) - UNREAD_MOST
    return [*lines[:UNREAD_MOST], *([f"and {more} more, see the note"] if more > 0 else [])]


def as_dropped(heard: Heard) -> Reading | None:
    """What files say that came without words, read as the Inbox reads them, the files in it;
    None where there are words, or where the owner shows a picture or speaks."""
    read = [
        (one, reading)
        for one, reading in _readings(heard.files)
        if heard.passed_on or one.kind not in _SEEN
    ]
    if heard.text.strip() or not read:
        return None
    kept = _kept(heard.files)
    if len(heard.files) == 1:
        (_, reading) = read[0]
        properties = {key: reading.properties[key] for key in reading.properties
                      if key not in _THREAD}  # fmt: skip
        return replace(reading, properties=properties, attachments=())
    all_of = along(heard.files)
    title = ", ".join(one.name for one in kept)
    return Reading("file", title, all_of.said or title, remarks=all_of.remarks)


def _readings(files: Iterable[Came]) -> Iterator[tuple[Came, Reading]]:
    for one in files:
        if one.reading is not None:
            yield one, one.reading


def _kept(files: Iterable[Came]) -> tuple[File, ...]:
    """All files and what came in them, each under a name of its own."""
    kept: list[File] = []
    taken: set[str] = set()
    for one in files:
        inner = one.reading.attachments if one.reading is not None else ()
        for name, data in [*((part.name, part.data) for part in inner), (one.name, one.data)]:
            own = _own_name(names.safe_file_name(name), taken)
            taken.add(own.casefold())
            kept.append(File(own, data))
    return tuple(kept)


def _own_name(name: str, taken: set[str]) -> str:
    stem, dot, ending = name.rpartition(".")
    n, own = 2, name
    while own.casefold() in taken:
        own = f"{stem}-{n}{dot}{ending}" if dot else f"{name}-{n}"
        n += 1
    return own
