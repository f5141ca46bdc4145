"""One look at everything: what came, what lies where, and what there is to do about it.

Files come in, tasks are claimed, cards are heeded and brought up to date. What is found to do is
only named here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from factotum.gate import observe, place
from factotum.gate.effect import next_try_at
from factotum.gate.redraft import Wish
from factotum.gate.register import Card
from factotum.intake import Intake, Taken
from factotum.mailroom import Mailroom
from factotum.model import State
from factotum.outbox import Outbox
from factotum.reading import read
from factotum.rooms import Rooms
from factotum.scan import Entry, Listing, Problem
from factotum.staff import Staff
from factotum.tick.hearing import hears_by
from factotum.worker import claim
from factotum.worker.arrive import Arrivals
from factotum.worker.joins import AGAIN_S as JOIN_AGAIN_S
from factotum.worker.joins import Joins

#: How long after a no a task waits to hear why, in seconds, and how often it looks meanwhile.
REASON_S, REASON_LOOK_S = 60.0, 5.0


@dataclass
class Found:
    """What a tick found: what to run, what to carry out, and when to look again: `soon` for
    what a single pass waits out as well, `later` for the rest. `cards` are those that are open;
    `seen` are the tasks whose notes were found where they are worked on; `orders` are changes of
    drafts that a model makes; `restless` says that a card is not as it will stay."""

    tasks: list[tuple[str, Entry]] = field(default_factory=list)
    due: list[Card] = field(default_factory=list)
    soon: list[float] = field(default_factory=list)
    later: list[float] = field(default_factory=list)
    listing: Listing = field(default_factory=Listing)
    cards: list[Card] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    orders: list[Wish] = field(default_factory=list)
    restless: bool = False


class Look:
    """Use it on the desk's thread. `stopped` says why nothing may leave now, or nothing; `environ`
    is where a key may lie for who listens."""

    def __init__(
        self,
        rooms: Rooms,
        staff: Staff,
        mailroom: Mailroom,
        stopped: Callable[[], str],
        environ: Mapping[str, str],
    ) -> None:
        settings, vault, ledger, zone = rooms.settings, rooms.vault, rooms.ledger, rooms.clock.zone
        stable_s = settings.seconds("STABLE_S")
        settle = claim.Pace(settings.seconds("SETTLE_S"), stable_s)
        pace = place.Pace(stable_s, settings.seconds("REGRET_S"))
        house = staff.worker.office.house
        self.rooms = rooms
        self.staff = staff
        self.worker = staff.worker
        self.stopped = stopped
        self.claims = claim.Claims(vault, rooms.shelf, ledger, rooms.runs, settle)
        self.arrivals = Arrivals(vault, ledger, rooms.runs, self.claims)
        desk, clock = staff.worker.desk, rooms.clock.wall
        hears = hears_by(settings, environ, desk, staff.budget, clock, stopped)
        self.intake = Intake(vault, ledger, rooms.reader, read, rooms.state, stable_s, zone, hears)
        self.observer = observe.Observer(vault, rooms.shelf, ledger, rooms.register, pace, house)
        self.joins = Joins(vault, rooms.reader, rooms.runs, zone, mailroom.make_anew)
        self.outbox = Outbox(ledger)
        self.more = False  # whether tasks were left for want of room

    def claim(self, arrived: Sequence[str]) -> None:
        """Claims the notes in Needs_Action that were heard to have `arrived` and are known."""
        self.arrivals.claim(arrived, self.worker.room)

    def at_all(self, now: float, mono: float, *, taking: bool) -> Found:
        """Looks at everything; without `taking` nothing new is taken, which another may take."""
        taken = self.intake.look(now, mono) if taking else Taken()
        listing = self.rooms.shelf.look(mono)
        seen = self.observer.look(listing, now, mono)
        if taking:
            self.staff.habits.look(now)
        claimed = self.claims.look(listing, now, mono, self.worker.room if taking else 0)
        self.more = claimed.more
        join_again, unjoined = self.joins.look(self._lies, claimed.frozen, now)
        cards = [*seen.waiting, *seen.approved]
        moments, rests = self.worker.resting.left()
        echo_soon, echo_later = self.staff.echo.look(now, mono)
        held = {card.task for card in cards}
        if asked := self._asked_why(now):  # a reason that comes late would not be heard
            held |= asked
            echo_soon = [*echo_soon, mono + REASON_LOOK_S]
        found = Found(
            tasks=self._to_run(claimed.tasks, held),
            due=self._to_perform(seen.due, now),
            soon=[*taken.wake_at, *claimed.wake_at, *seen.soon, *echo_soon],
            later=[*seen.later, *echo_later, *([mono + JOIN_AGAIN_S] if join_again else [])],
            listing=listing,
            cards=cards,
            problems=[*listing.problems, *taken.problems, *claimed.problems, *seen.problems],
            seen={id for id, _ in claimed.tasks},
            orders=[wish for wish in seen.orders if taking and not self.worker.active(wish.job)],
            restless=seen.restless,
        )
        found.soon += [mono + left_s for left_s in moments]
        found.later += [mono + left_s for left_s in rests]
        found.problems += unjoined
        self.worker.resting.forget(found.seen)
        return found

    def _asked_why(self, now: float) -> set[str]:
        """The tasks that wait till a person has said why they refused something."""
        cards = self.outbox.reasons_awaited(now - REASON_S)
        found = (self.rooms.register.find(id) for id in cards)
        return {card.task for card in found if card is not None}

    def _lies(self, task: str) -> Path | None:
        """Where a task's note lies now, if the last look found it."""
        entry = self.claims.found(task)
        return entry.path if entry else None

    def _to_run(
        self, tasks: Sequence[tuple[str, Entry]], held: set[str]
    ) -> list[tuple[str, Entry]]:
        """Those that may run now; of those that wait none whose cards are open."""
        return [
            (id, entry)
            for id, entry in tasks
            if not (entry.state is State.WAITING and id in held) and self._may_run(id, entry)
        ]

    def _may_run(self, id: str, entry: Entry) -> bool:
        if self.worker.active(id):
            return False
        if entry.state is not State.WAITING:
            return True
        run = self.rooms.runs.latest(id)
        if run is None or run.projected or run.ended:
            return True
        if self.staff.children.waits(run):
            return False
        return all(card.over for card in self.rooms.runs.cards(run).values())

    def _to_perform(self, due: Sequence[Card], now: float) -> list[Card]:
        """Those that may be carried out now, in the order in which they were decided."""
        found = [
            card
            for card in due
            if not self.claims.is_gone(card.task) and self._may_perform(card, now)
        ]
        return sorted(found, key=lambda card: card.decision.at if card.decision else 0.0)

    def _may_perform(self, card: Card, now: float) -> bool:
        """Not while it is under way, nothing may leave, or an earlier try is not long enough
        ago. What a crash interrupted is always looked into."""
        if self.worker.active(card.id):
            return False
        last = self.rooms.register.last_try(card)
        if last is not None and last[2] is None:
            return True
        return not self.stopped() and (last is None or now >= next_try_at(last[0], last[1]))
