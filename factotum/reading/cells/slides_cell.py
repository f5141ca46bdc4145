"""A presentation: the words of each slide, in the order of their numbers."""

from __future__ import annotations

import io
import re
import time
import zipfile
from typing import Any
from xml.etree import ElementTree as ET

SLIDES_MOST = 200
#: One slide's XML is larger than this only if it was made to do harm.
SLIDE_MOST_BYTES = 20 * 1024 * 1024

_SLIDE = re.compile(r"ppt/slides/slide(\d{1,5})\.xml")
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def read(data: bytes, most: int, until_s: float) -> dict[str, Any]:
    """The words of the first `slides`, a paragraph a line, the `count` of all, and how many
    were `too_large`."""
    slides: list[str] = []
    length = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        numbered = {
            int(found[1]): part
            for part in archive.infolist()
            if (found := _SLIDE.fullmatch(part.filename))
        }
        fit = {n: part for n, part in numbered.items() if part.file_size <= SLIDE_MOST_BYTES}
        for number in sorted(fit)[:SLIDES_MOST]:
            slides.append(_words(archive.read(fit[number])))
            length += len(slides[-1])
            if length > most or time.monotonic() > until_s:
                break
    return {"slides": slides, "count": len(fit), "too_large": len(numbered) - len(fit)}


def _words(xml: bytes) -> str:
    """Raises ParseError for what is no XML or defines entities that grow (expat counts)."""
    lines = []
    for paragraph in ET.fromstring(xml).iter(f"{_DRAWING}p"):  # noqa: S314  (in the child)
        line = "".join(run.text or "" for run in paragraph.iter(f"{_DRAWING}t"))
        if line.strip():
            lines.append(line)
    return "\n".join(lines)
