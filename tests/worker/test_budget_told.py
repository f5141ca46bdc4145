"""What views are told of the money is added up piece by piece, and is the sum of all the same."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.ledger import Ledger
from factotum.worker.budget import Budget
from tests.tries import tries
from tests.worker.test_budget import CAPS, NOON, reserve, utc

DAY_S = 86_400.0


@settings(max_examples=tries(40))
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("reserve"), st.integers(0, 9)),
            st.tuples(st.just("settle"), st.integers(0, 9)),
            st.tuples(st.just("look"), st.integers(0, 2)),
        ),
        max_size=30,
    )
)
def test_it_is_what_a_fresh_look_adds_up(tmp_path_factory, deeds) -> None:  # type: ignore[no-untyped-def]
    folder: Path = tmp_path_factory.mktemp("told")
    ledger = Ledger(folder / "ledger.db")
    budget, now, open_ = Budget(ledger, CAPS, utc), NOON, []
    for what, n in deeds:
        match what:
            case "reserve":
                open_.append(reserve(budget, n / 1000, now=now))
            case "settle" if open_:
                budget.settle(open_.pop(n % len(open_)), n / 2000)
            case "look":
                now += n * DAY_S / 2
                assert budget.spent(now) == Budget(ledger, CAPS, utc).spent(now)
    assert budget.spent(now) == Budget(ledger, CAPS, utc).spent(now)
    ledger.close()
