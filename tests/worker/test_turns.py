"""What a model said is read from the ledger once, and only what is surely there is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.agent.talk import Reply, Wanted
from factotum.gate.register import Register
from factotum.ledger import Ledger, TaskRow
from factotum.model import Trust
from factotum.worker.budget import Budget
from factotum.worker.caps import Caps
from factotum.worker.runs import Run, Runs
from factotum.worker.turns import RUNS_KEPT, Turns

NOW = 1_795_000_000.0


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


def turns_of(ledger: Ledger) -> Turns:
    budget = Budget(ledger, Caps(), lambda at: datetime.fromtimestamp(at, UTC))
    return Turns(ledger, Runs(ledger, Register(ledger), Path()), budget)


def run_of(ledger: Ledger, task: str = "t-a") -> Run:
    ledger.add_task(
        TaskRow(task, f"{task}.md", "note", "A task", Trust.OWNER, "", "", "", b"", {}, NOW, None)
    )
    return Runs(ledger, Register(ledger), Path()).current(task, NOW)


def hear(turns: Turns, run: Run, n: int, text: str) -> None:
    held = turns.budget.reserve(
        run.task, run.task, run.n, "x", 0.0, NOW, outside=False, allowance_usd=1.0
    )
    turns.heard(run, n, Reply(text, (Wanted("a", "recall", {"query": text}),)), 1, held, NOW)


def said(turns: Turns, run: Run) -> list[str]:
    return [turn.reply.text for turn in turns.of(run, 16)]


def test_a_turn_is_read_once(ledger: Ledger) -> None:
    turns, run = turns_of(ledger), run_of(ledger)
    hear(turns, run, 1, "one")
    first = turns.of(run, 16)
    hear(turns, run, 2, "two")
    assert said(turns, run) == ["one", "two"]
    assert turns.of(run, 16)[0].reply is first[0].reply
    assert said(turns_of(ledger), run) == ["one", "two"]  # as after a restart


def test_a_turn_that_was_taken_back_was_never_said(ledger: Ledger) -> None:
    turns, run = turns_of(ledger), run_of(ledger)
    hear(turns, run, 1, "one")
    with pytest.raises(RuntimeError), ledger.tx():
        hear(turns, run, 2, "lost")
        assert said(turns, run) == ["one", "lost"]
        raise RuntimeError
    assert said(turns, run) == ["one"]
    hear(turns, run, 2, "two")
    assert said(turns, run) == ["one", "two"]


def test_only_the_last_runs_are_kept_in_memory(ledger: Ledger) -> None:
    turns = turns_of(ledger)
    runs = [run_of(ledger, f"t-{n}") for n in range(RUNS_KEPT + 5)]
    for run in runs:
        hear(turns, run, 1, run.task)
        assert said(turns, run) == [run.task]
    assert len(turns._told) == RUNS_KEPT
    assert [said(turns, run) for run in runs] == [[run.task] for run in runs]
