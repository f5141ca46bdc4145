"""What a rule has asked about, though it needs no asking by itself, stays of low risk."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from factotum.gate.policy import Ask, judge
from factotum.gate.rules import House, Policy, Rule, Verb
from factotum.model import Call, Risk, Task, Trust

TASK = Task("t-1", "note", "A task", "", Trust.OWNER)


@pytest.mark.parametrize(
    ("call", "risk"),
    [
        (Call("notes__write", {"title": "A", "text": "B", "folder": "Drafts"}), Risk.LOW),
        (Call("mail__draft", {"to": ["ada@rossi.example"]}), Risk.LOW),
        (Call("mail__send", {"to": ["ada@rossi.example"]}), Risk.MEDIUM),
        (Call("test__pay", {}), Risk.HIGH),
    ],
)
@pytest.mark.parametrize("broken", ["", "line 3"])
def test_a_rule_that_asks_makes_nothing_riskier_than_it_is(
    call: Call, risk: Risk, broken: str
) -> None:
    policy = Policy((Rule("all", Verb.ASK, ("*",)),), broken=broken)
    verdict = judge(call, TASK, House(datetime(2026, 11, 27, tzinfo=UTC), policy))
    assert isinstance(verdict, Ask)
    assert verdict.risk is risk
