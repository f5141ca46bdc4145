"""A recording or a film: how long it is, its title; it is kept, and nobody listens here.

Whoever has it heard adds the words to the reading.
"""

from __future__ import annotations

from dataclasses import replace

from factotum.reading import cell
from factotum.reading.shape import TEXT_MOST, Bounds, Reading, one_line, stem
from factotum.reading.sniff import what_is
from factotum.words import size

UNHEARD = " What is said in it was not written down."
HEARD = "What is said in it, as it was heard:"
#: How the remark begins of one that was to be heard and was not; the reason follows.
NOT_HEARD = "it was not heard: "
#: The property of a recording that says how long it lasts.
SECONDS = "seconds"


def read(data: bytes, name: str, bounds: Bounds) -> Reading:
    found = cell.run("sound", data, bounds.text_most, bounds.wait_s)
    what = what_is(data)
    said = f"{one_line(name)} is {what}, {size(len(data))}"
    kept = f"It was kept.{UNHEARD}"
    if isinstance(found, cell.Broken):
        remark = f"how long it is could not be read: {found.reason}"
        about = {SECONDS: 0.0}
        text = f"{said}. {kept}"
        return Reading("file", stem(name), text, remarks=(remark,), properties=about)
    if found["seconds"]:
        said += f", {lasts(found['seconds'])}"
    lines = [f"{said}. {kept}"]
    for label in ("title", "artist", "album"):
        if word := one_line(found[label]):
            lines.append(f"{label.title()}: {word}")
    about = {SECONDS: found["seconds"]}
    title = one_line(found["title"]) or stem(name)
    return Reading("file", title, "\n".join(lines), properties=about)


def is_recording(reading: Reading) -> bool:
    return SECONDS in reading.properties


def length_s(reading: Reading) -> float:
    """How long the file says that it lasts, in seconds; 0 where it does not."""
    found = reading.properties.get(SECONDS, 0.0)
    return float(found) if isinstance(found, int | float) else 0.0


def with_words(reading: Reading, words: str) -> Reading:
    """The reading of a recording in which this is said."""
    known = reading.text.replace(UNHEARD, "")
    return replace(reading, text=f"{known}\n\n{HEARD}\n\n{words}"[:TEXT_MOST])


def lasts(seconds: float) -> str:
    """“4:05 minutes”, “1:02:03 hours”, “12 seconds”."""
    whole = max(1, round(seconds))
    if whole < 60:
        return "1 second" if whole == 1 else f"{whole} seconds"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02} minutes"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02} hours"
