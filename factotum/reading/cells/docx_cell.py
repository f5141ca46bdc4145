"""A Word document: its headings, lists and tables as HTML. Macros and templates stay shut."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

PARTS_MOST = 5_000
UNPACKED_MOST_BYTES = 200 * 1024 * 1024
#: How much HTML is handed on, in characters.
HTML_MOST = 1_000_000

_MARKUP = (".xml", ".rels")
_ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_OUTSIDE = re.compile(rb"<Relationship\b[^>]{0,2000}\bTargetMode\s*=\s*[\"']External[\"'][^>]*>")


def read(data: bytes, most: int, until_s: float) -> dict[str, Any]:
    """`html`, `pictures` (how many), `macros`, `outside` (how many things it would load);
    or why it is `refused`."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if refused := _refused(archive):
            return {"refused": refused}
        facts = {"macros": _macros(archive), "outside": _outside(archive)}
    pictures = 0

    def passed_over(picture: object) -> list[Any]:
        nonlocal pictures
        pictures += 1
        return []

    import mammoth

    found = mammoth.convert_to_html(
        io.BytesIO(data), convert_image=passed_over, include_embedded_style_map=False
    )
    return {"html": found.value[: HTML_MOST + 1], "pictures": pictures, **facts}


def _refused(archive: zipfile.ZipFile) -> str:
    """Why the document is not opened, or nothing. The sizes hold: no more is ever unpacked."""
    parts = archive.infolist()
    if len(parts) > PARTS_MOST:
        return f"it has {len(parts):,} parts"
    if sum(part.file_size for part in parts) > UNPACKED_MOST_BYTES:
        return "it would unpack to more than any letter has"
    if any(part.flag_bits & 1 for part in parts):
        return "it is protected by a password"
    for part in parts:
        if part.filename.endswith(_MARKUP):
            text = archive.read(part)
            if text[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in text[:64]:
                return "it is written in a way that no word processor uses"
            if _ENTITIES.search(text):
                return "it defines entities, which no word processor does"
    return ""


def _macros(archive: zipfile.ZipFile) -> bool:
    return any(name.lower().endswith("vbaproject.bin") for name in archive.namelist())


def _outside(archive: zipfile.ZipFile) -> int:
    """How many templates, pictures or objects elsewhere it names; links do not count."""
    return sum(
        b"/hyperlink" not in found[0]
        for name in archive.namelist()
        if name.endswith(".rels")
        for found in _OUTSIDE.finditer(archive.read(name))
    )
