"""The calendars' source: an event is told once, so long before it starts as the owner said.

Of an event that was moved it is told again, of one that was called off it is not. What stands in
an event its writer chose, who may be anybody that sent an invitation: a stranger.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from factotum import log
from factotum.drop import Drop
from factotum.schedule.work import REMINDER
from factotum.watcher import Polled, Post, SourceError
from watchers.calendars import rules
from watchers.calendars.happening import Happening, View
from watchers.calendars.rules import Rule, rule_of
from watchers.calendars.shelf import Shelf
from watchers.digest_time import at_clock
from watchers.remarks import Remarks

logger = log.get("factotum.ears")

NAME = "calendar"
#: How often the calendars are asked, in seconds; how old what is known may be when it is told.
POLL_S, FRESH_S = 300.0, 60.0
#: How far ahead events are worked out, anew each day.
AHEAD_DAYS = 9
#: How long after its start an event is still told, and how late the day's plan, in seconds.
LATE_S, PLAN_LATE_S = 600.0, 6 * 3600.0
#: How long it is remembered what was told after its event has started, in seconds.
TOLD_S = 2 * 86400.0
PLAN_MOST = 100
DAY_S = 86400.0
NEVER = "never"


@dataclass
class Agenda(Polled):
    """`plan_at` is when the day's plan is told ("07:00"), or "never"; `me` the owner's
    addresses."""

    shelves: Sequence[Shelf]
    plan_at: str
    me: tuple[str, ...] = ()
    name: str = NAME
    every_s: float = POLL_S
    _asked: float = 0.0
    _wrong: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._told: dict[str, float] | None = None
        self._day = ""
        self._remarks = Remarks()

    def look(self, post: Post) -> float | None:
        if self._told is None:
            self._recall(post)
        ways, remarks = rules.read(post.rules("calendar"))
        age_s = post.now() - self._asked
        if not 0 <= age_s < POLL_S - 1 or (age_s >= FRESH_S and self._due(post.now(), ways)):
            self._ask(post)
        self._tell(post, ways)
        self._tell_day(post)
        self._remarks.tell(post, {**remarks, **self._wrong})
        return self._pause_s(post, ways)

    def _recall(self, post: Post) -> None:
        cursor = post.cursor()
        said: dict[str, Any] = json.loads(cursor) if cursor else {"told": {}, "day": ""}
        self._told, self._day = dict(said["told"]), said["day"]
        if not cursor:  # what has started before it first listened is not told
            post.remember(json.dumps(said))
            self._begun = post.now()
        else:
            self._begun = 0.0

    # -- what there is

    def _ask(self, post: Post) -> None:
        """Raises SourceError when nothing is known at all."""
        now = post.now()
        wrong: dict[str, str] = {}
        failed: SourceError | None = None
        for shelf in self.shelves:
            try:
                shelf.look(now, _view(post, self.me), post.zone)
            except SourceError as why:
                wrong[shelf.label], failed = str(why), why
                continue
            except Exception as broken:  # whatever one server sends, the others are heard
                logger.warning("cannot be read", extra={"source": NAME}, exc_info=broken)
                wrong[shelf.label] = f"it cannot be read ({type(broken).__name__})"
                failed = SourceError(f"{shelf.label}: {wrong[shelf.label]}")
                continue
            if shelf.trouble:
                wrong[shelf.label] = shelf.trouble
        self._wrong = wrong
        if failed and not any(shelf.happenings for shelf in self.shelves):
            raise failed
        self._asked = now

    def _happenings(self) -> Iterator[Happening]:
        for shelf in self.shelves:
            yield from shelf.happenings

    def _moments(self, ways: Sequence[Rule]) -> Iterator[tuple[float, float, Happening, Rule]]:
        """When what is to be told, and how long before."""
        for one in self._happenings():
            rule = rule_of(ways, one)
            if one.first or rule.way == "nothing":
                continue
            for before_s in rule.before_s:
                yield one.start - before_s, before_s, one, rule

    def _due(self, now: float, ways: Sequence[Rule]) -> bool:
        return any(
            at <= now and self._open(one, before_s, now)
            for at, before_s, one, _ in self._moments(ways)
        )

    def _open(self, one: Happening, before_s: float, now: float) -> bool:
        assert self._told is not None
        if now >= one.start + LATE_S or one.start <= self._begun:
            return False
        return self._told.get(_mark(one, before_s)) != one.start

    # -- what is told

    def _tell(self, post: Post, ways: Sequence[Rule]) -> None:
        assert self._told is not None
        now = post.now()
        drops, told = [], dict(self._told)
        for at, before_s, one, rule in self._moments(ways):
            mark = _mark(one, before_s)
            if at > now or not self._open(one, before_s, now):
                continue
            later = [s for s in rule.before_s if s < before_s and one.start - s <= now]
            if not later:  # of two that are due at once the nearer one is told
                drops.append(_drop(post, one, mark, rule, moved=mark in told))
            told[mark] = one.start
        if told != self._told:
            self._told = {mark: at for mark, at in told.items() if at > now - TOLD_S}
            post.hand_in(*drops, cursor=self._cursor())

    def _tell_day(self, post: Post) -> None:
        if self.plan_at == NEVER:
            return
        now = post.now()
        today = post.zone(now).date()
        at = at_clock(today, self.plan_at, post.zone)
        if self._day == today.isoformat() or not at <= now < at + PLAN_LATE_S:
            return
        self._day = today.isoformat()
        plan = _plan(post, today, list(self._happenings()))
        post.hand_in(*([plan] if plan else []), cursor=self._cursor())

    def _cursor(self) -> str:
        return json.dumps({"told": self._told, "day": self._day})

    def _pause_s(self, post: Post, ways: Sequence[Rule]) -> float:
        now = post.now()
        moments = [at - now for at, _, _, _ in self._moments(ways) if at > now]
        if self.plan_at != NEVER:
            today = post.zone(now).date()
            days = (today, today + timedelta(days=1))
            plans = (at_clock(day, self.plan_at, post.zone) - now for day in days)
            moments += [left_s for left_s in plans if left_s > 0]
        return max(0.5, min([POLL_S, *moments]))


def _view(post: Post, me: tuple[str, ...]) -> View:
    """From yesterday on, the same all day."""
    today = post.zone(post.now()).date()
    first, last = today - timedelta(days=1), today + timedelta(days=AHEAD_DAYS)
    return View(at_clock(first, "00:00", post.zone), at_clock(last, "00:00", post.zone), me)


def _mark(one: Happening, before_s: float) -> str:
    return f"{one.key}:{before_s:g}"


def _drop(post: Post, one: Happening, mark: str, rule: Rule, *, moved: bool) -> Drop:
    left_s = one.start - post.now()
    title = f"{'Moved. ' * moved}{_in(left_s)}: {one.title}"
    where = f"{_when(post, one)}{f', {one.place}' if one.place else ''}"
    reminder = {REMINDER: {"text": where}} if rule.way == "reminder" else {}
    body = f"{where}\nCalendar: {one.calendar}\n\n{one.text}".strip()
    return Drop(NAME, f"{mark}:{one.start:.0f}", "schedule", title, body, ours=reminder)


def _in(left_s: float) -> str:
    if left_s < 45:
        return "Now" if left_s > -60 else f"Since {round(-left_s / 60)} min"
    minutes = round(left_s / 60)
    if minutes < 120:
        return f"In {minutes} min"
    hours = round(left_s / 3600)
    return f"In {hours} h" if hours < 48 else f"In {round(left_s / DAY_S)} days"


def _when(post: Post, one: Happening) -> str:
    start, end = post.zone(one.start), post.zone(one.end)
    until = f" to {end:%H:%M}" if end > start and end.date() == start.date() else ""
    return f"{start:%a} {start.day} {start:%b %H:%M}{until}"


def _plan(post: Post, today: date, happenings: Sequence[Happening]) -> Drop | None:
    """The day in one note; None for a day without anything."""
    begins, ends = (at_clock(today + timedelta(days=n), "00:00", post.zone) for n in (0, 1))
    iso = today.isoformat()
    whole = [
        one
        for one in happenings
        if (one.first and one.first <= iso < (one.till or one.first)) or one.first == iso
    ]
    timed = [
        one
        for one in happenings
        if not one.first and one.start < ends and (one.end > begins or one.start >= begins)
    ]
    timed.sort(key=lambda one: (one.start, one.title))
    lines = [f"all day: {_line(one)}" for one in whole]
    lines += [f"{_hours(post, one, begins, ends)} {_line(one)}" for one in timed]
    if not lines:
        return None
    n = len(lines)
    title = f"{today:%A} {today.day} {today:%B}: {n} {'event' if n == 1 else 'events'}"
    shown = lines[:PLAN_MOST] + [f"and {n - PLAN_MOST} more"] * (n > PLAN_MOST)
    body = "\n".join(f"- {line}" for line in shown)
    ours = {REMINDER: {"text": "; ".join(shown)}}
    return Drop(NAME, f"plan {iso}", "schedule", title, body, ours=ours)


def _hours(post: Post, one: Happening, begins: float, ends: float) -> str:
    start = f"{post.zone(one.start):%H:%M}" if one.start >= begins else "…"
    end = f"{post.zone(one.end):%H:%M}" if one.end < ends else "…"
    return start if one.end <= one.start else f"{start}-{end}"


def _line(one: Happening) -> str:
    return f"{one.title}{f' ({one.place})' if one.place else ''}"
