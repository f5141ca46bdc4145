"""The caps at each moment: the handbook's, and the settings' where they are written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.gate.rules import Policy
from factotum.ledger import Ledger
from factotum.settings import load
from factotum.worker.budget import Budget, Capped
from factotum.worker.caps import Caps, CapsNow, caps_of
from tests.worker.test_budget import CAPS, DAY_S, NOON, reserve, utc


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


@pytest.mark.parametrize(
    ("written", "handbook", "day"),
    [
        ({}, {}, 1.0),
        ({}, {"day": 0.2}, 0.2),
        ({}, {"day": 5.0}, 5.0),  # only a default stands against it
        ({"FACTOTUM_BUDGET_DAY_USD": "3"}, {}, 3.0),
        ({"FACTOTUM_BUDGET_DAY_USD": "3"}, {"day": 0.2}, 0.2),
        ({"FACTOTUM_BUDGET_DAY_USD": "3"}, {"day": 5.0}, 3.0),
        ({"FACTOTUM_BUDGET_DAY_USD": "0"}, {"day": 5.0}, 0.0),
        ({"FACTOTUM_BUDGET_MONTH_USD": "3"}, {"day": 5.0}, 5.0),
    ],
)
def test_the_lower_counts_where_a_setting_is_written(
    written: dict[str, str], handbook: dict[str, float], day: float
) -> None:
    caps = caps_of(load(written, []), lambda: Policy(budgets=handbook))()
    assert caps.day_usd == day
    assert (caps.whose("day") == "budget in Company_Handbook.md") == (day in handbook.values())
    assert caps.whose("outside") == "FACTOTUM_BUDGET_OUTSIDE_SHARE"


def test_what_the_handbook_said_last_goes_on_while_it_cannot_be_read() -> None:
    said = [Policy(budgets={"day": 0.1})]
    now = CapsNow(Caps(), policy=lambda: said[-1])
    assert now().day_usd == 0.1
    said.append(Policy(broken="line 3"))
    assert now().day_usd == 0.1
    said.append(Policy(budgets={"day": 0.4}))
    assert now().day_usd == 0.4
    assert CapsNow(Caps(), policy=lambda: Policy(broken="x"))() == Caps()


def test_a_cap_that_was_changed_counts_at_once(ledger: Ledger) -> None:
    said = [Policy(budgets={"day": 0.1})]
    budget = Budget(ledger, CapsNow(CAPS, policy=lambda: said[-1]), utc)
    with pytest.raises(Capped, match=r"0.10 USD for today \(budget in Company_Handbook.md\)"):
        reserve(budget, 0.2)
    said.append(Policy(budgets={"day": 0.5}))
    reserve(budget, 0.2)


def test_one_call_may_cost_no_more_than_its_cap(ledger: Ledger) -> None:
    budget = Budget(ledger, Caps(call_usd=0.05), utc)
    reserve(budget, 0.05)
    with pytest.raises(Capped, match="FACTOTUM_BUDGET_CALL_USD") as refused:
        reserve(budget, 0.051)
    assert refused.value.which == "call"


def notices(ledger: Ledger) -> list[str]:
    return [row["key"] for row in ledger.db.execute("SELECT key FROM notice ORDER BY seq")]


def full(budget: Budget, now: float = NOON) -> Capped:
    with pytest.raises(Capped) as refused:
        reserve(budget, 0.2, now=now)
    return refused.value


def test_of_one_cap_a_person_is_told_once_a_day(ledger: Ledger) -> None:
    said = [0.1]
    budget = Budget(ledger, lambda: Caps(day_usd=said[-1], month_usd=3.0), utc)
    assert budget.tell(full(budget), NOON)
    assert not budget.tell(full(budget, NOON + 60), NOON + 60)
    assert not Budget(ledger, Caps(day_usd=0.1), utc).tell(full(budget), NOON + 60)  # a restart
    assert budget.tell(full(budget, NOON + DAY_S), NOON + DAY_S)
    said.append(0.15)  # raised, and reached again
    assert budget.tell(full(budget), NOON)
    assert notices(ledger) == [
        "budget-day-2026-11-29-0.1",
        "budget-day-2026-11-30-0.1",
        "budget-day-2026-11-29-0.15",
    ]
    assert [event.kind for event in ledger.events()].count("no_money") == 3


def test_of_the_month_a_person_is_told_once_a_month(ledger: Ledger) -> None:
    budget = Budget(ledger, Caps(day_usd=9.0, month_usd=0.1), utc)
    assert budget.tell(full(budget), NOON)
    assert not budget.tell(full(budget, NOON + DAY_S), NOON + DAY_S)
    assert notices(ledger) == ["budget-month-2026-11-0.1"]
