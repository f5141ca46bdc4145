"""Sizes and times in the words of a person."""

from __future__ import annotations

from datetime import datetime


def size(size_bytes: int) -> str:
    """“84 KB”, “2.1 MB”."""
    if size_bytes < 1024:
        return f"{size_bytes} bytes"
    if size_bytes < 1024 * 1024:
        return f"{size_bytes / 1024:.0f} KB"
    return f"{size_bytes / 1024 / 1024:.1f} MB"


def when(at: datetime, now: datetime) -> str:
    """“today 15:04”, “Sat 28 Nov 15:04”, with the year when it is another one."""
    clock = f"{at:%H:%M}"
    if at.date() == now.date():
        return f"today {clock}"
    day = f"{at:%a} {at.day} {at:%b}"
    return f"{day} {clock}" if at.year == now.year else f"{day} {at.year} {clock}"
