"""The worker's slots: a few tasks and effects at once, each of them once.

Given what the tick found (tasks to run, effects that are due), it runs each that is not
running already. It keeps no state that matters: after a restart the tick finds the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from weakref import WeakValueDictionary

from factotum import failpoint, log
from factotum.gate.redraft import Wish
from factotum.gate.register import Card
from factotum.model import State
from factotum.models import ModelError, TooLong
from factotum.note import NoteError, parse
from factotum.scan import TASK_MOST_BYTES, Entry
from factotum.toolbox import Toolbox
from factotum.vault import Changed, Vault
from factotum.worker.budget import Capped
from factotum.worker.by_model import ByModel
from factotum.worker.caps import Caps
from factotum.worker.case import Case
from factotum.worker.close import Closer
from factotum.worker.course import next_step
from factotum.worker.desk import Desk
from factotum.worker.lookups import Lookups
from factotum.worker.perform import Performer
from factotum.worker.redrafting import Redrafting
from factotum.worker.rests import Rests
from factotum.worker.runs import Run
from factotum.worker.steps import AskModel, Close, Next, Office, Park, Perform, RunTool
from factotum.worker.thinking import Said, Thinker

logger = log.get("factotum.worker")

#: How long a stop waits for what it has cut off to let go, in seconds.
LET_GO_S = 1.0


class Worker:
    def __init__(
        self,
        desk: Desk,
        office: Office,
        vault: Vault,
        closer: Closer,
        toolbox: Toolbox,
        performer: Performer,
        thinker: Thinker,
        lookups: Lookups,
        redrafting: Redrafting,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        slots: int,
        done: Callable[[], None],
        stopped: Callable[[], str],
    ) -> None:
        """`done` is called whenever a task or an effect came to rest: time for a tick."""
        self.desk = desk
        self.office = office
        self.vault = vault
        self.closer = closer
        self.toolbox = toolbox
        self.performer = performer
        self.thinker = thinker
        self.lookups = lookups
        self.redrafting = redrafting
        self.clock = clock
        self.done = done
        self.stopped = stopped
        self.broken: dict[str, str] = {}
        self.resting = Rests(monotonic, lambda: office.budget.caps)
        self._slots = asyncio.Semaphore(slots)
        self._deeds = asyncio.Semaphore(slots)  # what was approved waits for nobody's thoughts
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._orders = asyncio.Semaphore(slots)  # nor does a person who ordered a change
        self._room = slots
        self._active: dict[str, asyncio.Task[None]] = {}

    @property
    def room(self) -> int:
        """How many more tasks may be claimed: a few wait so that no slot stands idle."""
        return max(0, 4 * self._room - len(self._active))

    @property
    def idle(self) -> bool:
        """Whether a slot has nothing to do."""
        return len(self._active) < self._room

    @property
    def busy(self) -> bool:
        return bool(self._active)

    def active(self, id: str) -> bool:
        """Whether it is under way, or rests because it broke a moment ago."""
        return self.resting.rests(id) or id in self._active

    @property
    def held(self) -> dict[str, str]:
        """What waits for money or a model, and why."""
        return self.resting.held

    def run(self, task: str, entry: Entry) -> None:
        self._start(task, lambda: self._task(task, entry), self._slots)

    def perform(self, card: Card) -> None:
        self._start(card.id, lambda: self._in_turn(card), self._deeds)

    async def _in_turn(self, card: Card) -> None:
        """What one task was told yes to is done in that order, one after the other."""
        turn = self._turns.setdefault(card.task, asyncio.Lock())
        async with turn:
            await self.performer.perform(card)

    def redraft(self, wish: Wish) -> None:
        self._start(wish.job, lambda: self.redrafting.carry_out(wish), self._orders)

    def _start(
        self, id: str, work: Callable[[], Awaitable[None]], slots: asyncio.Semaphore
    ) -> None:
        if id not in self._active:
            self.resting.begun(id)
            self._active[id] = asyncio.create_task(self._slot(id, work, slots))

    async def _slot(
        self, id: str, work: Callable[[], Awaitable[None]], slots: asyncio.Semaphore
    ) -> None:
        try:
            async with slots:
                await work()
            self.broken.pop(id, None)
            self.resting.ended(id)
        except (Changed, FileNotFoundError):
            logger.debug("a person is at the note; the next tick goes on", extra={"task": id})
        except Exception as broken:  # the loop outlives any one task
            self.broken[id] = f"{type(broken).__name__}: {broken}"
            self.resting.broke(id)
            logger.exception("a task broke", extra={"task": id})
        finally:
            del self._active[id]
            self.done()

    async def stop(self, grace_s: float) -> None:
        """Waits for what is under way; what does not end in time is found again at start."""
        if self._active:
            await asyncio.wait(list(self._active.values()), timeout=grace_s)
        left = list(self._active.values())
        for one in left:
            one.cancel()
        if left:
            await asyncio.wait(left, timeout=LET_GO_S)

    # -- one task

    async def _task(self, task: str, entry: Entry) -> None:
        """Runs a task until it is parked or closed."""
        await self.toolbox.catalogue()
        path, step = await self.desk.do(self._begin, task, entry)
        while True:
            match step:
                case RunTool():
                    await self.lookups.run(step)
                case Perform(card):
                    await self._perform(card)
                    if await self.desk.do(self._still_open, card):
                        return  # a clean failure: it is due again later, by the tick
                case AskModel():
                    heard = await self._think(task, path, step)
                    if heard is None:
                        return  # no money or no answer: the tick comes back to it
                    step = heard
                    continue
                case Park():
                    await self.desk.do(self._park, task, path)
                    return
                case Close(run):
                    await self.desk.do(self.closer.close, run, path)
                    return
            step = await self._step(task, path)

    # -- thinking

    async def _think(self, task: str, path: Path, step: AskModel) -> Next | None:
        """What follows from the model's answer; None when the task must wait for one."""
        if await self.desk.do(self.stopped):
            self.resting.stopped(task)
            return None  # nothing leaves the house, a thought neither
        try:
            said = await self.thinker.think(step)
        except Capped as full:
            if full.which == "task":
                return await self.desk.do(self._ask_for_money, task, path, str(full))
            if full.which == "busy":
                self.resting.money_is_held(task)
            else:
                self.resting.no_money(task, str(full), await self.desk.do(self._no_money, full))
            return None
        except TooLong as long:
            return await self.desk.do(self._give_up, task, path, f"It grew too long: {long}")
        except ModelError as failed:
            self.resting.no_answer(task, str(failed), failed.retry_after_s or 0.0)
            return None
        self.resting.answered(task)
        failpoint.hit("turn.heard")
        return await self.desk.do(self._heard, task, path, step.briefed.run, said)

    def _no_money(self, full: Capped) -> Caps:
        """Leaves word that work waits for money; returns the caps by which it waits."""
        self.office.budget.tell(full, self.clock())
        return self.office.budget.caps

    def _case(self, task: str, path: Path) -> Case:
        raw = self.office.cupboard.reader.read(path, TASK_MOST_BYTES)
        note = parse(raw, max_bytes=TASK_MOST_BYTES)
        return Case(self.office, task, note, path.name, self.clock())

    def _next(self, task: str, path: Path) -> Next:
        return next_step(self._case(task, path))

    def _heard(self, task: str, path: Path, run: Run, said: Said) -> Next:
        """Records what was said, even where the note has gone meanwhile: it is paid for."""
        turn = (said.n, said.reply, said.words, said.reservation)
        try:
            case = self._case(task, path)
        except (OSError, NoteError):
            self.office.turns.heard(run, *turn, self.clock())
            raise
        if case.run.n != run.n:  # the owner took the task back and gave it again
            self.office.turns.heard(run, *turn, self.clock())
            return next_step(case)
        return ByModel(case).heard(*turn)

    def _ask_for_money(self, task: str, path: Path, why: str) -> Next:
        return ByModel(self._case(task, path)).ask_for_money(why)

    def _give_up(self, task: str, path: Path, why: str) -> Next:
        return self._case(task, path).end("failed", why)

    # -- effects

    async def _perform(self, card: Card) -> None:
        """Carries it out in the task's own slot; the tick that sees it due leaves it alone."""
        if (ours := asyncio.current_task()) is None or self.active(card.id):
            return
        self._active[card.id] = ours
        try:
            await self.performer.perform(card)
        finally:
            del self._active[card.id]

    async def _step(self, task: str, path: Path) -> Next:
        await self.toolbox.catalogue()
        return await self.desk.do(self._next, task, path)

    def _still_open(self, card: Card) -> bool:
        return not self.office.register.card(card.id).over

    def _begin(self, task: str, entry: Entry) -> tuple[Path, Next]:
        path = self._at_work(task, entry)
        return path, self._next(task, path)

    def _at_work(self, task: str, entry: Entry) -> Path:
        """A task that waited goes back into its instance's own folder."""
        target = self.vault.folder(State.IN_PROGRESS) / entry.name
        if entry.path != target:
            return self.vault.move_beside(entry.path, target, task[2:6], durable=False)
        return target

    def _park(self, task: str, path: Path) -> None:
        target = self.vault.folder(State.WAITING) / path.name
        self.vault.move_beside(path, target, task[2:6])
        failpoint.hit("task.waiting")
