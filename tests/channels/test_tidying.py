"""The books of a channel forget what is long over, and nothing else."""

from __future__ import annotations

from pathlib import Path

from factotum.channels.buttons import Buttons
from factotum.channels.tidying import EVERY_S, KEPT_S, Tidying
from factotum.gate.records import Proposal
from factotum.gate.register import Register
from factotum.ledger import Ledger, TaskRow
from factotum.model import Effect, Risk, Trust
from factotum.outbox import Outbox, Row

LONG_AGO, NOW = 1_700_000_000.0, 1_700_000_000.0 + KEPT_S + 1


def a_card(ledger: Ledger) -> str:
    row = TaskRow("t-1", "a.md", "note", "A", Trust.OWNER, "", "1", "", b"", {}, LONG_AGO, None)
    ledger.add_task(row)
    asked = Proposal(
        0, "mail__send", {}, "Send?", Effect.OPAQUE, Risk.LOW, "a rule", 60.0, Trust.OWNER, "1"
    )
    return Register(ledger).propose("t-1", 1, [asked], LONG_AGO)[0]


def said(ledger: Ledger, key: str, at: float, kind: str = "answer", card: str = "") -> Row:
    outbox = Outbox(ledger)
    row = outbox.put("telegram", "4711", key, {"words": key}, at, kind=kind)
    Buttons(ledger).draw(row.seq, [[("Yes", "yes")]], at, card, "d")
    assert outbox.begin(row)
    outbox.sent(row, str(row.seq), at)
    return row


def left(ledger: Ledger) -> set[str]:
    return {row["key"] for row in ledger.db.execute("SELECT key FROM said")}


def test_what_is_over_for_long_is_forgotten_with_its_buttons(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    card = a_card(ledger)
    said(ledger, "old", LONG_AGO)
    said(ledger, "new", NOW - 60)
    said(ledger, f"card {card}", LONG_AGO, "card", card)
    Outbox(ledger).put("telegram", "4711", "waits", {"words": "w"}, LONG_AGO)
    Outbox(ledger).put("discord", "webhook", "other", {"words": "w"}, LONG_AGO)
    tidying = Tidying(ledger, "telegram")
    assert tidying.look(NOW) == 1
    assert left(ledger) == {"new", f"card {card}", "waits", "other"}
    assert ledger.db.execute("SELECT count(*) FROM button").fetchone()[0] == 2
    Register(ledger).settle(Register(ledger).card(card))
    assert tidying.look(NOW + 60) == 0  # once a day is enough
    assert tidying.look(NOW + EVERY_S) == 1
    assert left(ledger) == {"new", "waits", "other"}
    ledger.close()
