"""What the views are given after a look: notes and cards, and all that a person should know.

When a look failed, what the one before found is shown once more, with why.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from factotum import failpoint
from factotum.notary import Notary
from factotum.rooms import Rooms, tell_news
from factotum.scan import Problem
from factotum.staff import Staff, Tools
from factotum.tick.asides import Asides
from factotum.tick.look import Found
from factotum.tooling.cages import Cages
from factotum.views import notices
from factotum.views.views import Views


class Showing:
    """Use it on the desk's thread. `stopped` says why nothing may be attempted now."""

    def __init__(
        self,
        rooms: Rooms,
        views: Views,
        staff: Staff,
        tools: Tools,
        asides: Asides,
        notary: Notary,
        cages: Cages,
        stopped: Callable[[], str],
    ) -> None:
        self.rooms = rooms
        self.views = views
        self.staff = staff
        self.tools = tools
        self.asides = asides
        self.notary = notary
        self.cages = cages
        self.stopped = stopped
        self._told = 0
        self._shown: tuple[Found, list[Problem]] = (Found(), [])

    def show(self, found: Found, trouble: str, now: float, mono: float) -> None:
        """Shows what a look found, and adds to it when the views want to be looked after."""
        self._shown = (found, [*found.problems, *self._problems()])
        at_work = bool(found.tasks or found.due or self.staff.worker.busy)
        self._show(trouble, now, mono, at_work=at_work)
        monotonic = (self.views.logs_due, self.views.dashboard.due)
        wall = (self.views.notices.next_at(now), self.asides.next_at())
        found.later += [at for at in monotonic if at is not None]
        found.later += [mono + at - now for at in wall if at is not None]

    def show_again(self, trouble: str, now: float, mono: float, *, lasts: bool) -> None:
        """Shows what was shown last, with the trouble that keeps us from looking; a notice is
        made of it when it `lasts`."""
        if lasts:
            key = f"machine {self.rooms.clock.zone(now):%Y-%m-%d} {trouble}"
            self.views.notices.add(notices.MACHINE, key, trouble, now, urgent=True)
        self._show(trouble, now, mono, at_work=False)

    def _show(self, trouble: str, now: float, mono: float, *, at_work: bool) -> None:
        found, problems = self._shown
        unique = list({(p.path, p.reason): p for p in [*problems, *self.held()]}.values())
        health = {
            "ok": not (trouble or self.staff.worker.broken),
            "stopped": self.stopped(),
            "missing": self.tools.toolbox.missing(),
            "isolation": self.cages.shown(),
        }
        mind = self.staff.shown(now)
        self.asides.tell(found.cards, self.views.notices, now)
        self.views.show(
            found.listing, found.cards, unique, health, mind, now, mono, at_work=at_work
        )
        failpoint.hit("snapshot.written")
        if (last := self.rooms.ledger.last_event()) != self._told:
            self._told = last
            tell_news(self.rooms.state)

    def _problems(self) -> list[Problem]:
        """What a person should know beside the notes that a look is about."""
        staff, tools = self.staff, self.tools
        lacking = [Problem(Path(name), why) for name, why in tools.toolbox.troubles().items()]
        steering = [*tools.playbooks.problems(), *staff.mind.problems(), *self.notary.problems()]
        beside = [*staff.handbook.problems(), *lacking, *self.asides.problems()]
        return [*steering, *beside, *staff.contacts.problems()]

    def held(self) -> list[Problem]:
        """What keeps tasks from going on: one line for all that wait for the same."""
        worker = self.staff.worker
        told: dict[str, list[str]] = {}
        for id, reason in sorted({**worker.held, **worker.broken}.items()):
            told.setdefault(reason, []).append(id)
        found = []
        for reason, ids in told.items():
            more = f" (and {len(ids) - 1} more)" if len(ids) > 1 else ""
            found.append(Problem(self._called(ids[0]), f"{reason}{more}"))
        return found

    def _called(self, id: str) -> Path:
        """The note of a task or a card, by its name alone."""
        row, card = self.rooms.ledger.task(id), self.rooms.register.find(id)
        return Path(row.name if row else card.name if card else id)
