"""The worker's slots: a few tasks and effects at once, each of them once.

Given what the tick found (tasks to run, effects that are due), it runs each that is not
running already. It keeps no state that matters: after a restart the tick finds the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from factotum import log
from factotum.agent.turn import Became
from factotum.gate.register import Card
from factotum.model import State
from factotum.note import parse
from factotum.scan import TASK_MOST_BYTES, Entry
from factotum.toolbox import Toolbox, ToolboxError
from factotum.vault import Changed, Vault
from factotum.worker import local
from factotum.worker.case import Case, Close, Next, Office, Park, Perform, RunTool
from factotum.worker.close import Closer
from factotum.worker.desk import Desk
from factotum.worker.perform import Performer

logger = log.get("factotum.worker")

#: How long a task or an effect that broke is left alone before it is tried again, in seconds.
REST_S = 60.0


class Worker:
    def __init__(
        self,
        desk: Desk,
        office: Office,
        vault: Vault,
        closer: Closer,
        toolbox: Toolbox,
        performer: Performer,
        clock: Callable[[], float],
        slots: int,
        done: Callable[[], None],
    ) -> None:
        """`done` is called whenever a task or an effect came to rest: time for a tick."""
        self.desk = desk
        self.office = office
        self.vault = vault
        self.closer = closer
        self.toolbox = toolbox
        self.performer = performer
        self.clock = clock
        self.done = done
        self.broken: dict[str, str] = {}
        self._slots = asyncio.Semaphore(slots)
        self._room = slots
        self._active: dict[str, asyncio.Task[None]] = {}
        self._rests: dict[str, float] = {}

    @property
    def room(self) -> int:
        """How many more tasks may be claimed: a few wait so that no slot stands idle."""
        return max(0, 4 * self._room - len(self._active))

    @property
    def busy(self) -> bool:
        return bool(self._active)

    def active(self, id: str) -> bool:
        """Whether it is under way, or rests because it broke a moment ago."""
        return id in self._active or self.clock() < self._rests.get(id, 0.0)

    def run(self, task: str, entry: Entry) -> None:
        self._start(task, lambda: self._task(task, entry))

    def perform(self, card: Card) -> None:
        self._start(card.id, lambda: self.performer.perform(card))

    def _start(self, id: str, work: Callable[[], Awaitable[None]]) -> None:
        if id not in self._active:
            self._active[id] = asyncio.create_task(self._slot(id, work))

    async def _slot(self, id: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            async with self._slots:
                await work()
            self.broken.pop(id, None)
            self._rests.pop(id, None)
        except (Changed, FileNotFoundError):
            logger.debug("a person is at the note; the next tick goes on", extra={"task": id})
        except Exception as broken:  # the loop outlives any one task
            self.broken[id] = f"{type(broken).__name__}: {broken}"
            self._rests[id] = self.clock() + REST_S
            logger.exception("a task broke", extra={"task": id})
        finally:
            del self._active[id]
            self.done()

    async def stop(self, grace_s: float) -> None:
        """Waits for what is under way; what does not end in time is found again at start."""
        if self._active:
            await asyncio.wait(list(self._active.values()), timeout=grace_s)
        for one in list(self._active.values()):
            one.cancel()

    # -- one task

    async def _task(self, task: str, entry: Entry) -> None:
        """Runs a task until it is parked or closed."""
        path = await self.desk.do(self._at_work, task, entry)
        while True:
            step = await self._step(task, path)
            match step:
                case RunTool():
                    await self._read(step)
                case Perform(card):
                    await self._perform(card)
                    if await self.desk.do(self._still_open, card):
                        return  # a clean failure: it is due again later, by the tick
                case Park():
                    await self.desk.do(self._park, task, path)
                    return
                case Close(run):
                    now = self.office.zone(self.clock())
                    await self.desk.do(self.closer.close, run, path, now)
                    return

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

    def _next(self, task: str, path: Path) -> Next:
        raw = self.office.cupboard.reader.read(path, TASK_MOST_BYTES)
        note = parse(raw, max_bytes=TASK_MOST_BYTES)
        return Case(self.office, task, note, path.name, self.clock()).next()

    def _still_open(self, card: Card) -> bool:
        return not self.office.register.card(card.id).over

    def _at_work(self, task: str, entry: Entry) -> Path:
        """A task that waited goes back into its instance's own folder."""
        target = self.vault.folder(State.IN_PROGRESS) / entry.name
        if entry.path != target:
            return self.vault.move_beside(entry.path, target, task[2:6], durable=False)
        return target

    def _park(self, task: str, path: Path) -> None:
        from factotum import failpoint

        target = self.vault.folder(State.WAITING) / path.name
        self.vault.move_beside(path, target, task[2:6])
        failpoint.hit("task.waiting")

    async def _read(self, step: RunTool) -> None:
        """Runs a reading tool; what it cannot do is a failed step, not a broken task."""
        tool, args = step.call.tool, step.call.args
        try:
            answer = await self.toolbox.call(tool, args)
            became, data = Became.GOOD, {"read": tool, "text": answer.text[:2000]}
        except ToolboxError as failed:
            became, data = Became.FAILED, {"why": str(failed)}
        runs = self.office.runs
        await self.desk.do(runs.record, step.run, step.idx, became, data, self.clock())


def checker(toolbox: Toolbox) -> Callable[..., list[str]]:
    """One check for local tools and for those of a server."""
    return lambda call: local.check(call) if local.is_local(call.tool) else toolbox.check(call)
