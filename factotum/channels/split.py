"""Long words in several messages: cut where a reader would cut, and nothing lost but blanks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from factotum.channels.words import Words, whole_before

#: Where a sentence ends: before a blank, or by a stop of a script that sets none.
_SENTENCE = re.compile(r"[.!?…]['\"”’)\]]*(?=\s)|[。！？]")
#: How much of a message must be full before it may end at a paragraph, a line or a sentence,
#: and before it may end at a word, of all that would fit.
_WELL_FILLED, _FILLED = 0.5, 0.25


def utf16(text: str) -> int:
    """How long Telegram says the text is: in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(
    words: Words, most_units: int = 4096, measure: Callable[[str], int] = utf16
) -> list[Words]:
    """The words in parts of at most `most_units` by `measure`, by which every character is at
    least 1 long and, save one alone, at most `most_units`. No part is blank; none for blank words.
    """
    text = words.text
    parts: list[Words] = []
    start = _seen(text, 0)
    while start < len(text):
        end = _end(text, start, _fitting(text, start, most_units, measure))
        parts.append(words.part(start, start + len(text[start:end].rstrip())))
        start = _seen(text, end)
    return parts


def fitted(words: Words, most_units: int, measure: Callable[[str], int] = utf16) -> Words:
    """The words in one part of at most `most_units`; “…” at the end where something is missing."""
    if measure(words.text) <= most_units:
        return words
    return words.cut(_fitting(words.text, 0, most_units - measure("…"), measure) + 1)


def _seen(text: str, at: int) -> int:
    """Where the first character from `at` on stands that is no blank."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _fitting(text: str, start: int, most_units: int, measure: Callable[[str], int]) -> int:
    """The last place to which the text from `start` on fits; one character always does."""
    low, high = start + 1, max(start + 1, min(len(text), start + most_units))
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[start:middle]) <= most_units:
            low = middle
        else:
            high = middle - 1
    return low


def _end(text: str, start: int, last: int) -> int:
    """The best place to end a message that begins at `start` and must end by `last`."""
    if last >= len(text):
        return last
    full = start + int((last - start) * _WELL_FILLED)
    filled = start + int((last - start) * _FILLED)
    for place in (
        text.rfind("\n\n", full, last + 2),
        text.rfind("\n", full, last + 1),
        max(_sentences(text, full, last), default=-1),
        max(_blanks(text, filled, last), default=-1),
        whole_before(text, last),
    ):
        if place > start:
            return place
    return last


def _sentences(text: str, start: int, end: int) -> Iterator[int]:
    return (one.end() for one in _SENTENCE.finditer(text, start, end + 1) if one.end() <= end)


def _blanks(text: str, start: int, end: int) -> Iterator[int]:
    return (at for at in range(start, end + 1) if text[at].isspace())
