"""Hands in what is due of a schedule, once. Of one source and its thread.

What is decided about missed runs is in the ledger, with the event that tells of it, before a
task is made of any: whoever is killed then hands in the same, and decides nothing anew.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from factotum import names
from factotum.ledger import Ledger
from factotum.progress import goes_on, has_begun
from factotum.schedule import book, work
from factotum.schedule.book import SOURCE, Answer, State
from factotum.schedule.english import shown
from factotum.schedule.note import Schedule
from factotum.schedule.plan import EACH_MOST, LATE_S, Missed, Plan, made_up, plan
from factotum.schedule.times import next_due
from factotum.watcher import Post
from factotum.whereabouts import still_open
from watchers.schedule.roll import Roll

LEFT_OUT = "{n} more runs were missed and are left out: at most {most} are made up for."


class Duty:
    """`root` is the top of the office."""

    def __init__(self, root: Path, roll: Roll, post: Post) -> None:
        self._root = root
        self._roll = roll
        self._post = post
        self._answers: dict[str, tuple[str, Answer]] = {}
        #: From where it is counted while the clock shows less than it did at the last run.
        self._back: dict[str, float] = {}

    def upcoming(self, schedule: Schedule, state: State, now: float) -> float | None:
        """When something is to be handed in next; the past for what is due already."""
        if state.todo or state.owed:
            return min(state.todo, default=now)
        if not schedule.enabled:
            return None
        return next_due(schedule.when, self._counted_from(state, now), state.since)

    def attend(self, schedule: Schedule, state: State, now: float) -> float | None:
        """Hands in what is due of a schedule that counts; when something is due next."""
        state = self._decided(schedule, state)
        upcoming = self.upcoming(schedule, state, now)
        if upcoming is None or upcoming > now:
            return upcoming
        after = self._counted_from(state, now)
        due = plan(schedule.when, state.since, after, schedule.missed, now)
        assert due is not None
        self._act(schedule, state, due, now)
        return next_due(schedule.when, due.last, state.since)

    def _counted_from(self, state: State, now: float) -> float:
        ahead_s = state.last - now
        if ahead_s > LATE_S:
            return self._back.setdefault(state.part, now)
        back = self._back.get(state.part, state.last)
        if back < state.last and ahead_s >= -LATE_S:
            # What was left out while the clock was ahead is on time now, and not missed twice.
            return max(back, now - LATE_S)
        self._back.pop(state.part, None)
        return state.last

    def _act(self, schedule: Schedule, state: State, due: Plan, now: float) -> None:
        runs, is_open = self._post.look_up(lambda ledger: self._still(ledger, state, due))
        if state.part in self._back:
            self._back[state.part] = due.last
            if not runs:
                return  # all of it was done before the clock was put back
        skipped = runs[-1] if runs and is_open and schedule.missed != "each" else 0.0
        new = replace(state, last=due.last, todo=() if skipped else runs)
        if not (due.missed or skipped or len(runs) > 1):
            self._hand_in(schedule, new)
            return
        missed = due.missed
        if missed and skipped and missed.policy == "once":
            missed = replace(missed, done=0)
        new = replace(new, owed=missed, skipped=skipped or state.skipped)

        def decide(ledger: Ledger) -> None:
            with ledger.tx():
                book.keep(ledger, [new])
                if missed:
                    _tell_missed(ledger, schedule, new, missed, now)
                if skipped:
                    _tell_skipped(ledger, schedule, new, now)

        self._post.look_up(decide)
        self._hand_in(schedule, self._roll.put(new, saved=True))

    def _still(self, ledger: Ledger, state: State, due: Plan) -> tuple[tuple[float, ...], bool]:
        """The runs that were not made yet, and whether the last one still goes on."""
        runs = tuple(
            at for at in due.runs if ledger.seen(SOURCE, work.source_id(state.part, at)) is None
        )
        return runs, bool(state.task) and _is_open(ledger, state.task, self._root)

    def _hand_in(self, schedule: Schedule, state: State) -> State:
        """Makes tasks of the runs that were decided on, and the question if there is one."""
        owed = state.owed
        stands_for = owed.count if owed and owed.policy == "once" else 0
        drops = [work.drop(schedule, state.note, state.part, at, stands_for) for at in state.todo]
        if owed and owed.policy == "each" and drops and owed.count > owed.done:
            remark = LEFT_OUT.format(n=owed.count - owed.done, most=EACH_MOST)
            drops[-1] = replace(drops[-1], remarks=(remark,))
        task = names.id_of("t", SOURCE, drops[-1].source_id) if drops else state.task
        if owed and owed.policy == "ask":
            drops.append(work.question(schedule, state.note, state.part, owed))
        new = replace(state, todo=(), owed=None, task=task)
        self._post.hand_in(*drops, cursor=book.written(new), part=new.part)
        return self._roll.put(new, saved=True)

    # -- what was decided before, by us or by the owner

    def _decided(self, schedule: Schedule, state: State) -> State:
        """Hands in what a crash kept from it, and what the owner said yes to."""
        if state.todo or state.owed:
            state = self._hand_in(schedule, state)
        if (given := self._answers.pop(state.part, None)) is None:
            return state
        key, said = given
        runs = made_up(schedule.when, state.since, said.first, said.last, said.how)
        if said.rule != schedule.rule:
            runs = ()  # it is another one now
        owed = Missed("once", said.count, said.first, said.last, 1) if said.how == "once" else None
        new = replace(state, todo=runs, owed=owed if runs else None)

        def take(ledger: Ledger) -> None:
            with ledger.tx():
                book.keep(ledger, [new])
                book.answered(ledger, key)

        self._post.look_up(take)
        self._roll.put(new, saved=True)
        return self._hand_in(schedule, new) if runs else new

    def answers(self) -> set[str]:
        """Looks for what the owner said of missed runs; the names of the notes it is about."""
        about = set()
        for key, said in self._post.look_up(book.answers).items():
            if state := self._roll.part(said.part):
                self._answers[said.part] = (key, said)
                about.add(state.note.rpartition("/")[2])
        return about


def _tell_missed(
    ledger: Ledger, schedule: Schedule, state: State, missed: Missed, now: float
) -> None:
    moments = (shown(at, schedule.zone) for at in (missed.first, missed.last))
    first, last = (at.isoformat(timespec="seconds") for at in moments)
    ledger.event(
        "missed",
        now,
        schedule=state.note,
        title=schedule.title,
        policy=missed.policy,
        count=missed.count,
        first=first,
        last=last,
        done=missed.done,
    )


def _tell_skipped(ledger: Ledger, schedule: Schedule, state: State, now: float) -> None:
    """Records a run that was left out since the one before goes on; it is never made."""
    due = shown(state.skipped, schedule.zone).isoformat(timespec="seconds")
    ledger.mark_seen(SOURCE, work.source_id(state.part, state.skipped), "", now)
    ledger.event(
        "skipped", now, task=state.task, schedule=state.note, title=schedule.title, due=due
    )


def _is_open(ledger: Ledger, task: str, root: Path) -> bool:
    """Whether a task still waits or goes on: its note lies there or its run has not ended."""
    row = ledger.task(task)
    if row is None or row.missing is not None:
        return False
    if has_begun(ledger, task):
        return goes_on(ledger, task)
    return any(os.path.lexists(folder / row.name) for folder in still_open(root))
