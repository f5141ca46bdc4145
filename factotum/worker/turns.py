"""The turns of a run in the ledger: what the model said, once, however often we restart.

The reply and what it cost are one transaction, so that nothing that was paid for is lost
and nothing is paid for twice.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factotum.agent.loop import Turn
from factotum.agent.talk import Reply, Usage, Wanted
from factotum.ledger import Ledger, dumps
from factotum.worker.budget import Budget
from factotum.worker.runs import Run, Runs

#: Calls of the model's turn n are numbered from FIRST + n * STRIDE. Below are the calls of
#: playbooks and their questions.
FIRST, STRIDE = 10_000, 100
#: Places in a turn for what the loop itself asks, above those of calls: about money (a new
#: place each time), about running in circles.
MONEY, CIRCLES = range(70, 99), 99

#: Of how many runs the turns are kept in memory: of as many as are worked on at once, or so.
RUNS_KEPT = 8


def base(n: int) -> int:
    return FIRST + n * STRIDE


@dataclass(frozen=True)
class Thought:
    """What a run's thinking came to: calls of the model, words sent, models, USD."""

    calls: int
    words: int
    models: Mapping[str, int]


class Turns:
    def __init__(self, ledger: Ledger, runs: Runs, budget: Budget) -> None:
        self.ledger = ledger
        self.runs = runs
        self.budget = budget
        #: The replies of the runs that were looked at last: they are asked for at every step.
        self._told: OrderedDict[tuple[str, int], list[tuple[int, Reply]]] = OrderedDict()

    def heard(
        self, run: Run, n: int, reply: Reply, words: int, reservation: int, now: float
    ) -> None:
        """Records turn `n` and settles its price. A turn that is known already stays. Below 0 are
        answers beside the run: they count, and it does not go on from them."""
        with self.ledger.tx() as db:
            fresh = db.execute(
                "INSERT OR IGNORE INTO turn VALUES (?, ?, ?, ?, ?, ?, ?)",
                (run.task, run.n, n, dumps(_plain(reply)), reply.model, words, now),
            )
            booked_usd = self.budget.settle(reservation, reply.cost_usd, reply.usage)
            if fresh.rowcount:
                self.ledger.event(
                    "thought",
                    now,
                    task=run.task,
                    run=run.n,
                    turn=n,
                    model=reply.model,
                    words=words,
                    sent=reply.usage.sent,
                    answered=reply.usage.answered,
                    cost_usd=f"{booked_usd:.6f}",
                )

    def of(self, run: Run, calls_most: int) -> list[Turn]:
        """The turns so far, with what became of their calls and what the owner said."""
        became = self.runs.became(run)
        words = self._words(run)
        turns = []
        for n, reply in self._replies(run):
            first = base(n)
            made = {i: became[first + i] for i in range(calls_most) if first + i in became}
            word = words.get(first + CIRCLES)
            turns.append(Turn(n, reply, made, word))
        return turns

    def _replies(self, run: Run) -> list[tuple[int, Reply]]:
        """Each turn of the run and what the model said in it. A turn never changes once it is
        committed, so it is read but once; what may still be rolled back is not kept."""
        db, key = self.ledger.db, (run.task, run.n)
        known = self._told.get(key, [])
        rows = db.execute(
            "SELECT n, reply FROM turn WHERE task = ? AND run = ? AND n > ? ORDER BY n",
            (*key, known[-1][0] if known else -1),
        )
        replies = known + [(row["n"], _reply(json.loads(row["reply"]))) for row in rows]
        if not db.in_transaction:
            self._told[key] = replies
            self._told.move_to_end(key)
            if len(self._told) > RUNS_KEPT:
                self._told.popitem(last=False)
        return replies

    def _words(self, run: Run) -> dict[int, str]:
        """What the owner answered to the loop's own questions, by their number."""
        words: dict[int, str] = {}
        for idx, card in self.runs.cards(run).items():
            if idx >= FIRST and idx % STRIDE >= MONEY.start:
                said = card.decision.why.strip() if card.decision else ""
                no = card.status in {"rejected", "withdrawn", "cancelled"}
                words[idx] = "stop" if no else (said or "go on") if card.over else ""
        return words

    def money_words(self, run: Run) -> list[str]:
        """What the owner said each time the money for the task had run out."""
        return [word for idx, word in self._words(run).items() if idx % STRIDE in MONEY]

    def thought(self, run: Run) -> Thought:
        rows: Sequence[Any] = self.ledger.db.execute(
            "SELECT model, count(*) AS calls, sum(words) AS words FROM turn"
            " WHERE task = ? AND run = ? GROUP BY model ORDER BY model",
            (run.task, run.n),
        ).fetchall()
        return Thought(
            sum(row["calls"] for row in rows),
            sum(row["words"] for row in rows),
            {row["model"]: row["words"] for row in rows},
        )


def _plain(reply: Reply) -> dict[str, Any]:
    calls = [{**vars(call), "args": dict(call.args)} for call in reply.calls]
    return {"text": reply.text, "calls": calls, "finish": reply.finish, "usage": vars(reply.usage)}


def _reply(plain: Mapping[str, Any]) -> Reply:
    return Reply(
        plain["text"],
        tuple(Wanted(**call) for call in plain["calls"]),
        plain["finish"],
        Usage(**plain["usage"]),
    )
