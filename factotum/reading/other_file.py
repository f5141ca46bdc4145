"""Any other file: what it is, how large, and its mark; the file itself is kept."""

from __future__ import annotations

import hashlib

from factotum.reading.shape import Reading, one_line, stem
from factotum.reading.sniff import is_binary, what_is
from factotum.words import size


def read(data: bytes, name: str) -> Reading:
    what = what_is(data) or ("a file of unknown kind" if is_binary(data) else "a text file")
    mark = hashlib.sha256(data).hexdigest()[:12]
    text = (
        f"{one_line(name)} is {what}, {size(len(data))}, sha256 {mark}\u2026\n"
        "It was kept, not opened.\n"
    )
    return Reading("file", stem(name), text)
