"""What is told beside notes: who listens, what may not have reached you, whether the vault still
syncs, and what a time off left.

Looks, and says it; mends nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from factotum.channels import doubts, known
from factotum.ears import health
from factotum.gate.register import Card
from factotum.rooms import Rooms
from factotum.scan import Problem
from factotum.views.notices import Notices
from factotum.views.outage import Outage
from factotum.views.silence import Silence
from factotum.watcher import Premises


class Asides:
    """Use it on the desk's thread."""

    def __init__(self, rooms: Rooms, premises: Premises) -> None:
        vault, ledger, clock = rooms.vault, rooms.ledger, rooms.clock
        self.rooms = rooms
        self.outage = Outage(vault, ledger, clock.zone, rooms.settings.seconds("OUTAGE_S"))
        self.silence = Silence(vault.root, ledger, clock.zone)
        self.listening = health.Health(rooms.state, clock, _wanted(premises), group=_group)

    def begin(self) -> None:
        """From now on somebody is expected to be here."""
        self.outage.begin()

    def away(self, since: float, till: float) -> None:
        """Nobody was here in this time (epoch seconds)."""
        self.outage.away(since, till)
        self.silence.away(since, till)

    def look(self, now: float, mono: float) -> None:
        """Listens whether something came from another device."""
        self.silence.look(now, mono)

    def problems(self) -> list[Problem]:
        """The same for the Dashboard."""
        clock = self.rooms.clock
        unsaid = doubts.problems(self.rooms.ledger, clock.wall(), clock.zone)
        away = [*self.outage.problems(), *self.silence.problems()]
        return [*self.listening.problems(), *unsaid, *away]

    def tell(self, cards: Sequence[Card], notices: Notices, now: float) -> None:
        """Makes notices of what is worth one, and the note after a time off. Raises OSError when
        the disk takes nothing."""
        self.listening.tell(notices, now)
        self.silence.tell(notices, now)
        self.outage.look(cards, notices, now)

    def next_at(self) -> float | None:
        """When something is to be told next, in epoch seconds; None where nothing is."""
        return self.outage.next_at()


def _group(name: str) -> str:
    return "channels" if name in known.NAMES else "watchers"


def _wanted(premises: Premises) -> Callable[[str], bool]:
    """Whether a watcher or a channel is set up in this house and to be run."""
    watcher, settings = health.wanted(premises), premises.settings

    def is_wanted(name: str) -> bool:
        if name not in known.NAMES:
            return watcher(name)
        return name == known.first(settings) and name in known.wanted(settings.text("CHANNELS"))

    return is_wanted
