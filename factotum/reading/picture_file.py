"""A picture: what it is, its size in pixels, when and with what it was taken; it is kept.

Where it was taken is never repeated. Nothing is drawn: models that see get the file.
"""

from __future__ import annotations

import re
from datetime import datetime

from factotum.reading import cell
from factotum.reading.shape import Bounds, Reading, clean, one_line, stem
from factotum.reading.sniff import SVG, what_is
from factotum.words import size

#: A picture with more pixels than this is not worth showing to anybody, or is a trap.
PIXELS_MOST = 200_000_000


def read(data: bytes, name: str, bounds: Bounds) -> Reading:
    found = cell.run("picture", data, bounds.text_most, bounds.wait_s)
    said = f"{one_line(name)} is {what_is(data)}, {size(len(data))}"
    if isinstance(found, cell.Broken):
        remark = f"the picture could not be read: {found.reason}"
        return Reading("file", stem(name), f"{said}. It was kept.", remarks=(remark,))
    width, height = found["width"], found["height"]
    lines = (
        [f"{said}, {width} × {height} pixels. It was kept."] if width else [f"{said}. It was kept."]
    )
    if taken := _taken(found["taken"], found["zone"]):
        lines.append(f"Taken: {taken}")
    if found["camera"]:
        lines.append(f"Camera: {one_line(found['camera'])}")
    if found["place"]:
        lines.append("It also says where it was taken; that is not repeated here.")
    remarks = ("it claims to be larger than any picture",) if width * height > PIXELS_MOST else ()
    return Reading("file", stem(name), "\n".join(lines), remarks=remarks)


def _taken(text: str, zone: str) -> str:
    """`2026:11:21 11:00:00` as “Sat 21 Nov 2026 11:00 +01:00”; nothing if it is no time."""
    try:
        at = datetime.fromisoformat(text[:10].replace(":", "-") + text[10:19])
    except ValueError:
        return ""
    known = zone if re.fullmatch(r"[+-]\d\d:\d\d", zone) else "(the camera's clock)"
    return f"{at:%a} {at.day} {at:%b %Y %H:%M} {known}"


_SIDE = re.compile(r"""\b(width|height)\s*=\s*["']\s*(\d{1,6})(?:\.\d{1,6})?(?:px)?\s*["']""")
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,500})")
_LOOKED_AT = 16_384


def read_svg(data: bytes, name: str, bounds: Bounds) -> Reading:
    """A drawing in SVG is text with commands in it: it is never drawn, only named."""
    head = clean(data[:_LOOKED_AT].decode("utf-8", errors="replace"))
    opened = head[head.find("<svg") :].partition(">")[0]
    sides = dict(_SIDE.findall(opened))
    said = f"{one_line(name)} is {SVG}, {size(len(data))}"
    if len(sides) == 2:
        said += f", {sides['width']} × {sides['height']} pixels"
    lines = [f"{said}. It was kept and not drawn: such a file can carry programs."]
    if titled := _TITLE.search(head):
        lines.append(f"Title: {one_line(titled[1])}")
    return Reading("file", stem(name), "\n".join(lines))
