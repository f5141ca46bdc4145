"""Fetches letters some at a time: no more at once than memory takes, none skipped for another.

A letter that the server lists but does not give, however often it is asked, comes with its headers
or with nothing, and with the reason; one that is gone by now is no letter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress

from watchers.mail.answers import Entry, file_names
from watchers.mail.line import Line, Refused
from watchers.mail.making import Came
from watchers.mail.place import Place

MB = 1024 * 1024
#: How many letters are fetched and handed in at once, and how many bytes of them.
AT_ONCE, AT_ONCE_BYTES = 50, 8 * MB
#: Of a letter that is too large, how much is fetched, in bytes.
BEGINNING_BYTES = MB
#: After how many refusals a letter is fetched by itself, and after how many it is told that it
#: cannot be fetched.
ALONE_AFTER, TOLD_AFTER = 1, 3


class Fetcher:
    """For one source: it remembers what was refused. A letter above `most_bytes` is too large."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._refused: Counter[int] = Counter()

    def portions(self, letters: Sequence[Entry]) -> Iterator[list[Entry]]:
        some: list[Entry] = []
        size = 0
        for one in letters:
            alone = self._is_large(one) or self._refused[one.uid] >= ALONE_AFTER
            if some and (alone or len(some) == AT_ONCE or size + one.size_bytes > AT_ONCE_BYTES):
                yield some
                some, size = [], 0
            some.append(one)
            size += one.size_bytes
            if alone:
                yield some
                some, size = [], 0
        if some:
            yield some

    def _is_large(self, one: Entry) -> bool:
        return one.size_bytes > self._most_bytes

    def fetch(self, line: Line, folder: str, some: Sequence[Entry], place: Place) -> list[Came]:
        """The letters of one portion. Raises Refused while they may still be given."""
        uids = [one.uid for one in some]
        large = self._is_large(some[0])
        fault = "the server gives only a part of this mail"
        try:
            got = line.fetch(uids, f"<0.{BEGINNING_BYTES}>" if large else "")
        except Refused as refused:
            self._refused.update(uids)
            if len(some) > 1 or self._refused[uids[0]] < TOLD_AFTER:
                raise
            fault, got = f"the server does not give this mail ({refused}): look at it there", []
        bodies = {one.uid: one.body for one in got if one.body is not None}
        missing = [uid for uid in uids if uid not in bodies]
        if missing:
            bodies.update(_withheld(line, missing))
        came = []
        for one in some:
            if one.uid in bodies:
                files = file_names(line.structure(one.uid)) if large else ()
                why = fault if one.uid in missing else ""
                came.append(_came(one, bodies[one.uid], folder, place, large, files, why))
            self._refused.pop(one.uid, None)
        return came


def _came(
    one: Entry,
    body: bytes,
    folder: str,
    place: Place,
    large: bool,
    files: tuple[str, ...],
    fault: str,
) -> Came:
    size = one.size_bytes if large else 0
    return Came(body, place.source_id(one.uid), folder, one.flags, one.at, size, files, fault)


def _withheld(line: Line, uids: Sequence[int]) -> dict[int, bytes]:
    """What there is of letters that did not come: those that are gone are left out."""
    there = {one.uid: b"" for one in line.attributes(uids)}
    if there:
        with suppress(Refused):
            heads = line.fetch(sorted(there), "HEADER")
            there.update({one.uid: one.body for one in heads if one.body})
    return there
