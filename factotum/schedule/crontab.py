"""Schedules as lines of a crontab, for a machine on which cron is to begin their runs. Pure.

What a crontab cannot say is told, never approximated: a moment that comes once, an interval that
does not divide the hour or the day, a zone that is not the machine's, seconds.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from factotum.schedule.note import Schedule
from factotum.schedule.times import Cron, Every

#: What every cron understands in its five fields.
_PLAIN = re.compile(
    r"(?:[0-9*,/-]|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    r"|sun|mon|tue|wed|thu|fri|sat)\b|\s)+",
    re.I,
)
HOUR_S, DAY_S = 3600, 24 * 3600


class Unsayable(ValueError):
    """A crontab cannot say this; the message says why."""


@dataclass(frozen=True)
class Job:
    """`command` is what cron shall run, in `folder`: the words of a command line. `log` is the
    file that all that it prints is appended to."""

    about: str
    times: str
    command: Sequence[str]
    log: str
    folder: str = ""

    def __post_init__(self) -> None:
        """Raises Unsayable: a line that ends in the middle begins another command."""
        for part in (self.about, self.times, *self.command, self.log, self.folder):
            if not part.isprintable():
                raise Unsayable(f"{part!a} cannot stand in one line")

    @property
    def line(self) -> str:
        """A percent sign would end the command, so each is escaped."""
        there = f"cd {shlex.quote(self.folder)} && " if self.folder else ""
        told = f"{shlex.join(self.command)} >> {shlex.quote(self.log)} 2>&1"
        return f"{self.times} {there}{told}".replace("%", r"\%")


def times_of(schedule: Schedule, house: tzinfo, now: float) -> str:
    """The five fields of a schedule. `house` is the machine's zone. Raises Unsayable."""
    match schedule.when:
        case Cron(expr, zone):
            if not _alike(zone, house, now):
                raise Unsayable(f"it goes by {zone}, and cron by this machine's zone alone")
            if not _PLAIN.fullmatch(expr):
                raise Unsayable(f"not every cron understands {expr!r}")
            return " ".join(expr.split())
        case Every(seconds):
            return _interval(seconds)
        case _:
            raise Unsayable("it runs once, and cron has no year")


def _interval(seconds: int) -> str:
    minutes, odd = divmod(seconds, 60)
    if odd:
        raise Unsayable(f"every {seconds} s is no whole number of minutes")
    if seconds <= HOUR_S and HOUR_S % seconds == 0:
        return "0 * * * *" if minutes == 60 else f"*/{minutes} * * * *"
    if seconds <= DAY_S and DAY_S % seconds == 0 and seconds % HOUR_S == 0:
        hours = seconds // HOUR_S
        return "0 0 * * *" if hours == 24 else f"0 */{hours} * * *"
    raise Unsayable(f"every {minutes} minutes does not divide an hour or a day: cron begins anew")


def _alike(zone: tzinfo, house: tzinfo, now: float) -> bool:
    """Whether clocks in both zones show the same, by a look at each week of a year."""
    weeks = (datetime.fromtimestamp(now, UTC) + timedelta(weeks=n) for n in range(53))
    return all(at.astimezone(zone).utcoffset() == at.astimezone(house).utcoffset() for at in weeks)


def block(jobs: Sequence[Job], whose: str) -> str:
    """The lines between two marks by which they are found again. `whose` names the vault."""
    begin, end = marks(whose)
    told = [part for job in jobs for part in (f"# {job.about}", job.line)]
    return "\n".join([begin, *told, end]) + "\n"


def marks(whose: str) -> tuple[str, str]:
    return f"# >>> factotum {whose}", f"# <<< factotum {whose}"


def merged(before: str, new: str, whose: str) -> str:
    """The crontab `before` with this block in place of the one that was there; what is not
    between our marks stays as it is. Without jobs the block goes."""
    begin, end = marks(whose)
    lines = before.splitlines(keepends=True)
    at = next((n for n, one in enumerate(lines) if one.rstrip() == begin), None)
    till = next((n for n, one in enumerate(lines) if one.rstrip() == end), None)
    if at is None or till is None or till < at:
        gap = "" if not before or before.endswith("\n") else "\n"
        return f"{before}{gap}{new}"
    return "".join([*lines[:at], new, *lines[till + 1 :]])
