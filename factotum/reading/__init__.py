"""The bytes of a dropped file become words a task can use.

A format is one small file here and one row in the table below. Reading never raises for
hostile bytes, never unpacks an archive, never runs or fetches anything; what it could not
read it says in `Reading.remarks`. It knows neither the vault nor the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from factotum.reading import (
    email_file,
    html_file,
    note_file,
    other_file,
    pdf_file,
    text_file,
)
from factotum.reading.shape import FILE_MOST_BYTES, Format, Part, Reading
from factotum.reading.sniff import is_binary, is_pdf, what_is
from factotum.words import size

__all__ = ["FORMATS", "Part", "Reading", "read"]

#: Every format that is read, by the ending of its name. Anything else is kept unopened.
FORMATS: Mapping[str, Format] = {
    ".eml": email_file.read,
    ".txt": text_file.read,
    ".text": text_file.read,
    ".md": note_file.read,
    ".markdown": note_file.read,
    ".html": html_file.read,
    ".htm": html_file.read,
    ".pdf": pdf_file.read,
}


def read(data: bytes, name: str) -> Reading:
    """What the file called `name` says, whatever is in it."""
    ending = _ending(name)
    chosen, remark = _choose(data, ending)
    try:
        reading = chosen(data, name)
    except Exception as broken:  # noqa: BLE001 - a stranger's file must never stop the intake
        reading = other_file.read(data, name)
        remark = f"it could not be read ({type(broken).__name__})"
    return replace(reading, remarks=(remark, *reading.remarks)) if remark else reading


def _choose(data: bytes, ending: str) -> tuple[Format, str]:
    """How to read it, and what to say when that is not what its name promised."""
    if not data:
        return other_file.read, "the file is empty"
    if len(data) > FILE_MOST_BYTES:
        return other_file.read, f"it has {size(len(data))}: more than is opened"
    if ending == ".pdf" and is_pdf(data):
        return pdf_file.read, ""
    what = what_is(data)
    lie = f"its name ends in {ending}, but it is {what or 'no text'}" if ending in FORMATS else ""
    if what == "a PDF":
        return pdf_file.read, lie
    if ending == ".pdf":
        return other_file.read, f"its name ends in .pdf, but it is {what or 'no PDF'}"
    if lie and (what or (ending != ".eml" and is_binary(data))):
        return other_file.read, lie
    return FORMATS.get(ending, other_file.read), ""


def _ending(name: str) -> str:
    _, dot, ending = name.rpartition(".")
    return dot + ending.lower() if dot else ""
