"""Any file as a whole: the reader that fits is chosen, and whatever it does is survived."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from factotum.reading import email_file, kinds, other_file
from factotum.reading.shape import FILE_MOST_BYTES, Bounds, Format, Reading
from factotum.words import size


def read(data: bytes, name: str) -> Reading:
    """What the file called `name` says, whatever is in it."""
    chosen, remark = _choose(data, name)
    return _by(chosen, remark, data, name, Bounds())


def _choose(data: bytes, name: str) -> tuple[Format, str]:
    """How to read it, and what to say when that is not what its name promised."""
    if not data:
        return other_file.read, "the file is empty"
    if len(data) > FILE_MOST_BYTES:
        return other_file.read, f"it has {size(len(data))}: more than is opened"
    return kinds.choose(data, name)


def _by(chosen: Format, remark: str, data: bytes, name: str, bounds: Bounds) -> Reading:
    if chosen is email_file.read:
        chosen = partial(email_file.read, within=_within)
    try:
        reading = chosen(data, name, bounds)
    except Exception as broken:  # noqa: BLE001 - a stranger's file must never stop the intake
        reading = other_file.read(data, name, bounds)
        remark = f"it could not be read ({type(broken).__name__})"
    return replace(reading, remarks=(remark, *reading.remarks)) if remark else reading


def _within(data: bytes, name: str, bounds: Bounds) -> Reading | None:
    """What a file inside a mail says; None for one that is only kept and says nothing more."""
    chosen, remark = _choose(data, name)
    if chosen in kinds.SILENT:
        kept = other_file.read(data, name, bounds) if chosen is other_file.read else None
        remarks = (*filter(None, [remark]), *(kept.remarks if kept else ()))
        return Reading("file", name, remarks=remarks) if remarks else None
    if not bounds.purse.allows():
        return Reading("file", name, remarks=("it was not read: the mail has too much in it",))
    return _by(chosen, remark, data, name, bounds)
