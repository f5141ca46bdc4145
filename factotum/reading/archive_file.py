"""An archive: what is in it by name and size. It is never unpacked."""

from __future__ import annotations

from typing import Any

from factotum.reading import cell, other_file
from factotum.reading.shape import Bounds, Reading, cut, one_line, stem
from factotum.reading.sniff import what_is
from factotum.words import size

#: Unpacked it would have so many times its size: a trap, or a very empty file.
SWELLS_MOST = 200
SWELLS_FROM_BYTES = 100 * 1024 * 1024


def read(data: bytes, name: str, bounds: Bounds) -> Reading:
    found = cell.run("archive", data, bounds.text_most, bounds.wait_s)
    if isinstance(found, cell.Broken):
        kept = other_file.read(data, name, bounds)
        remark = f"what is in the archive could not be read: {found.reason}"
        return Reading("file", kept.title, kept.text, remarks=(remark,))
    if found.get("plain"):
        return other_file.read(data, name, bounds)
    text, long = cut(_words(found, data, name), bounds.text_most, "the list")
    return Reading("file", stem(name), text, remarks=(*_remarks(found, len(data)), *long))


def _words(found: dict[str, Any], data: bytes, name: str) -> str:
    files, count = found["files"], found["count"]
    many = f"{count:,} file" if count == 1 else f"{count:,} files"
    counted = many if found["whole"] else f"at least {many}"
    head = (
        f"{one_line(name)} is {what_is(data)}, {size(len(data))}, with {counted}"
        f" ({size(found['total'])} unpacked). It was kept, not unpacked."
    )
    lines = [f"- {one_line(inner)} ({size(size_bytes)})" for inner, size_bytes in files]
    if count > len(files):
        lines.append(f"- and {count - len(files):,} more")
    return "\n".join([head, "", *lines]).strip()


def _remarks(found: dict[str, Any], packed_bytes: int) -> list[str]:
    remarks = []
    if found["locked"]:
        remarks.append("the archive is protected by a password")
    if not found["whole"]:
        remarks.append("only the beginning of the archive could be listed")
    total = found["total"]
    if total > SWELLS_FROM_BYTES and total > packed_bytes * SWELLS_MOST:
        remarks.append(f"unpacked it would fill {size(total)}: it may be made to do harm")
    if any(_leads_out(inner) for inner, _ in found["files"]):
        remarks.append("names in the archive lead out of its folder: unpack it with care")
    return remarks


def _leads_out(inner: str) -> bool:
    parts = inner.replace("\\", "/").split("/")
    return ".." in parts or parts[0] == "" or parts[0].endswith(":")
