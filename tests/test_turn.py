"""The rules of one turn of calls: reads at once, asks together, nothing after a no."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.agent.turn import (
    Became,
    Do,
    Kind,
    Move,
    Over,
    Refuse,
    Seal,
    Skip,
    Wait,
    next_move,
)

READ, ACT, ASK, DENY = Kind.READ, Kind.ACT, Kind.ASK, Kind.DENY
GOOD, OPEN, REFUSED = Became.GOOD, Became.OPEN, Became.REFUSED
FAILED, SKIPPED = Became.FAILED, Became.SKIPPED


@pytest.mark.parametrize(
    ("kinds", "became", "move"),
    [
        ([], {}, Over((), ())),
        ([READ], {}, Do(0)),
        ([READ], {0: GOOD}, Over((), ())),
        ([ACT, ACT], {0: GOOD}, Do(1)),
        ([ASK, ASK], {}, Seal((0, 1))),
        ([ACT, ASK], {}, Do(0)),  # what stands before the first ask runs at once
        ([ASK, ACT], {}, Seal((0,))),  # what stands after it waits
        ([ASK, READ, ASK], {}, Do(1)),  # a read never waits
        ([ASK, READ, ASK], {1: GOOD}, Seal((0, 2))),
        ([ASK, ACT], {0: OPEN}, Wait()),
        ([ASK, ACT], {0: GOOD}, Do(1)),
        ([ASK, ACT], {0: REFUSED}, Skip(1)),
        ([ASK, ACT], {0: FAILED}, Skip(1)),
        ([ASK, READ], {0: REFUSED}, Do(1)),
        ([ASK, ACT], {0: REFUSED, 1: SKIPPED}, Over((), (0,))),
        ([ACT, ASK], {0: FAILED, 1: SKIPPED}, Over((0,), ())),
        ([ASK, ASK, ACT], {0: GOOD, 1: OPEN}, Wait()),
        ([ASK, ASK, ACT], {0: REFUSED, 1: OPEN}, Skip(2)),
        ([ASK, ASK], {0: REFUSED, 1: OPEN}, Wait()),
        ([DENY], {}, Refuse(0)),
        ([DENY, ACT], {0: FAILED}, Skip(1)),
    ],
)
def test_what_comes_next(kinds: list[Kind], became: Mapping[int, Became], move: Move) -> None:
    assert next_move(kinds, became) == move


@given(
    st.lists(st.sampled_from(Kind), max_size=6),
    st.lists(st.sampled_from([GOOD, REFUSED, FAILED]), min_size=6, max_size=6),
)
def test_every_turn_ends_and_nothing_changes_before_its_asks(
    kinds: list[Kind], fates: list[Became]
) -> None:
    became: dict[int, Became] = {}
    ran: list[int] = []
    for _ in range(40):
        match next_move(kinds, became):
            case Do(idx):
                assert idx not in became
                if kinds[idx] is ACT:
                    before = [became.get(n) for n in range(idx) if kinds[n] is ASK]
                    assert set(before) <= {GOOD}
                ran.append(idx)
                became[idx] = fates[idx]
            case Seal(idxs):
                assert all(kinds[idx] is ASK and idx not in became for idx in idxs)
                became |= dict.fromkeys(idxs, OPEN)
            case Skip(idx):
                assert {REFUSED, FAILED} & {became.get(n) for n in range(idx)}
                became[idx] = SKIPPED
            case Refuse(idx):
                became[idx] = FAILED
            case Wait():
                idx = min(n for n, what in became.items() if what is OPEN)
                became[idx] = fates[idx]
            case Over(failed, refused):
                assert set(became) == set(range(len(kinds)))
                assert {became[n] for n in failed} <= {FAILED}
                assert {became[n] for n in refused} <= {REFUSED}
                assert len(ran) == len(set(ran))
                return
    raise AssertionError("the turn never ended")
