"""Any other file: what it is, how large, and its mark; the file itself is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from factotum.reading.shape import Bounds, Reading, one_line, stem
from factotum.reading.sniff import OLE, is_binary, what_is
from factotum.words import size

#: What a person may do to have the words of such a file read.
REMEDIES: Mapping[str, str] = {
    "an OpenDocument text": "it is kept, not read: save it as .docx or .pdf and drop that",
    "an e-book": "it is kept, not read",
    "a Rich Text file": "it is kept, not read: save it as .docx or .pdf and drop that",
    OLE: "it is kept, not read: save it as .docx, .pdf or .eml and drop that",
    "an Office file with a password": "it is kept, not read: drop it without its password",
    "an Outlook winmail.dat": "it is kept, not read: ask the sender to send plain text",
    "a 7-Zip archive": "it is kept, not listed: pack it as .zip and drop that",
    "a RAR archive": "it is kept, not listed: pack it as .zip and drop that",
}


def read(data: bytes, name: str, bounds: Bounds) -> Reading:
    what = what_is(data) or ("a file of unknown kind" if is_binary(data) else "a text file")
    mark = hashlib.sha256(data).hexdigest()[:12]
    text = (
        f"{one_line(name)} is {what}, {size(len(data))}, sha256 {mark}\u2026\n"
        "It was kept, not opened.\n"
    )
    remedy = REMEDIES.get(what)
    return Reading("file", stem(name), text, remarks=(remedy,) if remedy else ())
