"""A note of Office/Schedules, read: when it is due, what is to be done, and how.

Bytes in, a schedule out. Written by a person, it is read strictly: what is not understood is
refused with its line, and never guessed.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from factotum.note import Note, NoteError, parse
from factotum.schedule import english
from factotum.schedule.english import FORMS
from factotum.schedule.times import ONCE, TimeError, When, cron
from factotum.schedule.zones import ZoneError, named
from factotum.sections import without

FOLDER = "Office/Schedules"
#: The section in which the runs are listed; it is no part of the work.
RUNS = "Runs"
NOTE_MOST_BYTES = 256 * 1024

TIMES = ("at", "every", "cron")
MISSED = ("once", "skip", "each", "ask")
MODES = ("task", "reminder")
#: What a schedule may say beside when; other properties are the person's own.
ALSO = (
    *("timezone", "missed", "mode", "enabled", "delete_after_run"),
    *("agent", "channel", "to", "title", "id"),
)
#: By these a note is taken for a schedule that forgot to say when.
TELLING = ("missed", "delete_after_run", "timezone")

KNOWN = {*TIMES, *ALSO}
#: What nobody writes who does not mean it: a word near to one of these is a slip.
NEAR = ("every", "enabled", *TELLING)

_HEADING = re.compile(r"(?m)^#[ \t]+(.+?)[ \t]*#*$")
_BARE_CRON = re.compile(r"cron[ \t]*:[ \t]*([*@][^\"'#]{0,100}?)[ \t]*(?:#.*)?")
TITLE_CHARS = 150


class ScheduleError(ValueError):
    """The note is no schedule that can be kept; the message says why and what to write."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Schedule:
    """`said` is when, as the note has it; `zone` the one in which it counts and is shown. `rule`
    changes with when it is due, `core` with anything but the list of its runs. `made`: code wrote
    the note, and whole, so nobody may still be typing it."""

    when: When
    said: str
    zone: tzinfo
    missed: str
    mode: str
    enabled: bool
    delete_after_run: bool
    title: str
    body: str
    agent: str
    channel: str
    to: str
    id: str
    rule: str
    core: str
    made: bool

    @property
    def once(self) -> bool:
        """Whether it is due just once."""
        return isinstance(self.when, ONCE)


def read(raw: bytes, name: str, house: tzinfo) -> Schedule | None:
    """The schedule in the note with this file name, or None for a note that says no time and
    means none. `house` is the zone of a note that names none. Raises ScheduleError."""
    try:
        note = parse(raw, max_bytes=NOTE_MOST_BYTES)
    except NoteError as broken:
        raise _broken(raw, broken) from None
    key = _key(note)
    if key is None:
        return None
    zone = _zone(note, house)
    said = _text(note, key)
    if not said:
        raise _wrong(note, key, f"`{key}` is empty. Write one of: {FORMS}")
    try:
        when = _when(key, said, zone)
    except TimeError as unclear:
        raise _wrong(note, key, f"`{key}`: {unclear}") from None
    body = without(note.body, RUNS).strip()
    return Schedule(
        when,
        f"{key}: {said}",
        zone,
        _one_of(note, "missed", MISSED),
        _one_of(note, "mode", MODES),
        _flag(note, "enabled", True),
        _flag(note, "delete_after_run", False),
        _title(note, body, name),
        body,
        _text(note, "agent"),
        _text(note, "channel"),
        _text(note, "to"),
        _text(note, "id"),
        _digest([key, said, _text(note, "timezone")]),
        _digest([dict(note.props), body]),
        "made_by" in note.props or bool(_text(note, "id")),
    )


def _key(note: Note) -> str | None:
    given = [key for key in note.props if key in TIMES]
    if len(given) > 1:
        both = " and ".join(f"`{key}`" for key in given)
        raise _wrong(note, given[1], f"{both} stand here. Keep one of them")
    for prop in note.props:
        if prop in KNOWN:
            continue
        if near := difflib.get_close_matches(prop.lower(), NEAR, 1, 0.8):
            hint = f"did you mean `{near[0]}`?"
            raise _wrong(note, prop, f"`{prop}` is nothing that is known: {hint}")
    if not given and any(key in note.props for key in TELLING):
        raise ScheduleError(f"the note does not say when. Write one of: {FORMS}")
    return given[0] if given else None


def _when(key: str, said: str, zone: tzinfo) -> When:
    match key:
        case "cron":
            return cron(said, zone)
        case "every":
            return english.when_every(said, zone)
        case _:
            return english.when_at(said, zone)


def _zone(note: Note, house: tzinfo) -> tzinfo:
    name = _text(note, "timezone")
    try:
        return named(name) if name else house
    except ZoneError as unknown:
        raise _wrong(note, "timezone", f"`timezone`: {unknown}") from None


def _text(note: Note, key: str) -> str:
    value = note.props.get(key)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _wrong(note, key, f"`{key}` must be text on one line")
    return str(value).strip()


def _one_of(note: Note, key: str, words: tuple[str, ...]) -> str:
    said = _text(note, key).lower() or words[0]
    if said not in words:
        raise _wrong(note, key, f"`{key}` is {said[:40]!a}; it can be {', '.join(words)}")
    return said


def _flag(note: Note, key: str, default: bool) -> bool:
    value = note.props.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise _wrong(note, key, f"`{key}` must be true or false")
    return value


def _title(note: Note, body: str, name: str) -> str:
    heading = _HEADING.search(body)
    title = _text(note, "title") or (heading[1] if heading else "") or name.removesuffix(".md")
    return " ".join(title.split())[:TITLE_CHARS]


def _wrong(note: Note, key: str, message: str) -> ScheduleError:
    """With the line in which the property stands."""
    for n, line in enumerate(note.raw.decode("utf-8-sig", "replace").splitlines(), 1):
        if re.match(rf"[\"']?{re.escape(key)}[\"']?[ \t]*:", line):
            return ScheduleError(message, n)
    return ScheduleError(message)


def _broken(raw: bytes, broken: NoteError) -> ScheduleError:
    """Mostly it is a `*` without quotes, which means something else to YAML."""
    lines = ["", *raw.decode("utf-8-sig", "replace").splitlines()]
    there = "".join(lines[broken.line : broken.line + 1])
    if bare := _BARE_CRON.fullmatch(there):
        return ScheduleError(f'put what cron says into quotes: cron: "{bare[1]}"', broken.line)
    return ScheduleError(str(broken))


def _digest(value: Any) -> str:
    data = json.dumps(value, sort_keys=True, default=str).encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()[:12]
