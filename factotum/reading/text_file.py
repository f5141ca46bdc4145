"""Plain text: `.txt`, and the decoding that every other text format uses."""

from __future__ import annotations

import codecs

from factotum.reading.shape import Bounds, Reading, clean, cut, stem

#: Encodings in which a few bytes can cost minutes, or that are no writing at all.
_REFUSED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"}

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes, charset: str = "") -> tuple[str, tuple[str, ...]]:
    """The text of the bytes, cleaned, and a remark if something had to be guessed.

    `charset` is what a sender claims; it is used only if it is a real encoding and fits.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            text = data.decode(name, errors="replace").removeprefix("\ufeff")
            return clean(text), _replaced(text, name)
    for name in dict.fromkeys((_known(charset), "utf-8", "cp1252")):
        try:
            text = data.decode(name) if name else ""
        except (UnicodeError, LookupError, ValueError):
            continue
        if name:
            guessed = name == "cp1252" and _known(charset) not in ("cp1252", "iso8859-1")
            remark = "the text is in no known encoding: read as Western European (Windows-1252)"
            return clean(text), (remark,) if guessed else ()
    text = data.decode("utf-8", errors="replace")
    return clean(text), _replaced(text, "utf-8")


def _known(charset: str) -> str:
    try:
        name = codecs.lookup(charset.strip()[:40]).name if charset.strip() else ""
    except (LookupError, ValueError):
        return ""
    return "" if name in _REFUSED else name


def _replaced(text: str, name: str) -> tuple[str, ...]:
    if "\ufffd" not in text:
        return ()
    return (f"some characters could not be read as {name}: they show as \ufffd",)


def read(data: bytes, name: str, bounds: Bounds) -> Reading:
    text, guessed = decode(data)
    text, long = cut(text, bounds.text_most, "the text")
    return Reading("file", stem(name), text, remarks=guessed + long)
