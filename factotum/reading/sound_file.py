"""A recording or a film: how long it is, its title; it is kept and nobody has listened."""

from __future__ import annotations

from factotum.reading import cell
from factotum.reading.shape import Bounds, Reading, one_line, stem
from factotum.reading.sniff import what_is
from factotum.words import size


def read(data: bytes, name: str, bounds: Bounds) -> Reading:
    found = cell.run("sound", data, bounds.text_most, bounds.wait_s)
    what = what_is(data)
    said = f"{one_line(name)} is {what}, {size(len(data))}"
    kept = "It was kept. What is said in it was not written down."
    if isinstance(found, cell.Broken):
        remark = f"how long it is could not be read: {found.reason}"
        return Reading("file", stem(name), f"{said}. {kept}", remarks=(remark,))
    if found["seconds"]:
        said += f", {_lasts(found['seconds'])}"
    lines = [f"{said}. {kept}"]
    for label in ("title", "artist", "album"):
        if word := one_line(found[label]):
            lines.append(f"{label.title()}: {word}")
    return Reading("file", one_line(found["title"]) or stem(name), "\n".join(lines))


def _lasts(seconds: float) -> str:
    """“4:05 minutes”, “1:02:03 hours”, “12 seconds”."""
    whole = max(1, round(seconds))
    if whole < 60:
        return "1 second" if whole == 1 else f"{whole} seconds"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02} minutes"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02} hours"
