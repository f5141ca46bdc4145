"""What models have cost, as a line and a small plot that says what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.ledger import Ledger, TaskRow
from factotum.model import Trust
from factotum.views import costs
from factotum.views.costs import BARS
from factotum.worker.budget import Budget
from factotum.worker.caps import Caps

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()
DAY_S = 86_400.0


def utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


@pytest.fixture
def budget(ledger: Ledger) -> Budget:
    return Budget(ledger, Caps(day_usd=100.0, month_usd=200.0), utc)


def spend(budget: Budget, usd: float, at: float = NOON, task: str = "t-a", root: str = "") -> None:
    seq = budget.reserve(root or task, task, 1, "m", usd, at, outside=False, allowance_usd=100.0)
    budget.settle(seq, usd)


def test_without_costs_there_is_nothing_to_show(budget: Budget) -> None:
    told = budget.spent(NOON)
    assert told["days"] == told["tasks"] == []
    assert costs.line(told) == "" and costs.rows(told) == [] and costs.text(told) == []


def test_the_plot_ends_with_the_last_day_that_cost_anything(budget: Budget) -> None:
    spend(budget, 0.4, NOON - 30 * DAY_S)  # too long ago
    spend(budget, 0.1, NOON - 13 * DAY_S)
    spend(budget, 0.8, NOON - DAY_S)
    spend(budget, 0.0001, NOON - 2 * DAY_S)
    told = budget.spent(NOON + 3 * DAY_S)
    days = told["days"]
    assert [days[0]["day"], days[-1]["day"], len(days)] == ["2026-11-15", "2026-11-28", 14]
    bars = costs.plot(days)
    assert bars[-1] == BARS[-1] and bars[-2] == BARS[1]  # a little is not nothing
    assert bars[1] == BARS[1] and set(bars[2:-2]) == {BARS[0]}
    later = budget.spent(NOON + 9 * DAY_S)
    assert costs.rows(later) == costs.rows(told)  # nothing is written while nothing is spent


def test_a_handed_on_task_counts_for_the_one_above(budget: Budget, ledger: Ledger) -> None:
    row = TaskRow("t-a", "ask-ada.md", "note", "Ask Ada", Trust.OWNER, "", "", "", b"", {}, 1, None)
    ledger.add_task(row)
    spend(budget, 0.2)
    spend(budget, 0.3, task="t-child", root="t-a")
    spend(budget, 0.1, task="t-b")
    spend(budget, 9.0, NOON - DAY_S, task="t-old")
    told = budget.spent(NOON)["tasks"]
    assert [(one["title"], one["usd"]) for one in told] == [("Ask Ada", 0.5), ("t-b", 0.1)]
    assert costs.rows(budget.spent(NOON))[2:] == [
        "- 0.50 USD today · Ask Ada · [[ask-ada]]",
        "- 0.10 USD today · t-b",
    ]


def test_never_more_than_the_dearest_few(budget: Budget) -> None:
    for n in range(40):
        spend(budget, 0.01 + n / 1000, task=f"t-{n:02}")
    told = budget.spent(NOON)
    assert [one["id"] for one in told["tasks"]] == [f"t-{n}" for n in range(39, 34, -1)]
    assert len(told["days"]) == 14


def test_the_line_tells_of_how_much(budget: Budget) -> None:
    spend(budget, 1.5)
    line = costs.line(budget.spent(NOON))
    assert line == "models: 1.50 of 100.00 USD today, 1.50 of 200.00 this month"


def test_a_day_is_the_owners_and_may_have_23_hours(ledger: Ledger) -> None:
    rome = ZoneInfo("Europe/Rome")
    budget = Budget(ledger, Caps(), lambda at: datetime.fromtimestamp(at, rome))
    late = datetime(2026, 3, 28, 23, 59, tzinfo=rome).timestamp()
    spend(budget, 0.1, late)
    spend(budget, 0.2, late + 120)  # the day on which the clock is put forward
    spend(budget, 0.05, late + 24 * 3600)
    told = budget.spent(late + 24 * 3600)
    assert [day["usd"] for day in told["days"][-3:]] == [0.1, 0.2, 0.05]


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=14))
def test_each_day_has_one_bar(usds: list[float]) -> None:
    days: list[dict[str, Any]] = [{"day": "2026-11-29", "usd": usd} for usd in usds]
    bars = costs.plot(days)
    assert len(bars) in {0, len(usds)} and set(bars) <= set(BARS)
    for usd, bar in zip(usds, bars, strict=False):
        assert (bar == BARS[0]) == (usd == 0)
