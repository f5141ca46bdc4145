"""A JSON file, laid out so that a person can read it; as it stands if it cannot be."""

from __future__ import annotations

from factotum.reading import cell
from factotum.reading.shape import Bounds, Reading, cut, stem
from factotum.reading.text_file import decode

#: How much is shown of what nobody can read anyway, in characters.
DEEP_MOST = 2_000


def read(data: bytes, name: str, bounds: Bounds) -> Reading:
    source, guessed = decode(data)
    found = cell.run("json", source.encode(errors="replace"), bounds.text_most, bounds.wait_s)
    if isinstance(found, cell.Broken):
        text, remark = source, f"the JSON could not be read: {found.reason}; it is shown as it is"
    elif found.get("error") == "deep":
        text, remark = (
            source[:DEEP_MOST],
            "the JSON is nested too deep: only its beginning is shown",
        )
    elif found.get("error"):
        text, remark = source, f"it is no valid JSON (line {found['line']}); it is shown as it is"
    else:
        text, remark = f"JSON: {found['top']}.\n\n{found['text']}", ""
    text, long = cut(text, bounds.text_most, "the JSON")
    return Reading(
        "file", stem(name), text, remarks=(*guessed, *([remark] if remark else []), *long)
    )
