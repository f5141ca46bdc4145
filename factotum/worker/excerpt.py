"""Lines of a note as they are counted, and the passage that fits a search. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

#: A longer line counts as several, so that each part of a note can be asked for.
LINE_MOST_CHARS = 2000


def lines_of(text: str) -> list[str]:
    """The lines of a note; a very long one is cut into several."""
    lines: list[str] = []
    for line in text.split("\n"):
        parts = range(0, max(len(line), 1), LINE_MOST_CHARS)
        lines += [line[at : at + LINE_MOST_CHARS] for at in parts]
    return lines


def passage(text: str, words: Sequence[str], most_chars: int, *, skip: int = 0) -> tuple[int, str]:
    """The number, from 1, of the first line that holds most of `words`, and the text there.
    The first `skip` lines, a note's properties, are not looked at."""
    lines = lines_of(text)
    wanted = [_folded(word) for word in words]
    best, most = min(skip, len(lines) - 1), 0
    for n, line in enumerate(lines[skip:], skip):
        folded = _folded(line)
        count = sum(word in folded for word in wanted)
        if count > most:
            best, most = n, count
    return best + 1, _cut(lines, best, wanted, most_chars)


def _cut(lines: Sequence[str], start: int, wanted: Sequence[str], most_chars: int) -> str:
    """The text from this line on, without blank lines; a long line from shortly before."""
    first = lines[start]
    folded = _folded(first)
    at = min((found for word in wanted if (found := folded.find(word)) >= 0), default=0)
    begin = max(0, at - most_chars // 3) if len(first) > most_chars else 0
    kept = [("…" if begin else "") + first[begin:].strip()]
    kept += [line.strip() for line in lines[start + 1 : start + 12]]
    text = re.sub(r"\n+", "\n", "\n".join(kept)).strip()
    return text if len(text) <= most_chars else text[: most_chars - 1].rstrip() + "…"


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return "".join(char for char in plain if not unicodedata.combining(char)).lower()
