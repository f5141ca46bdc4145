"""nanobot's list of jobs, as its document and as its source have it, read into schedules.

Pure: what was loaded goes in, wishes come out, and a line for each job that is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from factotum.importing.fields import at, snaked, text
from factotum.inert import one_line
from factotum.schedule import times
from factotum.schedule.note import NOTE_MOST_BYTES, ScheduleError, read
from factotum.schedule.wish import NAME_CHARS, Wish, written, wrong

VERSION = 1
JOBS_MOST = 5_000
#: Jobs that nanobot gives itself; Factotum does that work in another way.
ITS_OWN = ("heartbeat", "dream")


class OtherStore(Exception):
    """This is no list of jobs that can be read; the message says why."""


@dataclass(frozen=True)
class Job:
    """`id` is nanobot's own."""

    id: str
    wish: Wish

    @property
    def mark(self) -> str:
        """The `id` of its note."""
        return f"nanobot-{self.id}"


def jobs_of(store: Any, house: tzinfo, now: float) -> tuple[list[Job], list[str]]:
    """The jobs that can be kept, and why others are left out. `house` is the zone of a job that
    names none. Raises OtherStore."""
    if not isinstance(store, dict) or not isinstance(store.get("jobs"), list):
        raise OtherStore("it holds no list of jobs")
    version = store.get("version", VERSION)
    if version != VERSION:
        raise OtherStore(f"it is of version {str(version)[:20]}, and only {VERSION} is known")
    kept: dict[str, Job] = {}
    left_out = []
    for n, raw in enumerate(store["jobs"][:JOBS_MOST], 1):
        try:
            job = _job(raw, house, now)
        except ScheduleError as why:
            name = one_line(text(at(raw, "name")), 60)
            left_out.append(f"job {n}{f' ({name})' if name else ''}: {why}")
            continue
        if job.id in kept:
            left_out.append(f"job {n}: the id {job.id} stands twice; the first is kept")
        kept.setdefault(job.id, job)
    if more := len(store["jobs"]) - JOBS_MOST:
        left_out += [f"{more} jobs beyond the first {JOBS_MOST}"] if more > 0 else []
    return list(kept.values()), left_out


def _job(raw: Any, house: tzinfo, now: float) -> Job:
    """Raises ScheduleError."""
    job = snaked(raw)
    payload = snaked(job.get("payload"))
    id = _id(job)
    if id in ITS_OWN and text(payload.get("kind") or payload.get("action")) == "system_event":
        raise ScheduleError("is nanobot's own work; HEARTBEAT.md says what is looked at here")
    message = text(payload.get("message"))
    name = one_line(text(job.get("name")) or message, NAME_CHARS)
    wish = Wish(
        name,
        message or name,
        **_when(snaked(job.get("schedule"))),
        timezone=text(at(job, "schedule", "timezone") or at(job, "schedule", "tz")),
        mode=_mode(payload),
        enabled=_flag(job, "enabled", True),
        delete_after_run=_flag(job, "delete_after_run", False),
        **_to(payload),
    )
    _checked(wish, house, now)
    return Job(id, wish)


def _id(job: Mapping[str, Any]) -> str:
    id = "".join(c for c in text(job.get("id")) if c.isascii() and (c.isalnum() or c in "-_"))
    if not id or len(id) > 80:
        raise ScheduleError("it has no id")
    return id


def _when(schedule: Mapping[str, Any]) -> dict[str, str]:
    match text(schedule.get("kind")):
        case "at":
            ms = schedule.get("at_ms")
            return {"at": _iso(ms) if ms is not None else text(schedule.get("at"))}
        case "every":
            ms = schedule.get("every_ms")
            seconds = _number(ms) / 1000 if ms is not None else schedule.get("every_seconds")
            return {"every": str(_whole(seconds))}
        case "cron":
            return {"cron": text(schedule.get("cron_expr") or schedule.get("expr"))}
        case kind:
            raise ScheduleError(f"its kind is {kind[:20]!a}; known are at, every and cron")


def _iso(ms: Any) -> str:
    seconds = _number(ms) / 1000
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        raise ScheduleError("its moment cannot be read") from None


def _whole(seconds: Any) -> int:
    number = _number(seconds)
    try:
        return round(number)
    except (ValueError, OverflowError):
        raise ScheduleError("its interval cannot be read") from None


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ScheduleError("its time is no number")
    try:
        return float(value)
    except OverflowError:
        raise ScheduleError("its time is too large a number") from None


def _mode(payload: Mapping[str, Any]) -> str:
    match text(payload.get("action") or payload.get("kind")):
        case "system_event":
            return "reminder"
        case "agent_turn" | "":
            return "task"
        case other:
            raise ScheduleError(f"what it does is {other[:20]!a}, which is not known")


def _to(payload: Mapping[str, Any]) -> dict[str, str]:
    """Where its result was told; nowhere if it said so."""
    channel = one_line(text(payload.get("channel")), 60)
    if not channel or payload.get("deliver") is False:
        return {}
    to = text(payload.get("chat_id") or payload.get("to"))
    return {"channel": channel, "to": one_line(to, 120)}


def _flag(job: Mapping[str, Any], name: str, default: bool) -> bool:
    value = job.get(name, default)
    if not isinstance(value, bool):
        raise ScheduleError(f"{name} is neither true nor false")
    return value


def _checked(wish: Wish, house: tzinfo, now: float) -> None:
    """Raises ScheduleError for what could not be kept, or will never run."""
    if why := wrong(wish):
        raise ScheduleError(why)
    data = written(wish)
    if len(data) > NOTE_MOST_BYTES:
        raise ScheduleError("its message is too long for a note")
    plan = read(data, "job.md", house)
    if plan is None or times.next_due(plan.when, now, now) is None:
        raise ScheduleError("its moment is past, and is not made up for")
