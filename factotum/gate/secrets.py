"""Secrets that must not leave: the values of settings and keys, in whatever disguise, and what
looks like a key of anybody.

Pure, and quick: what a secret can look like is worked out once; a text is stripped to letters
and digits and looked through for five of them in a row, and only where some fit it is looked at
closely. Tells the name of a setting, never its value.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from factotum.gate.lookalike import LOOKS

#: A shorter value would be found in ordinary words.
VALUE_CHARS_LEAST = 8
#: A plain word, or a plain number, that is no longer is looked for just as it is written.
WORD_CHARS_MOST = 12
#: How many letters in a row are looked for, and how far apart these looks begin: whatever
#: is one letter longer is never overlooked.
GRAM, STEP = 5, 2
PIECE = GRAM + STEP - 1
#: Of a secret that is so long, so many letters in a row are as good as all of it.
LONG, PART = 20, 12
#: Two halves of one may be so short.
HALF_LEAST = 4
#: Pieces that make up so much of a secret are as good as all of it.
MOST_OF_IT = 0.8
#: How often what was decoded is decoded again, and the shortest that is decoded.
DEPTH_MOST = 3
_WORD = re.compile(r"[^\W\d]+\d{0,4}")
_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_RUN32 = re.compile(r"[A-Z2-7]{16,}=*|[a-z2-7]{16,}=*")

_NO_LETTER = re.compile(r"[\W_\u115f\u1160\u3164\uffa0]+")
#: Letters that nobody sees although they spell a text (tags), and letters of other scripts
#: that look like one of ours: each as the one that it stands for.
_AS_READ = {0xE0000 + code: chr(code).lower() for code in range(0x20, 0x7F)} | LOOKS
_BETWEEN = bytes(code for code in range(128) if not chr(code).isalnum())
_CODED = re.compile(r"%[0-9A-Fa-f]{2}|&#?\w+;|\\[ux][0-9A-Fa-f]{2}|0x[0-9A-Fa-f]{2}|=[0-9A-F]{2}")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|(?:\\|0)x([0-9A-Fa-f]{2})|=([0-9A-F]{2})")

#: What keys of others look like: (name, what stands in each, what it is as a whole).
PATTERNS: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (name, mark, re.compile(pattern))
    for name, mark, pattern in (
        ("a private key", "PRIVATE KEY", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
        (
            "a key of a model's provider",
            "sk-",
            r"(?<![A-Za-z0-9])sk-(?:[a-z0-9]+-){0,3}(?=[A-Za-z_]*\d)[A-Za-z0-9_]{20,}",
        ),
        ("a key of a model's provider", "gsk_", r"(?<![A-Za-z0-9])gsk_[A-Za-z0-9]{40,}"),
        ("a key of Google", "AIza", r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
        ("a key of Amazon", "AKIA", r"(?<![A-Z0-9])AKIA[A-Z0-9]{16}(?![A-Z0-9])"),
        ("a token of GitHub", "gh", r"(?<![A-Za-z0-9])gh[opsru]_[A-Za-z0-9]{36}"),
        ("a token of GitHub", "github_pat_", r"github_pat_[A-Za-z0-9_]{60,}"),
        ("a token of Slack", "xox", r"(?<![A-Za-z0-9])xox[abprs]-\d[A-Za-z0-9-]{20,}"),
        ("a token of a Telegram bot", ":", r"(?<!\d)\d{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
        ("a macaroon", "0201036c6e64", r"0201036c6e64[0-9a-f]{60,}"),
        ("a macaroon", "0201036C6E64", r"0201036C6E64[0-9A-F]{60,}"),
        ("a macaroon", "AgEDbG5k", r"AgEDbG5k[A-Za-z0-9+/_-]{60,}"),
        ("a private key", "nsec1", r"(?<![a-z0-9])nsec1[02-9ac-hj-np-z]{58}"),
        ("a private key", "xprv", r"(?<![A-Za-z0-9])xprv[1-9A-HJ-NP-Za-km-z]{100,}"),
        ("a private key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{50,}"),
    )
)


@dataclass(frozen=True)
class _Form:
    """One way in which a secret can be written, stripped to letters and digits. `part` is how
    many of these in a row are as good as all."""

    name: str
    text: str
    part: int


class Secrets:
    def __init__(self, values: Mapping[str, str]) -> None:
        """`values` are secrets by the names of their settings; short ones are left out."""
        forms: dict[tuple[str, str], _Form] = {}
        self._words: list[tuple[str, re.Pattern[str]]] = []
        for name, value in values.items():
            if len(value) < VALUE_CHARS_LEAST:
                continue
            if _is_word(value):
                self._words.append((name, _as_written(value)))
            for form in _forms(name, value):
                forms.setdefault((name, form.text), form)
        self._by_gram: dict[str, set[_Form]] = {}
        for form in forms.values():
            for gram in _grams(form.text, 1):
                self._by_gram.setdefault(gram, set()).add(form)

    def within(self, args: Mapping[str, Any], before: Callable[[], str] = str) -> str:
        """The name of the setting whose value stands in the arguments, together or in parts, or
        what looks like a secret of another kind; empty for neither. `before` gives what was
        said in earlier calls; it is asked where the arguments hold a part of a secret."""
        return self.in_text("\n".join(_texts(args)), before)

    def in_text(self, text: str, before: Callable[[], str] = str, depth: int = 0) -> str:
        found = self._plainly(text, before)
        if found or depth >= DEPTH_MOST:
            return found
        for decoded in _decoded(text):
            if found := self.in_text(decoded, before, depth + 1):
                return found
        return ""

    def _plainly(self, text: str, before: Callable[[], str]) -> str:
        for name, word in self._words:
            if word.search(text):
                return name
        letters = _letters(text)
        hits = self._by_gram.keys() & _grams(letters, STEP)
        seen = {form for gram in hits for form in self._by_gram[gram]}
        touched = [form for form in seen if _touches(form, letters)]
        more = _letters(f"{before()}\n{text}") if touched else ""
        for form in touched:
            if _leaks(form, letters) or (more != letters and _leaks(form, more)):
                return form.name
        for name, mark, pattern in PATTERNS:
            if mark in text and pattern.search(text):
                return f"what looks like {name}"
        return ""


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, the names of properties included."""
    match value:
        case Mapping():
            for key, one in value.items():
                yield str(key)
                yield from _texts(one)
        case list() | tuple():
            for one in value:
                yield from _texts(one)
        case _:
            yield str(value)


def _letters(text: str) -> str:
    """The letters and digits of a text, without anything between them."""
    if text.isascii():
        return text.lower().encode().translate(None, _BETWEEN).decode()
    if not unicodedata.is_normalized("NFKD", text):
        text = unicodedata.normalize("NFKD", text)
    return _NO_LETTER.sub("", text.casefold().translate(_AS_READ))


def _grams(letters: str, step: int) -> set[str]:
    return {letters[at : at + GRAM] for at in range(0, len(letters) - GRAM + 1, step)}


def _leaks(form: _Form, letters: str) -> bool:
    """Whether the text holds the form, a long part of it, its two halves, or pieces of nearly
    all of it."""
    whole = form.text
    there = [whole[at : at + PIECE] in letters for at in range(len(whole) - PIECE + 1)]
    for at, here in enumerate(there):
        if here and at + form.part <= len(whole) and whole[at : at + form.part] in letters:
            return True
    for at in range(HALF_LEAST, len(whole) - HALF_LEAST + 1):
        first, last = whole[:at], whole[at:]
        if _mixed(first) and _mixed(last) and first in letters and last in letters:
            return True
    covered = sum(any(there[max(0, at - PIECE + 1) : at + 1]) for at in range(len(whole)))
    return len(whole) >= 2 * PIECE and covered >= MOST_OF_IT * len(whole)


def _touches(form: _Form, letters: str) -> bool:
    """Whether the text holds a piece of the form that it hardly holds by chance."""
    whole = form.text
    return any(whole[at : at + PIECE] in letters for at in range(len(whole) - PIECE + 1))


def _mixed(letters: str) -> bool:
    """Whether it is neither a word nor a number, so that no ordinary text holds it."""
    return not letters.isalpha() and not letters.isdigit()


# -- what a secret can look like


def _is_word(value: str) -> bool:
    """Whether it could stand in an ordinary text by chance, and is then only looked for as it
    is: a word, one with a year, a number, or what has hardly a letter in it."""
    letters = _letters(value)
    plain = letters.isdigit() or _WORD.fullmatch(letters) is not None
    return len(letters) < VALUE_CHARS_LEAST or (plain and len(letters) < WORD_CHARS_MOST)


def _as_written(value: str) -> re.Pattern[str]:
    before = r"(?<!\w)" if value[0].isalnum() else ""
    after = r"(?!\w)" if value[-1].isalnum() else ""
    return re.compile(f"{before}{re.escape(value)}{after}")


def _forms(name: str, value: str) -> Iterator[_Form]:
    data = value.encode()
    plain = _letters(value)
    long = len(plain) >= LONG

    def form(text: str, ratio: float) -> _Form:
        letters = _letters(text)
        return _Form(name, letters, round(PART * ratio) if long else len(letters))

    if not _is_word(value):
        yield form(value, 1)
        yield form(value[::-1], 1)
        yield form(codecs.encode(value, "rot13"), 1)
    yield form(data.hex(), 2)
    yield form("".join(map(str, data)), 2.5)
    for before in range(3):
        yield form(_base64_inside(data, before), 4 / 3)


def _base64_inside(data: bytes, before: int) -> str:
    """How the data looks in Base64 when `before` other bytes stand in front: without the
    characters at both ends that depend on what is beside it."""
    coded = base64.b64encode(bytes(before) + data).decode().rstrip("=")
    bits = (before + len(data)) * 8
    return coded[-(-before * 8 // 6) : bits // 6]


# -- taking a disguise off


def _decoded(text: str) -> Iterator[str]:
    """What a text says once what is coded in it is decoded; nothing where nothing is."""
    if _CODED.search(text):
        plain = _ESCAPE.sub(_char, html.unescape(unquote(text)))
        if plain != text:
            yield plain
    runs = [one for run in _RUN.findall(text) for one in _unpacked(run)]
    if runs:
        yield "\n".join(runs)


def _char(found: re.Match[str]) -> str:
    return chr(int(found[1] or found[2] or found[3], 16))


def _unpacked(run: str) -> Iterable[str]:
    """What a run of letters may have been coded from; only what is text."""
    ways = (_base64, bytes.fromhex, *((_base32,) if _RUN32.fullmatch(run) else ()))
    for unpack in ways:
        try:
            data = unpack(run)
            text = data.decode(_coding(data))
            if "\0" not in text[:64]:
                yield text
        except ValueError:
            continue


def _coding(data: bytes) -> str:
    """Every other byte of a plain text in UTF-16 is empty: in which half says which it is."""
    if b"\0" not in data[:64]:
        return "utf-8"
    return "utf-16-be" if data[:1] == b"\0" else "utf-16-le"


def _base64(run: str) -> bytes:
    plain = run.rstrip("=").replace("-", "+").replace("_", "/")
    return binascii.a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True)


def _base32(run: str) -> bytes:
    plain = run.rstrip("=").upper()
    return base64.b32decode(plain + "=" * (-len(plain) % 8))
