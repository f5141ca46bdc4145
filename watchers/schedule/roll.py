"""Which note is which schedule, and how far each has come. Of one source and its thread.

A note is known by its path; one that was renamed, also while nobody looked, by its `id` or by
what stands in it, so that nothing of it runs anew. A copy is a schedule of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from factotum import names
from factotum.schedule import book
from factotum.schedule.book import State
from factotum.schedule.note import FOLDER, Schedule
from factotum.schedule.plan import LATE_S
from factotum.watcher import Post
from watchers.schedule.shelf import Read

DAY_S = 24 * 3600.0
#: How long it is remembered how far a schedule came whose note is gone, in seconds.
GONE_S = 30 * DAY_S


class Roll:
    """`settle_s` is how long a note that a person changed must lie still before it counts."""

    def __init__(self, post: Post, settle_s: float) -> None:
        self._post = post
        self._settle_s = settle_s
        self._states = post.look_up(book.states)
        self._parts = {one.note: one.part for one in self._states.values()}
        self._unsaved: dict[str, State] = {}
        #: Since when notes are known as they are that were written in the future.
        self._ahead: dict[str, tuple[str, float]] = {}

    def of(self, name: str) -> State | None:
        """The state of the note with this file name."""
        return self._states.get(self._parts.get(f"{FOLDER}/{name}", ""))

    def part(self, part: str) -> State | None:
        return self._states.get(part)

    def put(self, state: State, *, saved: bool = False) -> State:
        """Takes this for its state from now on; `saved`: it is in the ledger already."""
        if saved:
            self._unsaved.pop(state.part, None)
        elif self._states.get(state.part) != state:
            self._unsaved[state.part] = state
        self._states[state.part] = state
        self._parts[state.note] = state.part
        return state

    def save(self) -> None:
        """Makes durable what was learned."""
        if self._unsaved:
            new = list(self._unsaved.values())
            self._post.look_up(lambda ledger: book.keep(ledger, new))
            self._unsaved.clear()

    # -- notes that come, go and are renamed

    def went(self, there: Iterable[str], now: float) -> None:
        """Remembers since when notes are missing, and forgets those that are gone for long."""
        here = {f"{FOLDER}/{name}" for name in there}
        lost = [one for one in self._states.values() if one.note not in here]
        for state in lost:
            if not state.gone:
                self.put(replace(state, gone=now))
        old = [state for state in lost if state.gone and now - state.gone > GONE_S]
        if old:
            self._post.look_up(lambda ledger: book.forget(ledger, [one.part for one in old]))
        for state in old:
            del self._states[state.part]
            if self._parts.get(state.note) == state.part:
                del self._parts[state.note]

    def adopt(self, fresh: Sequence[Read], there: Iterable[str]) -> None:
        """Gives the states of notes that are not there to new notes that are the same."""
        new = [(one, one.schedule) for one in fresh if one.schedule and self.of(one.name) is None]
        if not new:
            return
        here = {f"{FOLDER}/{name}" for name in there}
        lost = {s.part: s for s in self._states.values() if s.note not in here}
        for key in ("id", "core"):
            known = {getattr(one, key): one.part for one in lost.values() if getattr(one, key)}
            for one, schedule in new:
                state = lost.pop(known.get(getattr(schedule, key), ""), None)
                if state is not None and self.of(one.name) is None:
                    self._parts.pop(state.note, None)
                    self.put(replace(state, note=f"{FOLDER}/{one.name}"))

    def settles_at(self, one: Read, schedule: Schedule, now: float) -> float:
        """From when on a note counts as it is now; what did not change, and what code wrote
        whole, at once."""
        state = self.of(one.name)
        if state is None and schedule.made:
            return now
        if state is not None and state.core == schedule.core:
            return now
        if one.written <= now:
            return one.written + self._settle_s
        core, seen = self._ahead.get(one.name, ("", now))  # by the clock of another device
        if core != schedule.core:
            seen = now
        self._ahead[one.name] = schedule.core, seen
        return seen + self._settle_s

    def place(self, one: Read, schedule: Schedule, now: float) -> State:
        """Its state, as the note is now."""
        self._ahead.pop(one.name, None)
        state, path, off = self.of(one.name), f"{FOLDER}/{one.name}", not schedule.enabled
        rule, core, id = schedule.rule, schedule.core, schedule.id
        begun = self._begun(one, schedule, now)
        since = min(one.written, now) if schedule.once else begun  # what “tomorrow” meant
        if state is None:
            part = names.id_of("t", path, repr(now))[2:]
            return self.put(State(part, path, rule, core, id, since, begun, off))
        new = replace(state, note=path, rule=rule, core=core, id=id, off=off, gone=0.0)
        if state.rule != rule or (state.off and not off):
            last = max(begun, state.last if state.last <= now else 0.0)
            new = replace(new, since=since, last=last, task="", skipped=0.0)
        elif state.gone and now - state.gone > LATE_S:
            new = replace(new, last=max(state.last, now))
        return self.put(new)

    def _begun(self, one: Read, schedule: Schedule, now: float) -> float:
        """From when on it counts: since it was written, if that was just now or, of what is due
        only once, today."""
        fresh_s = DAY_S if schedule.once else LATE_S + self._settle_s
        return one.written if 0.0 <= now - one.written <= fresh_s else now
