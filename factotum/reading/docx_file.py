"""A Word document: headings, lists and tables as Markdown. Nothing in it runs or is fetched."""

from __future__ import annotations

from typing import Any

from factotum.reading import cell, html_file, other_file
from factotum.reading.shape import Bounds, Reading, stem


def read(data: bytes, name: str, bounds: Bounds) -> Reading:
    found = cell.run("docx", data, bounds.text_most, bounds.wait_s)
    reason = found.reason if isinstance(found, cell.Broken) else found.get("refused", "")
    if isinstance(found, cell.Broken) or reason:
        kept = other_file.read(data, name, bounds)
        return Reading(
            "file", kept.title, kept.text, remarks=(f"the document could not be read: {reason}",)
        )
    text, remarks = html_file.text_of(found["html"], bounds.text_most, bounds.wait_s)
    return Reading("file", stem(name), text, remarks=(*_remarks(found, text), *remarks))


def _remarks(found: dict[str, Any], text: str) -> list[str]:
    remarks = []
    if found["macros"]:
        remarks.append("the document carries macros: they were not run")
    if found["outside"]:
        remarks.append("the document wants to load things from elsewhere: nothing was loaded")
    if found["pictures"]:
        many = "a picture is" if found["pictures"] == 1 else f"{found['pictures']} pictures are"
        remarks.append(f"{many} in the document and not in this text")
    if not text:
        remarks.append("the document has no text")
    return remarks
