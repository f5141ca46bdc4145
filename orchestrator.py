"""The door: builds the rooms, wires them, ticks. `python orchestrator.py` is `factotum up`.

A tick is one synchronous look at everything, on the desk's thread: files come in, tasks are
claimed, cards are heeded and brought up to date, views are written. What the tick finds to
do is handed to the worker's slots. Recovery after a crash is the first tick.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from factotum import failpoint, log
from factotum.anchors import built
from factotum.blobs import Blobs
from factotum.chooser import Chooser
from factotum.ears import found as watchers
from factotum.ears import health
from factotum.ears.within import Ears
from factotum.gate import observe, pause, place
from factotum.gate.effect import next_try_at
from factotum.gate.register import Card
from factotum.intake import Intake, Taken
from factotum.keeping import Keeper
from factotum.keybox import Keybox
from factotum.mailroom import Mailroom
from factotum.model import State
from factotum.models import surroundings
from factotum.notary import Notary
from factotum.presence import Presence
from factotum.reading import read
from factotum.rooms import Clock, DoorError, Rooms, open_rooms, state_dir, wake
from factotum.scan import Entry, Listing, Problem, cut_short, mend_links
from factotum.settings import env_files
from factotum.staff import FRESH_S, Tools, hire
from factotum.toolbox import Toolbox
from factotum.tooling.cages import cages_of, others
from factotum.views import notices
from factotum.views.outage import Outage
from factotum.views.pruning import Pruning
from factotum.views.reminding import Pace
from factotum.views.silence import Silence
from factotum.views.views import Views
from factotum.wakeup import Wakeup
from factotum.watcher import Premises
from factotum.worker import claim
from factotum.worker.arrive import Arrivals
from factotum.worker.desk import Desk
from factotum.worker.joins import AGAIN_S as JOIN_AGAIN_S
from factotum.worker.joins import Joins
from factotum.worker.mark import Mark
from factotum.worker.playbooks import PlaybookShelf
from factotum.worker.stillness import Stillness

__all__ = ["Clock", "DoorError", "Orchestrator", "Rooms", "open_rooms", "state_dir", "wake"]

HERE = Path(__file__).resolve().parent
logger = log.get("factotum.orchestrator")

#: The shortest pause between two ticks, in seconds, whatever FACTOTUM_SCAN_S says.
PAUSE_LEAST_S = 0.02
#: How soon a tick that failed is tried again, in seconds, and how often before it must wait
#: for the next scan (and a single pass ends).
RETRY_TICK_S = 0.2
FAILED_MOST = 5
#: How often at least everything is looked at although nothing has changed, in seconds.
WHOLE_S = 600.0
#: Where notes may lie while that is not done.
AT_REST = (State.DONE, State.FAILED, State.REJECTED, State.WAITING, State.PENDING)
#: How long a stop waits for what is under way, in seconds (PM2 kills after its own limit).
STOP_GRACE_S = 4.0
#: How long after that it waits for sources that are still at it, in seconds.
LISTEN_GRACE_S = 0.5


@dataclass
class Found:
    """What a tick found: what to run, what to carry out, and when to look again: `soon` for
    what a single pass waits out as well, `later` for the rest. `seen` are the tasks whose notes
    were found where they are worked on; `restless` says that a card is not as it will stay."""

    tasks: list[tuple[str, Entry]] = field(default_factory=list)
    due: list[Card] = field(default_factory=list)
    soon: list[float] = field(default_factory=list)
    waiting: list[Card] = field(default_factory=list)
    later: list[float] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    restless: bool = False


class Orchestrator:
    def __init__(
        self,
        rooms: Rooms,
        *,
        out: IO[str] = sys.stderr,
        environ: Mapping[str, str] = os.environ,
        servers: Path = HERE / "mcp",
    ) -> None:
        """Takes the executor's lock. `environ` is where providers' keys may lie, `servers` the
        folder of the tool servers.

        Raises DoorError when another one runs."""
        self.rooms = rooms
        settings, vault, ledger, clock = rooms.settings, rooms.vault, rooms.ledger, rooms.clock
        watchers.check(settings.text("WATCHERS"))
        self.outage = Outage(vault, ledger, clock.zone, settings.seconds("OUTAGE_S"))
        self.silence = Silence(vault.root, ledger, clock.zone)
        self.presence = Presence(
            rooms.state, rooms.register, clock.wall(), clock.monotonic(), self._away
        )
        self.desk = Desk()
        self.wakeup = Wakeup()
        self._stable_s = settings.seconds("STABLE_S")
        settle = claim.Pace(settings.seconds("SETTLE_S"), self._stable_s)
        self.claims = claim.Claims(vault, rooms.shelf, ledger, rooms.runs, settle)
        self.arrivals = Arrivals(vault, ledger, rooms.runs, self.claims)
        self.intake = Intake(
            vault, ledger, rooms.reader, read, rooms.state, self._stable_s, clock.zone
        )
        told = Pace(settings.seconds("BUZZ_S"), last_s=settings.seconds("REMIND_S"))
        self.views = Views(vault, ledger, rooms.runs, rooms.state, clock.zone, out, told)
        days = settings.count("AUDIT_DAYS") if settings.given("AUDIT_DAYS") else 0
        self.pruning = Pruning(vault, ledger, days, clock.zone)
        self.mark = Mark(vault, ledger, rooms.register)
        self.playbooks = PlaybookShelf(vault.root, rooms.reader, FRESH_S)
        self.cages = cages_of(settings, vault.root, rooms.state, HERE)
        self.toolbox = self._toolbox(servers)
        around = surroundings(environ, env_files(Path.cwd(), HERE))
        self.chooser = Chooser(rooms, self.desk, around)
        self.staff = hire(rooms, self._tools(), done=self._look_again, stopped=self.stopped)
        self.worker = self.staff.worker
        self.views.notices.policy = self.staff.handbook.current
        pace = place.Pace(self._stable_s, settings.seconds("REGRET_S"))
        self.observer = observe.Observer(
            vault, rooms.shelf, ledger, rooms.register, pace, self.worker.office.house
        )
        anchors = built(settings, rooms.state)
        self.notary = Notary(
            anchors, self.desk, ledger, vault.instance, clock.zone, self._look_again
        )
        self.ears = Ears(rooms, self.desk)
        premises = Premises(settings, vault.root, rooms.state, clock.zone, read)
        self.listening = health.Health(rooms.state, clock, health.wanted(premises))
        self._stillness = self._all_that_is_still()
        keeper = Keeper(vault, rooms.reader, rooms.state / "attachments")
        mailroom = Mailroom(vault, ledger, keeper, clock.zone)
        self.joins = Joins(vault, rooms.reader, rooms.runs, clock.zone, mailroom.make_anew)
        self._rested: object = None  # what the last look went by, if it left nothing to do
        self._later: list[float] = []
        self._whole_at = 0.0
        self._trouble = ""
        self._failed = 0
        self._shown: tuple[Listing, observe.Seen, list[Problem]]
        self._shown = (Listing(), observe.Seen(), [])
        self._more = False  # whether tasks were left for want of room
        self._began = False
        self.stopping = False

    def _toolbox(self, servers: Path) -> Toolbox:
        settings = self.rooms.settings
        return Toolbox(
            servers,
            settings.env_for,
            failpoint.hit,
            way="stdio" if settings.text("TOOLS") == "stdio" else "in-process",
            catalogue=self.rooms.state / "catalogue.json",
            idle_s=settings.seconds("TOOLS_IDLE_S"),
            cages=self.cages,
            others=others(settings, HERE),
        )

    def _tools(self) -> Tools:
        phases = self.rooms.state / "phases"
        phases.mkdir(mode=0o700, exist_ok=True)
        return Tools(
            desk=self.desk,
            toolbox=self.toolbox,
            models=self.chooser.models,
            blobs=Blobs(self.rooms.state / "blobs"),
            playbooks=self.playbooks,
            mark=self.mark,
            phases=phases,
        )

    def _all_that_is_still(self) -> Stillness:
        """By which it is told, without a look, that nothing has changed since the last one."""
        staff, mind = self.staff, self.staff.mind
        shelves = (mind.agents, mind.skills, mind.persona, self.playbooks, staff.handbook)
        stamps = [shelf.stamp for shelf in shelves]
        beside = (*stamps, self.toolbox.missing, self.notary.problems, self.listening.stamp)
        return Stillness(self.rooms.vault, self.rooms.ledger, beside)

    def _away(self, since: float, till: float) -> None:
        self.outage.away(since, till)
        self.silence.away(since, till)

    def _look_again(self) -> None:
        if self._more and self.worker.idle:
            self.wakeup.hurry()
        self.wakeup.set()

    @property
    def trouble(self) -> str:
        """Why the last look failed, or an empty string."""
        return self._trouble

    def stopped(self) -> str:
        """Why nothing may be attempted now, or an empty string. Ask it on the desk."""
        return pause.stopped(self.rooms.ledger, self.rooms.vault.stopped) or self._trouble

    # -- the tick

    def tick(self, arrived: Sequence[str] = ()) -> Found:
        """One look at everything, first at the notes in Needs_Action that were heard to have
        `arrived`. Runs on the desk's thread."""
        if arrived and not self.stopping:
            self.arrivals.claim(arrived, self.worker.room)
        now, mono = self.rooms.clock.wall(), self.rooms.clock.monotonic()
        self.presence.look(now, mono)
        self._late_edits(now)
        busy = arrived or self.worker.busy
        mark = None if busy else self._mark(now)
        rested = mark is not None and mark == self._rested
        if rested and mono < min([self._whole_at + WHOLE_S, *self._later]) and self.views.settled:
            return Found(later=self._later)
        self._rested, self._whole_at = None, mono
        found, listing = self._whole_look(now, mono)
        if self._at_rest(found, listing, mono):
            self._rested, self._later = mark, found.later
        return found

    def _lies(self, task: str) -> Path | None:
        """Where a task's note lies now, if the last look found it."""
        entry = self.claims.found(task)
        return entry.path if entry else None

    def _mark(self, now: float) -> object:
        """What a look goes by: equal to an earlier one if a look would find the same."""
        day = self.rooms.clock.zone(now).date()
        return self._stillness.mark(), self.stopped(), self.chooser.models, day

    def _at_rest(self, found: Found, listing: Listing, mono: float) -> bool:
        """Whether nothing is under way, waits or rests, so that time alone brings nothing but
        what is to be looked at `later`."""
        worker, rooms = self.worker, self.rooms
        to_do = found.tasks or found.due or found.soon or found.restless
        at_work = worker.busy or worker.held or worker.broken
        lies = any(n for state, n in listing.counts.items() if state not in AT_REST)
        if to_do or at_work or lies:
            return False
        # beside what the look found: what may have lost its note, and is given some time
        lost = not found.seen.issuperset(rooms.runs.unfinished())
        young = any(rooms.shelf.still_s(e, mono) < self._stable_s for e in listing.entries)
        return not (lost or young)

    def _whole_look(self, now: float, mono: float) -> tuple[Found, Listing]:
        before = self.rooms.ledger.last_event()
        pause.record_note(self.rooms.ledger, self.rooms.vault.stopped, now)
        found = Found()
        taken = Taken() if self.stopping else self.intake.look(now, mono)
        listing = self.rooms.shelf.look(mono)
        seen = self.observer.look(listing, now, mono)
        if not self.stopping:
            self.staff.habits.look(now)
        room = 0 if self.stopping else self.worker.room  # what is not taken, another may take
        claimed = self.claims.look(listing, now, mono, room)
        self._more = claimed.more
        again, unjoined = self.joins.look(self._lies, claimed.frozen, now)
        held = {card.task for card in (*seen.waiting, *seen.approved)}
        found.tasks = [
            (id, entry)
            for id, entry in claimed.tasks
            if not (entry.state is State.WAITING and id in held) and self._may_run(id, entry)
        ]
        found.due = [
            card
            for card in seen.due
            if not self.claims.is_gone(card.task) and self._may_perform(card, now)
        ]
        found.waiting = seen.waiting
        moments, rests = self.worker.rests()
        found.restless = seen.restless
        found.seen = {id for id, _ in claimed.tasks}
        found.soon = [*taken.wake_at, *claimed.wake_at, *seen.soon, *(mono + s for s in moments)]
        again_at = [mono + JOIN_AGAIN_S] if again else []
        found.later = [*seen.later, *again_at, *(mono + left_s for left_s in rests)]
        soon, later = self.staff.echo.look(now, mono)
        found.soon, found.later = found.soon + soon, found.later + later
        self.worker.forget({id for id, _ in claimed.tasks})
        of_notes = (*listing.problems, *taken.problems, *claimed.problems, *seen.problems)
        problems = [*of_notes, *unjoined, *self._problems()]
        self.pruning.look(now)
        self.silence.look(now, mono)
        if self.rooms.ledger.last_event() != before:
            found.soon.append(mono)  # one deed may make another possible: look once more
        self.chooser.look()
        at_work = bool(found.tasks or found.due or self.worker.busy)
        self._show(listing, seen, problems, now, mono, at_work=at_work)
        due = (self.views.logs_due, self.views.dashboard.due)
        found.later += [at for at in due if at is not None]
        tells = (self.views.notices.next_at(now), self.outage.next_at())
        found.later += [mono + at - now for at in tells if at is not None]
        return found, listing

    def _problems(self) -> list[Problem]:
        """What a person should know beside the notes that a look is about."""
        staff = self.staff
        tools = [Problem(Path(name), why) for name, why in self.toolbox.troubles().items()]
        tools += [*self.listening.problems(), *self.outage.problems(), *self.silence.problems()]
        steering = [*self.playbooks.problems(), *staff.mind.problems(), *self.notary.problems()]
        return [*steering, *staff.handbook.problems(), *tools, *staff.contacts.problems()]

    def _late_edits(self, now: float, *, ending: bool = False) -> None:
        for path, data, kept in self.rooms.vault.late_edits(ending=ending):
            name, where = path.name, kept.name
            self.rooms.ledger.event("late_edit", now, name=name, kept=where, bytes=len(data))

    def _show(
        self,
        listing: Listing,
        seen: observe.Seen,
        problems: list[Problem],
        now: float,
        mono: float,
        *,
        at_work: bool = False,
    ) -> None:
        self._shown = (listing, seen, list(problems))
        problems += self._held()
        unique = list({(p.path, p.reason): p for p in problems}.values())
        health = {
            "ok": not (self._trouble or self.worker.broken),
            "stopped": self.stopped(),
            "missing": self.toolbox.missing(),
            "isolation": self.cages.shown(),
        }
        mind = self.staff.shown(now)
        cards = [*seen.waiting, *seen.approved]
        self.listening.tell(self.views.notices, now)
        self.silence.tell(self.views.notices, now)
        self.outage.look(cards, self.views.notices, now)
        self.views.show(listing, cards, unique, health, mind, now, mono, at_work=at_work)
        failpoint.hit("snapshot.written")

    def _held(self) -> list[Problem]:
        """What keeps tasks from going on: one line for all that wait for the same."""
        told: dict[str, list[str]] = {}
        for id, reason in sorted({**self.worker.held, **self.worker.broken}.items()):
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

    def _may_perform(self, card: Card, now: float) -> bool:
        """Not while it is under way, nothing may leave, or an earlier try is not long enough
        ago. What a crash interrupted is always looked into."""
        if self.worker.active(card.id):
            return False
        last = self.rooms.register.last_try(card)
        if last is not None and last[2] is None:
            return True
        return not self.stopped() and (last is None or now >= next_try_at(last[0], last[1]))

    def _after_the_break(self) -> None:
        """What is looked after once, before the first look."""
        self.notary.begin(self.rooms.vault.root / "Logs", Keybox(self.rooms.state))
        with contextlib.suppress(OSError):  # the first look says it
            self.views.journal.seal()
        now = self.rooms.clock.wall()
        self.presence.begin(now)
        self.mark.check(now)
        self.staff.budget.recover()
        for kept in self.rooms.vault.recover():
            self.rooms.ledger.event("late_edit", now, name=kept.name, kept=kept.name, bytes=0)
        if cut_short(self.rooms.vault.root):
            mend_links(self.rooms.vault.root, self.rooms.vault.intake, Path.unlink)

    def _safe_tick(self, arrived: Sequence[str] = ()) -> Found:
        """A tick that a full or failing disk cannot stop: nothing is begun, and it says so."""
        try:
            found = self.tick(arrived)
            self._trouble, self._failed = "", 0
            return found
        except Exception as broken:
            self._trouble = trouble(broken)
            logger.error("tick failed", exc_info=broken)
            with contextlib.suppress(Exception):  # where the views can be written, they say so
                now, mono = self.rooms.clock.wall(), self.rooms.clock.monotonic()
                if self._failed >= FAILED_MOST:  # it does not pass by itself
                    key = f"machine {self.rooms.clock.zone(now):%Y-%m-%d} {self._trouble}"
                    kind, text = notices.MACHINE, self._trouble
                    self.views.notices.add(kind, key, text, now, urgent=True)
                self._show(*self._shown, now, mono)
            self._failed += 1
            again = self.rooms.clock.monotonic() + RETRY_TICK_S
            return Found(soon=[again] if self._failed < FAILED_MOST else [])

    # -- the loop

    async def run(self, *, once: bool = False) -> None:
        """Ticks until `stop`, or with `once` until nothing is left that only time brings:
        settling, stability and the regret wait, but not a person, expiry or a retry."""
        try:
            if not once:
                self.outage.begin()
            await self.desk.do(self._after_the_break)
            await self.chooser.choose(self.staff)
            self._began = True
            if not once:
                self.wakeup.watch(self.rooms.vault.root, self.rooms.state)
            arrived: list[str] = []
            while not self.stopping:
                was_busy = self.worker.busy  # what ends during a tick, that tick has not seen
                found = await self.desk.do(self._safe_tick, arrived)
                self.notary.look(self.rooms.clock.wall(), self.rooms.clock.monotonic())
                if self.chooser.due:
                    await self.chooser.choose(self.staff)
                for id, entry in found.tasks:
                    self.worker.run(id, entry)
                for card in found.due:
                    self.worker.perform(card)
                to_do = found.tasks or found.due or found.soon
                if once and not (to_do or was_busy or self.worker.busy):
                    break
                if not once:
                    self.ears.open()
                arrived = await self.wakeup.wait(self._pause_s(found))
        finally:
            await self._close()

    def _pause_s(self, found: Found) -> float:
        longest = self.rooms.settings.seconds("SCAN_S")
        mono = self.rooms.clock.monotonic()
        nearest = min((at - mono for at in (*found.soon, *found.later)), default=longest)
        return max(PAUSE_LEAST_S, min(longest, nearest))

    def _last_look(self) -> None:
        self._safe_tick()
        self.views.flush(self.rooms.clock.monotonic())
        self._late_edits(self.rooms.clock.wall(), ending=True)

    def stop(self) -> None:
        self.stopping = True
        self.wakeup.set()

    async def _close(self) -> None:
        self.stopping = True  # the last look takes nothing that nobody here would do
        self.wakeup.close()
        self.ears.halt()
        await self.worker.stop(STOP_GRACE_S)
        await self.chooser.close()
        await self.toolbox.close()
        await self.ears.close(LISTEN_GRACE_S)
        if self._began:
            await self.desk.do(self._last_look)
            await self.notary.close(self.rooms.clock.wall(), self.rooms.clock.monotonic())
        await self.desk.do(self.staff.close)
        self.desk.close()
        self.intake.close()
        self.presence.close()


def trouble(broken: Exception) -> str:
    """What goes wrong, in a line for a person."""
    if isinstance(broken, OSError):
        return f"the disk fails ({broken.strerror or broken}): nothing is sent till it works"
    return f"{type(broken).__name__}: {broken}"


def main(argv: Sequence[str] | None = None) -> int:
    from factotum.cli import main as cli

    return cli(["up", *(sys.argv[1:] if argv is None else argv)])


if __name__ == "__main__":
    raise SystemExit(main())
