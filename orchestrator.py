"""The door: builds the rooms, wires them, ticks. `python orchestrator.py` is `factotum up`.

A tick is one synchronous look at everything, on the desk's thread: files come in, tasks are
claimed, cards are heeded and brought up to date, views are written. What the tick finds to
do is handed to the worker's slots. Recovery after a crash is the first tick.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from factotum import fittings, log
from factotum.channels import owners, ways
from factotum.channels.within import Within as Channels
from factotum.chooser import Chooser
from factotum.ears import found as watchers
from factotum.ears.house import room_of
from factotum.ears.within import Ears
from factotum.gate import pause
from factotum.keybox import Keybox
from factotum.models import surroundings
from factotum.presence import Presence
from factotum.rooms import Clock, DoorError, Rooms, open_rooms, state_dir, wake
from factotum.scan import cut_short, mend_links
from factotum.settings import env_files
from factotum.staff import hire
from factotum.tick.asides import Asides
from factotum.tick.idle import Idle
from factotum.tick.look import Found, Look
from factotum.tick.showing import Showing
from factotum.tooling.cages import cages_of
from factotum.wakeup import Wakeup
from factotum.whereabouts import VaultGone, expect
from factotum.worker.desk import Desk
from factotum.worker.mark import Mark
from factotum.worker.playbooks import PlaybookShelf

__all__ = ["Clock", "DoorError", "Orchestrator", "Rooms", "open_rooms", "state_dir", "wake"]

HERE = Path(__file__).resolve().parent
logger = log.get("factotum.orchestrator")

#: The shortest pause between two ticks, in seconds, whatever FACTOTUM_SCAN_S says.
PAUSE_LEAST_S = 0.02
#: How soon a tick that failed is tried again, in seconds, and how often before it must wait
#: for the next scan (and a single pass ends).
RETRY_TICK_S = 0.2
FAILED_MOST = 5
#: How long a stop waits for what is under way, in seconds (PM2 kills after its own limit).
STOP_GRACE_S = 4.0
#: How long after that it waits for sources that are still at it, in seconds.
LISTEN_GRACE_S = 0.5


class Orchestrator:
    def __init__(
        self,
        rooms: Rooms,
        *,
        out: IO[str] = sys.stderr,
        environ: Mapping[str, str] = os.environ,
        servers: Path = HERE / "mcp",
        command: str = "",
    ) -> None:
        """Takes the executor's lock. `environ` is where providers' keys may lie, `servers` the
        folder of the tool servers; `command` is what keeps it, where that is no `factotum up`.

        Raises DoorError when another one runs."""
        self.rooms = rooms
        settings, vault, ledger, clock = rooms.settings, rooms.vault, rooms.ledger, rooms.clock
        watchers.check(settings.text("WATCHERS"))
        self._trouble = ""
        self._failed = 0
        self._began = False
        self.stopping = False
        self.desk = Desk()
        room = room_of(settings, vault, ledger, rooms.state, self.desk.wait, clock)
        self.asides = Asides(rooms, room.premises)
        self.presence = Presence(
            rooms.state, rooms.register, clock.wall(), clock.monotonic(), self.asides.away, command
        )
        self.wakeup = Wakeup()
        self.views = fittings.views_of(rooms, out)
        self.pruning = fittings.pruning_of(rooms)
        self.mark = Mark(vault, ledger, rooms.register)
        self.cages = cages_of(settings, vault.root, rooms.state, HERE)
        self.toolbox = fittings.toolbox_of(rooms, servers, self.cages, HERE)
        around = surroundings(environ, env_files(Path.cwd(), HERE))
        self.chooser = Chooser(rooms, self.desk, around)
        tools = fittings.tools_of(rooms, self.desk, self.toolbox, self.chooser.models, self.mark)
        self.staff = hire(rooms, tools, done=self._look_again, stopped=self.stopped)
        self.worker = self.staff.worker
        self.views.notices.policy = self.staff.handbook.current
        self.notary = fittings.notary_of(rooms, self.desk, self._look_again)
        self.ears = Ears(room)
        self.channels = Channels(settings, vault.root, rooms.state)
        self.look = Look(rooms, self.staff, room.mailroom, self.stopped, around)
        self.idle = Idle(rooms, self.worker, self._beside(tools.playbooks))
        beside = (self.asides, self.notary, self.cages)
        self.showing = Showing(rooms, self.views, self.staff, tools, *beside, self.stopped)

    def _beside(self, playbooks: PlaybookShelf) -> list[Callable[[], object]]:
        """What a look goes by beside the vault and the ledger."""
        staff, mind = self.staff, self.staff.mind
        shelves = (mind.agents, mind.skills, mind.persona, playbooks, staff.handbook)
        stamps = [shelf.stamp for shelf in shelves]
        beside = (self.toolbox.missing, self.notary.problems, self.asides.listening.stamp)
        return [*stamps, *beside, self.stopped, lambda: self.chooser.models]

    def _look_again(self) -> None:
        if self.look.more and self.worker.idle:
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
        `arrived`. Runs on the desk's thread. Raises VaultGone."""
        expect(self.rooms.vault.root)
        if arrived and not self.stopping:
            self.look.claim(arrived)
        now, mono = self.rooms.clock.wall(), self.rooms.clock.monotonic()
        self.presence.look(now, mono)
        self._late_edits(now)
        busy = arrived or self.worker.busy
        mark = None if busy else self.idle.mark(now)
        known = self.idle.left_out(mark, mono)
        if known is not None and self.views.settled:
            return known
        self.idle.begins(mono)
        found = self._whole_look(now, mono)
        self.idle.ended(mark, found, mono)
        return found

    def _whole_look(self, now: float, mono: float) -> Found:
        before = self.rooms.ledger.last_event()
        pause.record_note(self.rooms.ledger, self.rooms.vault.stopped, now)
        found = self.look.at_all(now, mono, taking=not self.stopping)
        self.pruning.look(now)
        self.asides.look(now, mono)
        if self.rooms.ledger.last_event() != before:
            found.soon.append(mono)  # one deed may make another possible: look once more
        self.chooser.look()
        self.showing.show(found, self._trouble, now, mono)
        return found

    def _late_edits(self, now: float, *, ending: bool = False) -> None:
        for path, data, kept in self.rooms.vault.late_edits(ending=ending):
            name, where = path.name, kept.name
            self.rooms.ledger.event("late_edit", now, name=name, kept=where, bytes=len(data))

    def _after_the_break(self) -> None:
        """What is looked after once, before the first look."""
        self.notary.begin(self.rooms.vault.root / "Logs", Keybox(self.rooms.state))
        with contextlib.suppress(OSError):  # the first look says it
            self.views.journal.seal()
        now = self.rooms.clock.wall()
        self.presence.begin(now)
        owners.strong(self.rooms.ledger, self.rooms.settings, now)
        ways.note(self.rooms.ledger, self.rooms.settings)
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
            lasts = self._failed >= FAILED_MOST  # it does not pass by itself
            with contextlib.suppress(Exception):  # where the views can be written, they say so
                now, mono = self.rooms.clock.wall(), self.rooms.clock.monotonic()
                self.showing.show_again(self._trouble, now, mono, lasts=lasts)
            self._failed += 1
            again = self.rooms.clock.monotonic() + RETRY_TICK_S
            return Found(soon=[again] if self._failed < FAILED_MOST else [])

    # -- the loop

    async def run(self, *, once: bool = False) -> None:
        """Ticks until `stop`, or with `once` until nothing is left that only time brings:
        settling, stability and the regret wait, but not a person, expiry or a retry."""
        try:
            if not once:
                self.asides.begin()
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
                for wish in found.orders:
                    self.worker.redraft(wish)
                to_do = found.tasks or found.due or found.orders or found.soon
                if once and not (to_do or was_busy or self.worker.busy):
                    break
                if not once:
                    self.ears.open()
                    self.channels.open()
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
        self.channels.halt()
        await self.worker.stop(STOP_GRACE_S)
        await self.chooser.close()
        await self.toolbox.close()
        await self.ears.close(LISTEN_GRACE_S)
        await self.channels.close(LISTEN_GRACE_S)
        if self._began:
            await self.desk.do(self._last_look)
            await self.notary.close(self.rooms.clock.wall(), self.rooms.clock.monotonic())
        await self.desk.do(self.staff.close)
        self.desk.close()
        self.look.intake.close()
        self.presence.close()


def trouble(broken: Exception) -> str:
    """What goes wrong, in a line for a person."""
    if isinstance(broken, VaultGone):
        return str(broken)
    if isinstance(broken, OSError):
        return f"the disk fails ({broken.strerror or broken}): nothing is sent till it works"
    return f"{type(broken).__name__}: {broken}"


def main(argv: Sequence[str] | None = None) -> int:
    from factotum.cli import main as cli

    return cli(["up", *(sys.argv[1:] if argv is None else argv)])


if __name__ == "__main__":
    raise SystemExit(main())
