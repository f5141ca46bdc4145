"""What hearing costs stands in the ledger beside what thinking costs, under the same caps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.channels.till import Till
from factotum.ledger import Ledger
from factotum.voice import Heard
from factotum.worker.budget import Budget, Capped
from factotum.worker.caps import Caps
from tests.servers.transcriber import Transcriber
from tests.voice.recordings import NAME, NOTE, at

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def budget(tmp_path: Path) -> Iterator[Budget]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield Budget(ledger, Caps(day_usd=0.01), lambda at: datetime.fromtimestamp(at, UTC))
    ledger.close()


def hear(budget: Budget, server: Transcriber, about: str, seconds: float) -> object:
    hearing = at(server.base_url, TRANSCRIBE_PRICE="0.006")
    till = Till(budget, about, lambda: NOON, allowance_usd=0.01)
    return asyncio.run(hearing.hear(NOTE, NAME, seconds, till))


def test_a_recording_is_booked_at_what_it_came_to(budget: Budget) -> None:
    with Transcriber() as server:
        server.knows(NOTE, "Heard.", duration=30)
        assert hear(budget, server, "voice-1", 60) == Heard("Heard.", "", 30.0, 0.003)
    assert budget.today_usd(NOON) == 0.003
    assert budget.task_usd("voice-1", 0) == 0.003


def test_when_the_days_money_is_spent_nothing_is_sent(budget: Budget) -> None:
    with Transcriber() as server:
        server.knows(NOTE, "Heard.")
        hear(budget, server, "voice-1", 60)
        with pytest.raises(Capped) as full:
            hear(budget, server, "voice-2", 60)
        assert full.value.which == "day"
        assert len(server.asked) == 1
    assert budget.today_usd(NOON) == 0.006
