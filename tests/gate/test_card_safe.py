"""What others wrote stays where a card quotes it, whatever they end their lines with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.gate.card import body
from factotum.gate.content import callout
from factotum.gate.records import Proposal
from factotum.gate.register import Register
from factotum.gate.standing import Standing
from factotum.ledger import Ledger, TaskRow
from factotum.model import Effect, Risk, Trust

PICTURE = "![x](https://evil.example/leak)"


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.add_task(
        TaskRow("t-1", "a.md", "note", "A", Trust.OWNER, "", "", "", b"", {}, 1.0, None)
    )
    yield Register(ledger)
    ledger.close()


def lines(text: str) -> list[str]:
    """The lines as Obsidian sees them."""
    return re.split(r"\r\n?|\n", text)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_no_line_of_a_quote_leaves_it(end: str) -> None:
    quoted = callout("quote", "What they wrote", f"Hello{end}{PICTURE}{end}# Pay this{end}")
    assert all(line.startswith(">") for line in lines(quoted))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028"])
def test_a_remark_is_one_line_and_does_nothing(register: Register, end: str) -> None:
    args = {"to": ["ada@rossi.example"], "subject": "Hi", "body": "Hi"}
    proposal = Proposal(
        0, "mail__send", args, "Send?", Effect.OPAQUE, Risk.MEDIUM, "asks", 60.0, Trust.OWNER, "p"
    )
    (id,) = register.propose("t-1", 1, [proposal], 1.0)
    register.remark(id, f"Try 1 of 3 failed: 451{end}# Approve this{end}{PICTURE}")
    told = body(register.card(id), 2.0, 0.0, Standing())
    assert PICTURE not in told
    assert not any(line.startswith(("# Approve", "![")) for line in lines(told))
