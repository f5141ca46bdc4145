"""How long a request may be answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from factotum.gate.policy import BARE
from factotum.gate.rules import Policy
from factotum.model import Call
from factotum.worker.asks import PAYMENT_S, expiry_s

WEEK_S = 7 * 86_400.0
HOUSE = replace(BARE, policy=Policy(tools={"bank__transfer": {"amount": ["sum"]}}))


@pytest.mark.parametrize(
    ("tool", "args", "seconds"),
    [
        ("bank__transfer", {"sum": "120.00"}, PAYMENT_S),
        ("bank__transfer", {"sum": "a lot"}, PAYMENT_S),  # it is money all the same
        ("wallet__pay", {"amount_sat": 100}, PAYMENT_S),  # nobody said what it holds
        ("wallet__pay", {"invoice": "x"}, WEEK_S),
        ("mail__send", {"to": ["ada@rossi.example"], "amount": "9"}, WEEK_S),
    ],
)
def test_a_request_for_money_waits_a_day_at_most(
    tool: str, args: dict[str, Any], seconds: float
) -> None:
    assert expiry_s(Call(tool, args), HOUSE, WEEK_S) == seconds
    assert expiry_s(Call(tool, args), HOUSE, 60.0) == 60.0
