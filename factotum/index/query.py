"""From what a person or a model asks for to a query of FTS5. Pure.

Every word becomes a phrase in quotes, so nothing in it is an operator. Scripts that set no
blanks between words are indexed sign by sign, and a run of them is asked for as a phrase.
"""

from __future__ import annotations

import itertools
import re
import unicodedata

#: Words of a query beyond these are left out, and so is what of a word is longer.
WORDS_MOST = 32
WORD_MOST_CHARS = 64
#: A word of at least so many letters also finds what begins with it.
PREFIX_LEAST_CHARS = 3

#: How the index cuts words: accents make no difference, signs such as emoji are words.
TOKENIZE = "unicode61 remove_diacritics 2 categories 'L* N* Co So'"

#: Scripts without blanks between words, and emoji: each sign is a word of its own.
_ALONE = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2600-\u27bf\u2e80-\u312f\u31a0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U0001f000-\U0001faff\U00020000-\U0003ffff])"
)
#: Stands between them in the index; no word has it in it.
_GAP = "\u200b"


def spaced(text: str) -> str:
    """`text` as it is indexed."""
    return _ALONE.sub(rf"{_GAP}\1{_GAP}", unicodedata.normalize("NFC", text))


def words(text: str) -> list[str]:
    """The words of a query, each once, in their order. The index folds them, in its own way."""
    flat = unicodedata.normalize("NFC", text)
    cut = "".join(char if _within_a_word(char) else " " for char in flat).split()
    known = (word[:WORD_MOST_CHARS] for word in cut if any(map(_is_letter, word)))
    return list({word.lower(): word for word in known}.values())[:WORDS_MOST]


def _is_letter(char: str) -> bool:
    kind = unicodedata.category(char)
    return kind[0] in "LN" or kind in ("Co", "So")


def _within_a_word(char: str) -> bool:
    return _is_letter(char) or unicodedata.category(char) in ("Mn", "Mc")


def expression(text: str, *, every: bool) -> str:
    """The query for FTS5, or an empty string when `text` has no word in it. With `every` all
    words must stand in a note, else some of them, or two signs of a script without blanks."""
    known = words(text)
    if every:
        return " AND ".join(map(_phrase, known))
    return " OR ".join(dict.fromkeys(_phrase(part) for word in known for part in _parts(word)))


def _parts(word: str) -> list[str]:
    signs = [sign for sign in spaced(word).split(_GAP) if sign]
    if len(signs) < 3:
        return [word]
    return ["".join(pair) for pair in itertools.pairwise(signs)]


def _phrase(word: str) -> str:
    asked = spaced(word)
    prefix = "*" if len(word) >= PREFIX_LEAST_CHARS and asked == word else ""
    return f'"{asked}"{prefix}'
