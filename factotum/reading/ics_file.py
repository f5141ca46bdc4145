"""Appointments and to-dos (`.ics`): what, when, where, who, how often, in plain words."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from factotum.reading import cell
from factotum.reading.repeats import repeats
from factotum.reading.shape import Bounds, Reading, clean, cut, one_line, stem
from factotum.reading.text_file import decode

_METHODS = {
    "REQUEST": "It is an invitation.",
    "CANCEL": "It is cancelled.",
    "REPLY": "It is an answer to an invitation.",
    "COUNTER": "It proposes another time.",
}
ALL_DAY = ", all day"
_SAYS = {"ACCEPTED": "comes", "DECLINED": "does not come", "TENTATIVE": "perhaps"}


def read(data: bytes, name: str, bounds: Bounds) -> Reading:
    source, guessed = decode(data)
    found = cell.run("ics", source.encode(errors="replace"), bounds.text_most, bounds.wait_s)
    if isinstance(found, cell.Broken) or not found["count"]:
        why = found.reason if isinstance(found, cell.Broken) else "there is none in it"
        text, long = cut(source, bounds.text_most, "the text")
        remark = f"no appointment could be read: {why}; the file is shown as text"
        return Reading("file", stem(name), text, remarks=(*guessed, remark, *long))
    entries, count = found["entries"], found["count"]
    blocks = [_METHODS[found["method"]]] if found["method"] in _METHODS else []
    blocks += map(_block, entries)
    more: tuple[str, ...] = ()
    if count > len(entries):
        more = (f"it has {count:,} appointments: the first {len(entries)} are shown",)
    text, long = cut("\n\n".join(blocks), bounds.text_most, "the calendar")
    title = one_line(entries[0]["title"]) or stem(name)
    return Reading("file", title, text, remarks=(*guessed, *more, *long))


def _block(entry: dict[str, Any]) -> str:
    kind = "To do: " if entry["kind"] == "VTODO" else ""
    lines = [f"## {kind}{one_line(entry['title']) or 'Without a title'}"]
    facts = (
        ("Status", "cancelled" if entry["status"] == "CANCELLED" else ""),
        ("When", _when(entry)),
        ("Instead of", _moment(entry["instead_of"]) if entry["instead_of"] else ""),
        ("Repeats", repeats(entry["repeats"])),
        ("Where", one_line(entry["place"])),
        ("Organizer", _person(entry["organizer"]) if entry["organizer"] else ""),
        ("People", ", ".join(map(_person, entry["people"]))),
    )
    lines += [f"{label}: {fact}" for label, fact in facts if fact]
    if text := clean(entry["text"]).strip():
        lines += ["", text]
    return "\n".join(lines)


def _when(entry: dict[str, Any]) -> str:
    start, end = entry["start"], entry["end"]
    if start is None:
        return f"until {_moment(end)}" if end else ""
    if end is None and entry["lasts_s"] and not start["day"]:
        at = datetime.fromisoformat(start["at"]) + timedelta(seconds=entry["lasts_s"])
        end = {**start, "at": at.isoformat()}
    if end is None:
        return _moment(start)
    if start["day"] and end["day"]:
        last = date.fromisoformat(end["at"]) - timedelta(days=1)  # the end is not part of it
        end = {**end, "at": last.isoformat()}
        if end["at"] <= start["at"]:
            return _moment(start)
        return f"{_moment(start).removesuffix(ALL_DAY)} to {_moment(end)}"
    same = end["at"][:10] == start["at"][:10] and end["zone"] == start["zone"]
    if same and not start["day"] and not end["day"]:
        at = datetime.fromisoformat(end["at"])
        return _moment(start).replace(" (", f" to {at:%H:%M} (", 1)
    return f"{_moment(start)} to {_moment(end)}"


def _moment(moment: dict[str, Any]) -> str:
    """“Mon 30 Nov 2026 10:00 (Europe/Berlin, +01:00)”, “Mon 30 Nov 2026, all day”."""
    if moment["day"]:
        day = date.fromisoformat(moment["at"])
        return f"{day:%a} {day.day} {day:%b %Y}{ALL_DAY}"
    at = datetime.fromisoformat(moment["at"])
    zone = one_line(moment["zone"])
    if at.tzinfo is None:
        zone = zone or "no zone is given"
    elif zone != "UTC":
        offset = f"{at:%z}"
        zone = f"{zone}, {offset[:3]}:{offset[3:5]}"
    return f"{at:%a} {at.day} {at:%b %Y %H:%M} ({zone})"


def _person(person: dict[str, str]) -> str:
    named, address = one_line(person["name"]), one_line(person["address"])
    shown = f"{named} <{address}>" if named and named != address else address
    says = _SAYS.get(person["says"].upper())
    return f"{shown} ({says})" if says else shown
