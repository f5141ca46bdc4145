"""Schedules: the notes in Office/Schedules become tasks when they are due.

One alarm clock for all of them, set to the next moment; between two moments nothing is looked at
but what a person changes. The notes are the truth: what is due is read anew when it is.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from factotum.schedule import book
from factotum.schedule.book import State
from factotum.schedule.note import Schedule
from factotum.schedule.zones import HouseZone
from factotum.watcher import Post, Premises, Source, SourceError
from watchers.hints import Hints
from watchers.remarks import Remarks
from watchers.schedule.duty import Duty
from watchers.schedule.roll import Roll
from watchers.schedule.shelf import AT_ONCE, Read, Shelf
from watchers.schedule.timer import Timer

ABOUT = "notes in Office/Schedules, at their time"
SETTINGS = ()

#: How often the folder is looked at where nothing tells of changes, and where something does,
#: in seconds.
SCAN_S, SCAN_SELDOM_S = 60.0, 6 * 3600.0
#: By how much a clock may be put back without that it matters here, in seconds.
BACK_S = 60.0
#: Of how many notes the Dashboard says what is wrong.
REMARKS_MOST = 20
DAY_S = 24 * 3600.0

Do = Callable[[Schedule, State, float], float | None]

OVER = "its time is over and nothing was run. Write a later one, or delete the note"


class Schedules:
    name, every_s, silent_s = "schedule", DAY_S, 0.0

    def __init__(self, root: Path, state: Path, house: HouseZone, settle_s: float) -> None:
        self._root = root
        self._answered = state / book.ANSWERS
        self._house = house
        self._settle_s = settle_s
        self._shelf: Shelf | None = None
        self._hints: Hints | None = None
        self._timer: Timer | None = None
        self._due: list[tuple[float, str]] = []
        self._at: dict[str, float] = {}
        self._why: dict[str, str] = {}
        self._remarks = Remarks()
        self._looked, self._now, self._first = 0.0, 0.0, True

    def look(self, post: Post) -> float | None:
        if self._shelf is None:
            self._open(post)
        assert self._shelf is not None
        now = post.now()
        changed, answered = self._wakes()
        if changed or not 0.0 <= now - self._looked < self._scan_s():
            self._scan(now)
        if now < self._now - BACK_S:  # all moments are to be found anew
            self._read(sorted(self._shelf.names), now)
        self._now = now
        for name in sorted(self._duty.answers()) if answered else ():
            self._some([name], now, self._duty.attend)
        while self._due and self._due[0][0] <= now:
            at, name = heapq.heappop(self._due)
            if self._at.get(name) == at:
                self._some([name], now, self._duty.attend)
        self._tell(post)
        return self._next(now)

    def rest(self, post: Post, seconds: float) -> None:
        assert self._timer is not None
        assert self._hints is not None
        post.rest(self._timer.most_s(seconds), *self._timer.fds, *self._hints.fds)

    def close(self) -> None:
        if self._hints is not None:
            self._hints.close()
        if self._timer is not None:
            self._timer.close()
        self._shelf = self._hints = self._timer = None

    # -- waking up

    def _open(self, post: Post) -> None:
        self._answered.mkdir(mode=0o700, exist_ok=True)
        self._shelf = Shelf(self._root, self._house, post.look_up)
        self._roll = Roll(post, self._settle_s)
        self._duty = Duty(self._root, self._roll, post)
        self._hints = Hints([self._shelf.folder, self._answered])
        self._timer = Timer()
        self._due, self._at, self._why = [], {}, {}
        self._looked, self._now, self._first = 0.0, 0.0, True

    def _wakes(self) -> tuple[bool, bool]:
        """Whether something happened to the notes or to the clock, and whether the owner may
        have answered what becomes of missed runs."""
        assert self._timer is not None
        assert self._hints is not None
        heard, clock = self._hints.drain(), self._timer.drain()
        answers = os.fspath(self._answered)
        answered = self._first or not self._hints.whole or any(s.startswith(answers) for s in heard)
        self._first = False
        return clock or any(not s.startswith(answers) for s in heard), answered

    def _scan_s(self) -> float:
        assert self._hints is not None
        return SCAN_SELDOM_S if self._hints.whole else SCAN_S

    def _next(self, now: float) -> float:
        while self._due and self._at.get(self._due[0][1]) != self._due[0][0]:
            heapq.heappop(self._due)
        at = self._due[0][0] if self._due else None
        assert self._timer is not None
        self._timer.set(at, now)
        return min(self._scan_s() if at is None else max(0.0, at - now), self._scan_s())

    # -- the notes

    def _scan(self, now: float) -> None:
        """Looks which notes came, changed or went."""
        assert self._shelf is not None
        assert self._hints is not None
        try:
            changed, gone = self._shelf.look()
        except OSError as refused:
            raise SourceError(
                f"{self._shelf.folder} cannot be looked at ({refused.strerror or refused}); see "
                f"whether the folder is there and may be read"
            ) from None
        for name in gone:
            self._at.pop(name, None)
            self._why.pop(name, None)
        self._hints.follow(self._shelf.folder)
        self._looked = now
        self._read(changed, now)
        self._roll.went(self._shelf.names, now)
        self._roll.save()

    def _read(self, names: Sequence[str], now: float) -> None:
        """Reads these notes, not all at once, since there may be many. What is due is only noted:
        of several it is done in the order of their times."""
        for start in range(0, len(names), AT_ONCE):
            self._some(names[start : start + AT_ONCE], now, self._duty.upcoming)

    def _some(self, names: Sequence[str], now: float, do: Do) -> None:
        """Reads these notes, and does this with each that counts; it says when it is next due."""
        assert self._shelf is not None
        found = list(self._shelf.read(names))
        self._roll.adopt(found, self._shelf.names)
        ready = [one for one in found if self._is_ready(one, now)]
        placed = [(one, self._roll.place(one, one.schedule, now)) for one in ready if one.schedule]
        self._roll.save()
        for one, state in placed:
            assert one.schedule is not None
            at = do(one.schedule, state, now)
            self._why.pop(one.name, None)
            if at is not None:
                self._wake_at(one.name, at)
            elif one.schedule.enabled:
                self._over(one.name)

    def _is_ready(self, one: Read, now: float) -> bool:
        """Whether it is a schedule that counts as it is now."""
        self._at.pop(one.name, None)
        if one.schedule is None:
            self._why.pop(one.name, None)
            if one.why:
                self._why[one.name] = one.why
            return False
        settles_at = self._roll.settles_at(one, one.schedule, now)
        if settles_at > now:
            self._wake_at(one.name, settles_at)
        return settles_at <= now

    def _wake_at(self, name: str, at: float) -> None:
        self._at[name] = at
        heapq.heappush(self._due, (at, name))

    def _over(self, name: str) -> None:
        state = self._roll.of(name)
        if state is not None and not state.task and not state.skipped:
            self._why[name] = OVER

    # -- what is wrong

    def _tell(self, post: Post) -> None:
        shown = dict(heapq.nsmallest(REMARKS_MOST, self._why.items()))
        if more := len(self._why) - len(shown):
            shown["…"] = f"and {more} more notes that cannot be kept"
        self._remarks.tell(post, shown)


def sources(premises: Premises) -> Sequence[Source]:
    house = HouseZone(premises.zone)
    settle_s = premises.settings.number("SETTLE_S")
    return [Schedules(premises.root, premises.state, house, settle_s)]
