"""When a look may be left out: nothing that it goes by has changed since one that found no work.

Where it cannot tell, there is a look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from factotum.model import State
from factotum.rooms import Rooms
from factotum.tick.look import Found
from factotum.worker.slots import Worker
from factotum.worker.stillness import Stillness

#: How often at least everything is looked at although nothing has changed, in seconds.
WHOLE_S = 600.0
#: Where notes may lie while that is not done.
AT_REST = (State.DONE, State.FAILED, State.REJECTED, State.WAITING, State.PENDING)


class Idle:
    """Use it on the desk's thread."""

    def __init__(
        self, rooms: Rooms, worker: Worker, beside: Sequence[Callable[[], object]]
    ) -> None:
        """`beside` tell what a look goes by beside the vault and the ledger: each returns
        something that is equal for as long as nothing changed."""
        self.rooms = rooms
        self.worker = worker
        self.whole_at = 0.0  # when everything was looked at last, by the monotonic clock
        self.rested: object = None  # what that look went by, if it left nothing to do
        self._later: list[float] = []
        self._stillness = Stillness(rooms.vault, rooms.ledger, beside)
        self._stable_s = rooms.settings.seconds("STABLE_S")

    def mark(self, now: float) -> object:
        """What a look goes by: equal to an earlier one if a look would find the same."""
        return self._stillness.mark(), self.rooms.clock.zone(now).date()

    def left_out(self, mark: object, mono: float) -> Found | None:
        """What a look would find now, where that is known without one."""
        rested = mark is not None and mark == self.rested
        if rested and mono < min([self.whole_at + WHOLE_S, *self._later]):
            return Found(later=self._later)
        return None

    def begins(self, mono: float) -> None:
        """Everything is looked at from now on. Nothing is known till it `ended`."""
        self.rested, self.whole_at = None, mono

    def ended(self, mark: object, found: Found, mono: float) -> None:
        """This is what it found; `mark` was taken before it."""
        if self._at_rest(found, mono):
            self.rested, self._later = mark, found.later

    def _at_rest(self, found: Found, mono: float) -> bool:
        """Whether nothing is under way, waits or rests, so that time alone brings nothing but
        what is to be looked at `later`."""
        worker, rooms = self.worker, self.rooms
        to_do = found.tasks or found.due or found.orders or found.soon or found.restless
        at_work = worker.busy or worker.held or worker.broken
        lies = any(n for state, n in found.listing.counts.items() if state not in AT_REST)
        if to_do or at_work or lies:
            return False
        # beside what the look found: what may have lost its note, and is given some time
        lost = not found.seen.issuperset(rooms.runs.unfinished())
        young = any(rooms.shelf.still_s(e, mono) < self._stable_s for e in found.listing.entries)
        return not (lost or young)
