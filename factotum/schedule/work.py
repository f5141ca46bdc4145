"""The work of one run of a schedule, as it is handed in to become a task."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from factotum.drop import Drop
from factotum.model import Trust
from factotum.schedule.book import SOURCE
from factotum.schedule.english import shown
from factotum.schedule.note import Schedule
from factotum.schedule.plan import EACH_MOST, Missed

#: The facts of a task by which its course is known: that it belongs to a schedule, that it is
#: only to be told, that it asks what becomes of missed runs.
SCHEDULE, REMINDER, ASKS = "schedule", "reminder", "missed_runs"
REMINDER_CHARS = 2_000


def source_id(part: str, due: float) -> str:
    """By which the run of that moment is one task, however often it is handed in."""
    return f"{part} {datetime.fromtimestamp(due, UTC):%Y-%m-%dT%H:%M:%SZ}"


def drop(
    schedule: Schedule, note: str, part: str, due: float, missed: int = 0, *, by_hand: str = ""
) -> Drop:
    """The task of one run. `note` is where the schedule lies in the office, `missed` how many
    missed runs it stands for. `by_hand`: somebody wants it now, and this names the wish; the
    schedule goes on as if it had not been. The words must be the owner's own."""
    at = shown(due, schedule.zone)
    ours: dict[str, Any] = {
        SCHEDULE: {
            "note": note,
            "part": part,
            "due": at.isoformat(timespec="seconds"),
            "mode": schedule.mode,
            "delete_after_run": schedule.delete_after_run and not by_hand,
            "policy": schedule.missed,
            "missed": missed,
            **{key: value for key in ("channel", "to") if (value := getattr(schedule, key))},
        }
    }
    if schedule.mode == "reminder":
        ours[REMINDER] = {"text": schedule.body[:REMINDER_CHARS]}
    body = schedule.body or schedule.title
    if missed > 1:
        body += f"\n\n(This run, due {at:%a %d %b %H:%M}, stands for {missed} that were missed.)"
    properties = {key: getattr(schedule, key) for key in ("agent", "channel", "to")}
    return Drop(
        SOURCE,
        f"{part} by hand {by_hand}" if by_hand else source_id(part, due),
        "schedule",
        schedule.title,
        body,
        Trust.OWNER,
        received=at,
        properties={key: value for key, value in properties.items() if value},
        ours=ours,
    )


def question(schedule: Schedule, note: str, part: str, missed: Missed) -> Drop:
    """The task that asks what becomes of missed runs."""
    first, last = (shown(at, schedule.zone) for at in (missed.first, missed.last))
    ours = {
        ASKS: {
            "note": note,
            "part": part,
            "rule": schedule.rule,
            "title": schedule.title,
            "count": missed.count,
            "first": missed.first,
            "last": missed.last,
            "span": f"{first:%a %d %b %H:%M}"
            + (f" to {last:%a %d %b %H:%M}" if missed.count > 1 else ""),
            "most": EACH_MOST,
        }
    }
    runs = "1 run was" if missed.count == 1 else f"{missed.count} runs were"
    return Drop(
        SOURCE,
        f"{source_id(part, missed.last)} asks",
        "schedule",
        f"{runs} missed: {schedule.title}",
        schedule.body or schedule.title,
        Trust.OWNER,
        ours=ours,
    )
