"""Two words on one request at the same moment, by two ways: one of them counts."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from factotum.gate.records import NotOpen, Proposal
from factotum.gate.register import Register
from factotum.ledger import Ledger, TaskRow
from factotum.model import Effect, Risk, Trust

AT = 1_795_000_000.0


def asked(ledger: Ledger, count: int) -> list[tuple[str, str]]:
    """The ids of so many requests that wait, each with its digest."""
    row = TaskRow("t-1", "a.md", "note", "A", Trust.OWNER, "", "1", "", b"", {}, AT, None)
    ledger.add_task(row)
    wanted = [
        Proposal(
            n, "mail__send", {"subject": str(n)}, "Send?", Effect.OPAQUE, Risk.LOW, "a rule",
            604_800.0, Trust.OWNER, "1",
        )
        for n in range(count)
    ]  # fmt: skip
    register = Register(ledger)
    ids = register.propose("t-1", 1, wanted, AT)
    return [(id, register.card(id).seal.digest) for id in ids]


@pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_tap_and_a_move_at_once_are_one_decision(tmp_path: Path, count: int) -> None:
    path = tmp_path / "ledger.db"
    first = Ledger(path)
    requests = asked(first, count)
    start = threading.Barrier(2)
    late: dict[str, list[str]] = {"telegram": [], "move": []}

    def says(channel: str, verdict: str) -> None:
        ledger = Ledger(path)
        register = Register(ledger)
        for id, digest in requests:
            start.wait()
            try:
                register.decide(id, digest, verdict, channel, "me", AT + 1)
            except NotOpen:
                late[channel].append(id)
        ledger.close()

    hands = [
        threading.Thread(target=says, args=("telegram", "approve")),
        threading.Thread(target=says, args=("move", "reject")),
    ]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    rows = first.db.execute("SELECT card, channel FROM decision").fetchall()
    won = {row["card"]: row["channel"] for row in rows}
    assert len(rows) == len(won) == count
    assert len(late["telegram"]) + len(late["move"]) == count
    for channel, ids in late.items():
        assert all(won[id] != channel for id in ids)
    first.close()
