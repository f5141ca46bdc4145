"""What bytes are, whatever their name says. Nothing is opened, unpacked or run."""

from __future__ import annotations

import re

#: Names of parts inside an old Office file, and what the file is then.
OLE = "an old Office file or an Outlook message"
IN_OLE: tuple[tuple[str, str], ...] = (
    ("EncryptedPackage", "an Office file with a password"),
    ("Workbook", "an old Excel workbook"),
)

#: (offset, the bytes that stand there, what such a file is). The first that fits wins.
MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", "a PDF"),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF87a", "a GIF picture"),
    (0, b"GIF89a", "a GIF picture"),
    (8, b"WEBP", "a WebP picture"),
    (4, b"ftyphei", "an HEIC picture"),
    (4, b"ftypmif1", "an HEIC picture"),
    (4, b"ftypM4A", "a sound recording"),
    (4, b"ftyp", "a video"),
    (8, b"WAVE", "a sound recording"),
    (8, b"AVI ", "a video"),
    (0, b"OggS", "a sound recording"),
    (0, b"fLaC", "a sound recording"),
    (0, b"ID3", "a sound recording"),
    (0, b"\xff\xfb", "a sound recording"),
    (0, b"\xff\xfa", "a sound recording"),
    (0, b"\xff\xf3", "a sound recording"),
    (0, b"\xff\xf2", "a sound recording"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"PK\x05\x06", "an empty ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ\x00", "an xz archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (0, b"x\x9f\x3e\x22", "an Outlook winmail.dat"),
    (0, b"{\\rtf", "a Rich Text file"),
    (0, b"SQLite format 3\x00", "a database"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a Windows program"),
    (0, b"\xcf\xfa\xed\xfe", "a macOS program"),
    (0, b"II*\x00", "a TIFF picture"),
    (0, b"MM\x00*", "a TIFF picture"),
    (0, b"BM", "a BMP picture"),
)

#: A ZIP whose first or last kilobytes name one of these is an Office document.
IN_ZIP: tuple[tuple[bytes, str], ...] = (
    (b"word/document", "a Word document"),
    (b"xl/workbook", "an Excel workbook"),
    (b"ppt/presentation", "a PowerPoint presentation"),
    (b"opendocument.text", "an OpenDocument text"),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet"),
    (b"application/epub+zip", "an e-book"),
)

#: These begin with ordinary letters, so text that begins with them is no proof.
_SHORT = {b"BM", b"MZ", b"ID3", b"BZh", b"WEBP", b"WAVE", b"AVI "}

#: Texts that say in their first words what they are, whatever they are called.
CALENDAR = "a calendar file"
SVG = "an SVG picture"
PAGE = "a web page"
_OPENINGS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"BEGIN:VCALENDAR\s", re.IGNORECASE), CALENDAR),
    (re.compile(rb"(?:<\?xml[^>]{0,200}>\s*)?(?:<![^>]{0,500}>\s*){0,3}<svg[\s>]"), SVG),
    (re.compile(rb"<!doctype html|<html[\s>]", re.IGNORECASE), PAGE),
)

_LOOKED_AT = 8192
_TAIL = 65_536
_CONTROLS = bytes({*range(32)} - {9, 10, 12, 13, 27})
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def what_is(data: bytes) -> str:
    """What the bytes are, as `a PNG picture`; empty when they look like text or like nothing."""
    head = data[:_LOOKED_AT]
    for offset, magic, what in MAGIC:
        if head[offset : offset + len(magic)] != magic:
            continue
        if magic in _SHORT and not is_binary(data):
            continue
        if what == "a ZIP archive":
            ends = head + data[-_TAIL:]
            return next((inside for mark, inside in IN_ZIP if mark in ends), what)
        if what == OLE:
            marks = ((mark.encode("utf-16-le"), inside) for mark, inside in IN_OLE)
            return next((inside for mark, inside in marks if mark in data), what)
        return what
    return ""


def what_text_is(data: bytes) -> str:
    """What a text says it is in its first words; empty for most texts."""
    head = data[:_LOOKED_AT].removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((what for opening, what in _OPENINGS if opening.match(head)), "")


def is_pdf(data: bytes) -> bool:
    """Readers accept rubbish before the header, up to a kilobyte."""
    return b"%PDF-" in data[:1024]


def is_binary(data: bytes) -> bool:
    """Whether the bytes cannot be text: NULs, or more controls than text ever has."""
    head = data[:_LOOKED_AT]
    if head[:2] in _UTF16:
        return False
    if b"\x00" in head:
        return True
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > 4 and controls * 20 > len(head)
