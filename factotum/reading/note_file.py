"""A Markdown note that somebody dropped: its text as it stands.

Its properties are shown as text and mean nothing: only a note in Needs_Action is a task.
"""

from __future__ import annotations

import re
from dataclasses import replace

from factotum.reading import text_file
from factotum.reading.shape import Bounds, Reading, one_line

_HEADING = re.compile(r"^# +(\S.*)$", re.MULTILINE)
_PROPERTIES = re.compile(r"\A---\n.*?^---$", re.MULTILINE | re.DOTALL)


def read(data: bytes, name: str, bounds: Bounds) -> Reading:
    reading = text_file.read(data, name, bounds)
    body = _PROPERTIES.sub("", reading.text, count=1)
    heading = _HEADING.search(body)
    title = one_line(heading[1]) if heading else ""
    return replace(reading, kind="note", title=title or reading.title)
