"""A PDF: the text of its pages, and a word when there is none."""

from __future__ import annotations

from factotum.reading import cell
from factotum.reading.shape import Bounds, Reading, clean, cut, stem


def read(data: bytes, name: str, bounds: Bounds) -> Reading:
    text, remarks = text_of(data, bounds)
    return Reading("file", stem(name), text, remarks=remarks)


def text_of(data: bytes, bounds: Bounds) -> tuple[str, tuple[str, ...]]:
    """The text, pages apart by an empty line, and what a person should know about it."""
    found = cell.run("pdf", data, bounds.text_most, bounds.wait_s)
    if isinstance(found, cell.Broken):
        return "", (f"the PDF could not be read: {found.reason}",)
    if found.get("encrypted"):
        return "", ("the PDF is protected by a password: its text cannot be read",)
    remarks: list[str] = []
    text = clean("\n\n".join(page.strip() for page in found["texts"])).strip()
    if found["broken"]:
        remarks.append(f"{found['broken']} pages of the PDF are damaged and were left out")
    if not text:
        remarks.append("the PDF has no text: it is probably a scan")
    elif found["read"] + found["broken"] < found["pages"]:
        remarks.append(f"the PDF has {found['pages']} pages: the first {found['read']} were read")
    text, long = cut(text, bounds.text_most, "the PDF")
    return text, (*remarks, *long)
