"""Carrying out one approved effect: begin, perform from the seal, end; the same after a crash.

`begin` commits before the first byte can leave; whatever happens after it, `end` or the
next start's `reconcile` finds out what is known, and never does it twice on a guess.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from factotum import failpoint, log
from factotum.agent.turn import Became
from factotum.blobs import BlobError, Blobs
from factotum.gate import effect
from factotum.gate.effect import Again
from factotum.gate.policy import forbidden
from factotum.gate.register import (
    ATTEMPTS_MOST,
    Card,
    GateError,
    NotOpen,
    Proposal,
    Register,
)
from factotum.gate.rows import row_of
from factotum.gate.rules import House
from factotum.inert import inert, one_line
from factotum.model import Call, Effect, FailedClean, Lost, Outcome, Succeeded, Trust
from factotum.phase import read_phase
from factotum.toolbox import Read, Toolbox, ToolboxError
from factotum.worker import messaging
from factotum.worker.desk import Desk
from factotum.worker.local import is_local
from factotum.worker.lookups import Lookups
from factotum.worker.mark import Mark
from factotum.worker.messaging import Messenger
from factotum.worker.notebook import Notebook
from factotum.worker.steps import RunTool

logger = log.get("factotum.perform")

#: How the tools begin whose letters go out from the address that was sealed.
MAIL = "mail__"
ADDRESS_CHARS = 100


@dataclass
class Performer:
    desk: Desk
    register: Register
    notebook: Notebook
    blobs: Blobs
    toolbox: Toolbox
    phases: Path
    domain: str
    mark: Mark
    clock: Callable[[], float]
    stopped: Callable[[], str]
    lookups: Lookups
    house: Callable[[float], House]
    me: str
    messenger: Messenger

    async def perform(self, card: Card) -> None:
        """Brings one approved card to an outcome, or leaves it to be tried later."""
        card = await self.desk.do(self.register.card, card.id)
        if card.status != "approved":
            return  # it came to an end, or a person stopped it, since the tick saw it
        last = await self.desk.do(self.register.last_try, card)
        if last is not None and last[2] is None:
            await self._reconcile(card, last[0])
            return
        if last is not None and self.clock() < effect.next_try_at(last[0], last[1]):
            return
        await self._attempt(card)

    async def _attempt(self, card: Card) -> None:
        if reason := await self.desk.do(self.stopped):
            logger.info("held", extra={"card": card.id, "reason": reason})
            return
        if not (await self._same_account(card) and await self._same_tool(card)):
            return
        key = await self.desk.do(self._key, card)
        try:
            n = await self.desk.do(self._begin, card, key)
        except NotOpen as refused:
            logger.warning("not begun", extra={"card": card.id, "reason": str(refused)})
            return
        except GateError as refused:
            restored = await self.desk.do(self._restored, card)
            what = Lost(str(refused)) if restored else FailedClean(str(refused))
            await self.desk.do(self.register.end, card, what, self.clock())
            return
        failpoint.hit("attempt.begun")
        await self.desk.do(self.mark.write)
        outcome = await self._act(card, key, n)
        failpoint.hit("effect.after")
        await self._end(card, n, effect.after_failure(outcome, n))

    def _begin(self, card: Card, key: str) -> int:
        """On the desk: it is looked once more whether everything is stopped, at the last moment,
        and whether a rule that was written since the yes forbids it."""
        if reason := self.stopped():
            raise NotOpen(f"{card.name}: {reason}")
        if rule := self._forbidden(card):
            raise GateError(f"{card.name}: a rule forbids it now ({rule})")
        if card.decision is not None and card.decision.channel == "rule":
            # What a rule allowed runs while its task's note lies where it was claimed to: a
            # claim that a power cut took back would have it all done again.
            self.mark.vault.hold_claims()
        return self.register.begin(card, key, self.clock())

    def _forbidden(self, card: Card) -> str:
        row = self.register.ledger.task(card.task)
        if row is None:
            return ""
        task = replace(row.task(), trust=card.seal.trust)
        call = Call(card.seal.tool, card.seal.args)
        return forbidden(call, task, self.house(self.clock()))

    def _key(self, card: Card) -> str:
        """On the desk: the key of the first try, for all of them; settings may have changed
        since, and what was begun must be found again."""
        return self.register.key(card) or effect.key(card, self.domain)

    async def _same_account(self, card: Card) -> bool:
        """Whether a letter still goes out from the address for which a person said yes."""
        if not card.seal.tool.startswith(MAIL) or card.seal.account == self.me:
            return True
        new, old = (inert(one_line(one, ADDRESS_CHARS)) for one in (self.me, card.seal.account))
        remark = f"It would now go out from {new}, and no longer from {old}. Please look once more."
        await self._ask_anew(card, remark, replace(card.proposal(), account=self.me))
        return False

    async def _same_tool(self, card: Card) -> bool:
        """Whether the tool is still the one that was shown; if not, the person is asked anew."""
        if is_local(card.seal.tool) or not card.seal.pin:
            return True
        await self.toolbox.catalogue()
        pin = self.toolbox.pin(card.seal.tool)
        if pin in ("", card.seal.pin):
            return True  # not offered any more: the attempt says so
        remark = "The tool that does this has changed since. Please look once more."
        await self._ask_anew(card, remark, replace(card.proposal(), pin=pin))
        return False

    async def _ask_anew(self, card: Card, remark: str, changed: Proposal) -> None:
        try:
            await self.desk.do(self.register.reseal, card, self.clock(), remark, changed)
        except GateError as refused:
            logger.warning("not sealed anew", extra={"card": card.id, "reason": str(refused)})

    def _restored(self, card: Card) -> bool:
        """Whether it was sealed by a ledger that was put back since: what it did is not known."""
        return card.seal.epoch != self.register.ledger.epoch

    async def _act(self, card: Card, key: str, n: int) -> Outcome:
        failpoint.hit("effect.before")
        if not row_of(card.seal.tool).changes:
            return await self._read(card)
        if card.seal.tool == messaging.TOOL:
            return await self.desk.do(self.messenger.perform, card, key)
        if is_local(card.seal.tool):
            task = str(card.seal.about.get("note", card.task))
            return await self.desk.do(self.notebook.perform, card, task)
        try:
            data = effect.run_data(card, key, self.phases, n, self.blobs)
        except BlobError as gone:
            return FailedClean(str(gone))
        return await self.toolbox.call(card.seal.tool, card.seal.args, data)

    async def _read(self, card: Card) -> Outcome:
        """Reads what a yes or a rule let be read; what it said becomes a step of the run."""
        run = await self.desk.do(self.lookups.runs.run, card.task, card.run)
        assert run is not None, f"{card.id} belongs to no run"
        linked = tuple(map(str, card.seal.about.get("linked", ())))
        step = RunTool(run, card.idx, Call(card.seal.tool, card.seal.args), linked)
        await self.lookups.run(step)
        became, data = await self.desk.do(self.lookups.said, step)
        if became is Became.GOOD:
            return Succeeded({"read": card.seal.tool, "words": len(str(data["text"]).split())})
        return FailedClean(str(data.get("why", "")))

    async def _reconcile(self, card: Card, n: int) -> None:
        """A try was begun and no outcome recorded: find out what is known of it."""
        row = row_of(card.seal.tool)
        phase: Outcome | None = None
        if row.phased:
            phase = read_phase(effect.phase_file(self.phases, card, n)).outcome
        found, asked = None, False
        if card.seal.tool == messaging.TOOL:
            key = await self.desk.do(self._key, card)
            found, asked = await self.desk.do(self.messenger.found, card, key), True
        elif row.resolver and not isinstance(phase, Succeeded | FailedClean):
            found, asked = await self._look_up(card, row.resolver)
        what = effect.after_crash(card.seal.effect, phase, found, asked)
        logger.info("reconciled", extra={"card": card.id, "reason": type(what).__name__})
        await self._end(card, n, what)
        if isinstance(what, Again) and n < ATTEMPTS_MOST:
            await self._attempt(card)  # it was we who stopped, not the other side: no waiting

    async def _look_up(self, card: Card, resolver: str) -> tuple[dict[str, object] | None, bool]:
        """(the receipt if the effect is seen outside, whether we could ask at all)."""
        key = await self.desk.do(self._key, card)
        try:
            answer = await self.toolbox.call(resolver, {"message_id": key})
        except ToolboxError:
            return None, False
        assert isinstance(answer, Read)
        places = answer.data.get("found")
        if not places:
            return None, True
        return {"message_id": key, "evidence": f"found in {places}"}, True

    async def _end(self, card: Card, n: int, what: Again | Outcome) -> None:
        now = self.clock()
        if isinstance(what, Again):
            await self.desk.do(self.register.failed_try, card, n, what.reason, now)
            if n < ATTEMPTS_MOST:
                told = f"Try {n} of {ATTEMPTS_MOST} failed before anything left: {what.reason}."
                await self.desk.do(self.register.remark, card.id, told)
                return
            what = FailedClean(f"{what.reason} (tried {n} times)")
        elif isinstance(what, Lost) and card.seal.effect is Effect.IDEMPOTENT:
            what = FailedClean(what.last_known)
        await self.desk.do(self._record, card, what, now)
        failpoint.hit("outcome.recorded")
        logger.info("ended", extra={"card": card.id, "outcome": type(what).__name__})

    def _record(self, card: Card, what: Outcome, now: float) -> None:
        """The outcome, and the label that hearing it leaves on the task: one transaction."""
        ledger = self.register.ledger
        with ledger.tx():
            if row_of(card.seal.tool).reads_untrusted:
                ledger.lower_trust(card.task, Trust.STRANGER, now)
            self.register.end(card, what, now)
