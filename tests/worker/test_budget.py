"""What thinking may cost: set aside before, settled after, and never more than the caps."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.agent.talk import Usage
from factotum.ledger import Ledger
from factotum.worker.budget import Budget, Capped
from factotum.worker.caps import Caps
from tests.tries import tries

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()
DAY_S = 86_400.0
CAPS = Caps(day_usd=1.0, task_usd=0.25, month_usd=3.0, outside_share=0.3)


def utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


@pytest.fixture
def budget(ledger: Ledger) -> Budget:
    return Budget(ledger, CAPS, utc)


def reserve(
    budget: Budget, usd: float, *, task: str = "t-a", now: float = NOON, outside: bool = False
) -> int:
    return budget.reserve(
        task, task, 1, "openai/x", usd, now, outside=outside, allowance_usd=CAPS.task_usd
    )


def capped(budget: Budget, usd: float, **more: object) -> str:
    with pytest.raises(Capped) as refused:
        reserve(budget, usd, **more)  # type: ignore[arg-type]
    return refused.value.which


def test_what_was_reserved_counts_until_the_price_is_known(budget: Budget) -> None:
    held = reserve(budget, 0.2)
    assert budget.today_usd(NOON) == 0.2
    assert capped(budget, 0.1) == "busy"  # the call under way may give some of it back
    budget.settle(held, 0.01, Usage(1000, 50))
    assert budget.today_usd(NOON) == 0.01
    reserve(budget, 0.24)


def test_a_false_count_costs_no_more_than_was_set_aside(budget: Budget) -> None:
    said: list[dict[str, object]] = []
    logger = logging.getLogger("factotum.budget")
    handler = logging.Handler()
    handler.emit = lambda record: said.append(vars(record))  # type: ignore[method-assign]
    logger.addHandler(handler)
    try:
        assert budget.settle(reserve(budget, 0.2), 1000.0, Usage(10**9, 1)) == 0.2
        assert budget.settle(reserve(budget, 0.01), -4.0) == 0.0
    finally:
        logger.removeHandler(handler)
    assert budget.month_usd(NOON) == 0.2
    assert [(one["model"], one["told_usd"]) for one in said] == [("openai/x", 1000.0)]


def test_a_call_whose_price_nobody_knows_costs_all_that_was_set_aside(budget: Budget) -> None:
    budget.settle(reserve(budget, 0.2), None)
    assert budget.today_usd(NOON) == 0.2
    assert capped(budget, 0.1) == "task"


def test_a_call_that_a_crash_interrupted_costs_all_that_was_set_aside(
    ledger: Ledger, budget: Budget
) -> None:
    reserve(budget, 0.2)
    again = Budget(ledger, CAPS, utc)
    again.recover()
    assert capped(again, 0.1) == "task"
    assert again.task_usd("t-a", 1) == 0.2


def test_the_caps_of_day_and_month(budget: Budget) -> None:
    for days_ago in (2, 1, 0):
        for n in range(4):
            now = NOON - days_ago * DAY_S
            budget.settle(reserve(budget, 0.25, task=f"t-{days_ago}{n}", now=now), 0.25)
    assert capped(budget, 0.01, task="t-x") == "day"
    assert budget.month_usd(NOON) == 3.0
    assert capped(budget, 0.01, task="t-y", now=NOON + DAY_S) == "month"


def test_strangers_may_take_a_part_of_a_day_only(budget: Budget) -> None:
    budget.settle(reserve(budget, 0.2, outside=True), 0.2)
    assert capped(budget, 0.2, task="t-b", outside=True) == "outside"
    reserve(budget, 0.2, task="t-b")


def test_what_costs_nothing_is_never_capped(budget: Budget) -> None:
    budget.settle(reserve(budget, 0.25), 0.25)
    for n in range(50):
        reserve(budget, 0.0, task="t-a" if n % 2 else f"t-{n}")


def test_a_new_day_has_new_money(budget: Budget) -> None:
    for n in range(4):
        budget.settle(reserve(budget, 0.25, task=f"t-{n}"), 0.25)
    reserve(budget, 0.25, task="t-9", now=NOON + DAY_S)


@settings(max_examples=tries(60), deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 0.4),
            st.sampled_from([None, 0.0, 0.5, 1.0]),
            st.integers(0, 5),
            st.booleans(),
        ),
        max_size=25,
    )
)
def test_no_order_of_calls_spends_more_than_the_caps(
    tmp_path_factory: pytest.TempPathFactory,
    calls: list[tuple[float, float | None, int, bool]],
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("money") / "ledger.db")
    budget = Budget(ledger, CAPS, utc)
    spent: dict[str, float] = {}
    outside_usd = 0.0
    for most, part, task, outside in calls:
        name = f"t-{task}"
        try:
            held = reserve(budget, most, task=name, outside=outside)
        except Capped:
            continue
        cost = most if part is None else most * part
        budget.settle(held, None if part is None else cost)
        spent[name] = spent.get(name, 0.0) + cost
        outside_usd += cost if outside else 0.0
    assert all(usd <= CAPS.task_usd + 1e-4 for usd in spent.values())
    assert sum(spent.values()) <= CAPS.day_usd + 1e-4
    assert outside_usd <= CAPS.day_usd * CAPS.outside_share + 1e-4
    ledger.close()
