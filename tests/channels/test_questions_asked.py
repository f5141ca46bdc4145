"""What a channel asks of the books at each look costs the same after years of messages."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from factotum.channels import fallback
from factotum.channels.doubts import doubts
from factotum.channels.fallback import FALLBACK_S, Main
from factotum.gate import redraft
from factotum.ledger import Ledger
from factotum.outbox import Outbox

NOW = 1_795_000_000.0

#: All that was ever said on a channel, or in a chat of it, or all wishes there ever were.
_ALL_ROWS = "sqlite_autoindex_said_1|said_there|said_key|redraft_of"
WHOLE = re.compile(
    rf"SCAN (?:said|redraft)(?: USING INDEX (?:{_ALL_ROWS}))?:"
    rf"|SEARCH said USING INDEX (?:{_ALL_ROWS}) \(channel=\?(?: AND chat=\?)?\)"
)


def questions(ledger: Ledger, deed: Callable[[], object]) -> list[str]:
    """Each step that the database takes for them, with the question."""
    asked: list[str] = []
    ledger.db.set_trace_callback(asked.append)
    deed()
    ledger.db.set_trace_callback(None)
    return [
        f"{step[3]}: {one}"
        for one in asked
        if one.lstrip().startswith(("SELECT", "UPDATE"))
        for step in ledger.db.execute(f"EXPLAIN QUERY PLAN {one}")
    ]


@pytest.mark.parametrize(
    "ask",
    [
        lambda outbox: outbox.chats_due("telegram", "", NOW),
        lambda outbox: outbox.due("telegram", 1, "4711", NOW),
        lambda outbox: outbox.next_at("telegram", "", NOW),
        lambda outbox: outbox.row("telegram", "4711", "card a-1"),
        lambda outbox: outbox.standing("telegram", "4711", "17"),
        lambda outbox: outbox.newest("telegram", "4711"),
        lambda outbox: outbox.unsaid("telegram", "card"),
        lambda outbox: outbox.doubtful("telegram", "4711"),
        lambda outbox: outbox.recover("telegram", NOW),
        lambda outbox: outbox.speaks("telegram", NOW),
        lambda outbox: outbox.by_key("telegram", "card a-1"),
        lambda outbox: outbox.kept("telegram", "later"),
        lambda outbox: outbox.at_stage("telegram", ("prompt", "answer"), "change 1"),
        lambda outbox: outbox.in_state("telegram", "waiting", ("notices",), NOW),
        lambda outbox: outbox.reasons_awaited(NOW),
        lambda outbox: doubts(outbox.ledger, NOW),
        lambda outbox: fallback.due(outbox, Main("telegram", NOW - FALLBACK_S), NOW),
        lambda outbox: redraft.open_wishes(outbox.ledger),
        lambda outbox: redraft.latest(outbox.ledger, "a-1"),
    ],
    ids=lambda ask: "_".join(ask.__code__.co_names),
)
def test_it_looks_at_what_it_asks_for_alone(
    tmp_path: Path, ask: Callable[[Outbox], object]
) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    steps = questions(ledger, lambda: ask(Outbox(ledger)))
    assert steps and not [one for one in steps if WHOLE.match(one)]
    ledger.close()
