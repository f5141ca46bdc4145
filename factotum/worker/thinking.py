"""Asking a model for one turn: the money is set aside before, the answer comes whole.

Whatever goes wrong here leaves the task where it is: it is asked again later, by the tick.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from factotum import log
from factotum.agent.talk import Reply, Request
from factotum.models import Models, TooLong
from factotum.worker.budget import Budget, Capped
from factotum.worker.desk import Desk
from factotum.worker.steps import AskModel, Mind

logger = log.get("factotum.thinking")

#: How often a request is made shorter before the task is given up.
SHORTER_MOST = 4


@dataclass(frozen=True)
class Said:
    """A turn that was paid for, not recorded yet. `words` is what left the house for it."""

    n: int
    reply: Reply
    words: int
    reservation: int


@dataclass(frozen=True)
class Account:
    """Whose money a call spends: `root` is the task that pays, at most `allowance_usd` in all;
    `task` and `run` for which it is spent; `outside` whether somebody else's words caused it."""

    root: str
    task: str
    run: int
    outside: bool
    allowance_usd: float


@dataclass
class Purse:
    """The money of one task, as the models see it."""

    desk: Desk
    budget: Budget
    account: Account
    clock: Callable[[], float]

    async def reserve(self, model: str, most_usd: float) -> int:
        """Raises Capped. Cancelled in the middle, it leaves nothing set aside."""
        asked = asyncio.ensure_future(self._reserve(model, most_usd))
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            with contextlib.suppress(Capped):
                await self.release(await asked, 0.0)
            raise

    async def _reserve(self, model: str, most_usd: float) -> int:
        account = self.account
        return await self.desk.do(
            self.budget.reserve,
            account.root,
            account.task,
            account.run,
            model,
            most_usd,
            self.clock(),
            outside=account.outside,
            allowance_usd=account.allowance_usd,
        )

    async def release(self, n: int, cost_usd: float | None) -> None:
        await self.desk.do(self.budget.settle, n, cost_usd)


@dataclass
class Thinker:
    desk: Desk
    budget: Budget
    mind: Mind
    models: Models
    clock: Callable[[], float]

    async def think(self, step: AskModel) -> Said:
        """Has the model say its turn. Raises ModelError, or Capped when there is no money."""
        chain = self.models.for_agent(step.briefed.agent.model)
        if chain.said:
            logger.warning("not its own model", extra={"task": step.root, "reason": chain.said})
        run = step.briefed.run
        account = Account(step.root, run.task, run.n, step.outside, step.allowance_usd)
        purse = Purse(self.desk, self.budget, account, self.clock)
        shorter = 0
        while True:
            briefed = replace(step.briefed, shorter=shorter)
            request = await self.desk.do(self.mind.request, briefed, chain)
            try:
                reply, reservation = await chain.chat(request, purse)
            except (TooLong, Capped) as much:
                shorter += 1  # which also makes it cheaper
                dear = isinstance(much, Capped) and much.which != "call"
                if shorter > SHORTER_MOST or dear:
                    raise
                continue
            return Said(step.n, reply, words(request), reservation)


def words(request: Request) -> int:
    """How many words of text the request holds; pictures are not counted."""
    return sum(len(text.split()) for one in request.messages for text in _texts(one))


def _texts(message: Mapping[str, Any]) -> list[str]:
    content = message.get("content") or ""
    parts = content if isinstance(content, list) else [{"text": content}]
    texts = [str(part.get("text") or "") for part in parts]
    calls = message.get("tool_calls") or ()
    return texts + [str(call["function"]["arguments"]) for call in calls]
