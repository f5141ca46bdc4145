"""What an owner says on a channel is heard, paid for, and becomes work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.channels.listening import paid_by
from factotum.ledger import Ledger
from factotum.worker.budget import Budget
from factotum.worker.caps import Caps
from factotum.worker.listening import LOOK_S, LOOKS
from tests.channels.live import OWNER, at_work, telegram
from tests.office import TestOffice
from tests.servers.telegram import TelegramServer, server_running
from tests.servers.transcriber import Transcriber, raw, slow, status
from tests.voice.recordings import NAME, NOTE, at

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()


@dataclass
class Nap:
    """Sleeping takes no time and is written down."""

    slept: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def budget(tmp_path: Path) -> Iterator[Budget]:
    ledger = Ledger(tmp_path / "ledger.db")
    caps = Caps(day_usd=0.01, task_usd=0.01)
    yield Budget(ledger, caps, lambda at: datetime.fromtimestamp(at, UTC))
    ledger.close()


def listen(
    server: Transcriber, budget: Budget, seconds: float = 60.0, nap: Nap | None = None
) -> tuple[str, str]:
    hearing = at(server.base_url, TRANSCRIBE_PRICE="0.006")
    listening = paid_by(budget, hearing, lambda: NOON, nap or Nap())
    return asyncio.run(listening(NOTE, NAME, seconds))


def test_what_is_heard_is_paid_for(budget: Budget) -> None:
    with Transcriber() as server:
        server.knows(NOTE, "Call Anna.")
        assert listen(server, budget) == ("Call Anna.", "")
    assert budget.today_usd(NOON) == 0.006


def test_where_the_days_money_is_spent_it_is_said_and_nothing_is_sent(budget: Budget) -> None:
    with Transcriber() as server:
        server.knows(NOTE, "Call Anna.")
        listen(server, budget)
        text, why = listen(server, budget)
        assert text == ""
        assert why.startswith("no money is left for it: 0.01 USD for today")
        assert len(server.asked) == 1


def test_money_that_a_call_under_way_may_give_back_is_waited_for(budget: Budget) -> None:
    held = budget.reserve("t-a", "t-a", 1, "m", 0.009, NOON, outside=False, allowance_usd=1)

    class Until(Nap):
        async def __call__(self, seconds: float) -> None:
            await super().__call__(seconds)
            if len(self.slept) == 2:
                budget.settle(held, 0.0)

    nap = Until()
    with Transcriber() as server:
        server.knows(NOTE, "Call Anna.")
        assert listen(server, budget, nap=nap) == ("Call Anna.", "")
    assert nap.slept == [LOOK_S, LOOK_S]


def test_money_that_is_never_given_back_is_not_waited_for_without_end(budget: Budget) -> None:
    budget.reserve("t-a", "t-a", 1, "m", 0.009, NOON, outside=False, allowance_usd=1)
    nap = Nap()
    with Transcriber() as server:
        assert listen(server, budget, nap=nap)[0] == ""
        assert server.asked == []
    assert nap.slept == [LOOK_S] * LOOKS


def test_a_server_that_wants_a_short_pause_is_asked_once_more(budget: Budget) -> None:
    nap = Nap()
    with Transcriber() as server:
        server.next(status(429, headers={"Retry-After": "7"}), raw({"text": "Call Anna."}))
        assert listen(server, budget, nap=nap) == ("Call Anna.", "")
        server.next(status(429, headers={"Retry-After": "600"}))
        assert "too many requests" in listen(server, budget, 1.0, nap)[1]
        assert len(server.asked) == 3
    assert nap.slept == [7.0]


def test_a_server_of_ones_own_hears_one_after_the_other(budget: Budget) -> None:
    """It would do so by itself, and who waits there would be given up."""
    with Transcriber() as server:
        server.knows(NOTE, "Call Anna.")
        server.next(slow(0.2))
        listening = paid_by(budget, at(server.base_url), lambda: NOON)

        async def both() -> int:
            first = asyncio.create_task(listening(NOTE, NAME, 3.0))
            second = asyncio.create_task(listening(NOTE, NAME, 3.0))
            while not server.asked:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            asked = len(server.asked)
            assert [await first, await second] == [("Call Anna.", "")] * 2
            return asked

        assert asyncio.run(both()) == 1
        assert len(server.asked) == 2


@pytest.fixture
def played() -> Iterator[TelegramServer]:
    with server_running() as server:
        yield server


def test_a_voice_message_is_heard_and_becomes_a_task(
    tmp_path: Path, played: TelegramServer
) -> None:
    owner = played.person(OWNER, "Marco")
    owner.starts()
    with Transcriber(key="k-123") as server:
        server.knows(NOTE, "Buy stamps on Monday.")
        env = telegram(played) | {
            "FACTOTUM_TRANSCRIBE_URL": server.base_url,
            "FACTOTUM_TRANSCRIBE_KEY": "k-123",
        }
        office = TestOffice(tmp_path, env=env)
        with at_work(office) as live:
            owner.sends_voice(NOTE, 3)
            owner.waits_to_see("I heard: “Buy stamps on Monday.”")
            live.waits(lambda: any("Buy stamps on Monday." in text for text in notes(office)))
        assert [asked.data for asked in server.asked] == [NOTE]


def test_one_that_is_not_heard_is_a_task_with_the_recording(
    tmp_path: Path, played: TelegramServer
) -> None:
    owner = played.person(OWNER, "Marco")
    owner.starts()
    with Transcriber() as server:
        server.next(status(500))
        env = telegram(played) | {"FACTOTUM_TRANSCRIBE_URL": server.base_url}
        office = TestOffice(tmp_path, env=env)
        with at_work(office) as live:
            owner.sends_voice(NOTE, 3)
            owner.waits_to_see("I could not hear it: transcription")
            live.waits(lambda: any("trouble at its end (500)" in text for text in notes(office)))
            live.waits(lambda: NOTE in files(tmp_path))


def notes(office: TestOffice) -> list[str]:
    """The texts of the notes that lie in the vault now."""
    return [data.decode() for data in files(office.root, "*.md")]


def files(folder: Path, names: str = "*") -> list[bytes]:
    """What the files below hold now; those that are just being moved are left out."""
    found = []
    for path in folder.rglob(names):
        with suppress(OSError):
            found.append(path.read_bytes())
    return found
