"""A presentation (`.pptx`): the words of each slide. Pictures and notes are left out."""

from __future__ import annotations

from factotum.reading import cell, other_file
from factotum.reading.shape import Bounds, Reading, clean, cut, stem


def read(data: bytes, name: str, bounds: Bounds) -> Reading:
    found = cell.run("slides", data, bounds.text_most, bounds.wait_s)
    if isinstance(found, cell.Broken):
        kept = other_file.read(data, name, bounds)
        remark = f"the presentation could not be read: {found.reason}"
        return Reading("file", kept.title, kept.text, remarks=(remark,))
    slides, count = found["slides"], found["count"]
    blocks = [f"## Slide {n}\n\n{clean(words).strip()}" for n, words in enumerate(slides, 1)]
    more: list[str] = []
    if count > len(slides):
        more.append(f"the presentation has {count} slides: the first {len(slides)} were read")
    if found["too_large"]:
        more.append("slides that are too large were left out")
    if not any(slides):
        more.append("the presentation has no text")
    text, long = cut("\n\n".join(blocks), bounds.text_most, "the presentation")
    return Reading("file", stem(name), text, remarks=(*more, *long))
