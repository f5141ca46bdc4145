"""Telegram and Discord, both as real as they can be here: each works, or fails in its own way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from factotum.blobs import Blobs
from factotum.channels.contract import Message
from factotum.channels.fallback import FALLBACK_S, Fallback, Main
from factotum.channels.sender import Sender
from factotum.channels.telegram.channel import TelegramChannel
from factotum.channels.telegram.line import line_of
from factotum.channels.ways import close, ways_of
from factotum.channels.words import Words
from factotum.ledger import Ledger
from factotum.outbox import Outbox
from factotum.settings import load
from tests.channels.live import OWNER, telegram
from tests.servers.telegram import TelegramServer, server_running
from tests.servers.webhook import Fails, Webhooks

TEXT = "❌ Something failed"


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield Outbox(ledger)
    ledger.close()


@pytest.fixture
def bots() -> Iterator[TelegramServer]:
    with server_running() as server:
        server.person(OWNER, "Marco").starts()
        yield server


@pytest.fixture
def there() -> Iterator[Webhooks]:
    with Webhooks() as there:
        yield there


def news(outbox: Outbox) -> str:
    message = Message(Words.bold(TEXT)).to_json()
    return outbox.put("telegram", str(OWNER), "n 1", message, time.time(), kind="notices").key


class House:
    """Telegram's sender, and what comes after it, on one loop."""

    def __init__(self, outbox: Outbox, bots: TelegramServer, there: Webhooks) -> None:
        env = {**telegram(bots), "FACTOTUM_DISCORD_WEBHOOK_URL": there.url}
        settings, blobs = load(env, []), Blobs(outbox.ledger.path.parent / "blobs")
        self.bot = line_of(settings).bot
        self.ways = ways_of(settings, blobs)
        self.sender = Sender(outbox, TelegramChannel(self.bot, blobs), time.time)
        self.fallback = Fallback(outbox, self.ways)

    async def passes(self, later_s: float = 0.0) -> str:
        """One pass of both, the second `later_s` later; the trouble that there is."""
        await self.sender.pass_once()
        main = Main("telegram", self.sender.unreached_since)
        return await self.fallback.step(main, time.time() + later_s)


@asynccontextmanager
async def house(outbox: Outbox, bots: TelegramServer, there: Webhooks) -> AsyncIterator[House]:
    house = House(outbox, bots, there)
    await house.bot.initialize()
    try:
        yield house
    finally:
        await close(house.ways)
        await house.bot.shutdown()


def passes(outbox: Outbox, bots: TelegramServer, there: Webhooks, later_s: float = 0.0) -> str:
    async def one() -> str:
        async with house(outbox, bots, there) as here:
            return await here.passes(later_s)

    return asyncio.run(one())


def read(bots: TelegramServer) -> list[str]:
    person = bots.person(OWNER, "Marco")
    return [one.text for one in person.chat.messages if TEXT in one.text]


def test_where_both_work_telegram_tells_it(
    outbox: Outbox, bots: TelegramServer, there: Webhooks
) -> None:
    news(outbox)
    assert passes(outbox, bots, there, FALLBACK_S + 1) == ""
    assert (read(bots), there.texts) == ([TEXT], [])


def test_where_the_owner_blocked_the_bot_discord_tells_it(
    outbox: Outbox, bots: TelegramServer, there: Webhooks
) -> None:
    news(outbox)
    bots.person(OWNER, "Marco").blocks()
    assert passes(outbox, bots, there, FALLBACK_S / 2) == ""
    assert there.texts == [], "the owner may just have begun anew"
    for _ in range(2):
        assert passes(outbox, bots, there, FALLBACK_S + 1) == ""
    assert (read(bots), there.texts) == ([], [f"**{TEXT}**"])


def test_where_both_refuse_it_is_shown_as_failed(
    outbox: Outbox, bots: TelegramServer, there: Webhooks
) -> None:
    key = news(outbox)
    bots.fails("sendMessage", 400, "Bad Request: something new")
    there.fails.append(Fails(404, {"code": 10015}))
    said = passes(outbox, bots, there)
    assert said.startswith("you could not be told something (Telegram: ")
    assert "Discord does not know the webhook any more" in said
    row = outbox.row("telegram", str(OWNER), key)
    assert row is not None and row.state == "failed"
    assert (read(bots), there.texts) == ([], [])


def test_an_answer_that_telegram_lost_is_told_nowhere_else(
    outbox: Outbox, bots: TelegramServer, there: Webhooks
) -> None:
    key = news(outbox)
    bots.drops("sendMessage", done=True)
    for _ in range(2):
        passes(outbox, bots, there, FALLBACK_S + 1)
    row = outbox.row("telegram", str(OWNER), key)
    assert row is not None and row.state == "lost"
    assert (read(bots), there.texts) == ([TEXT], [])


def test_a_network_that_is_cut_for_long_has_discord_tell_it_once(
    outbox: Outbox, bots: TelegramServer, there: Webhooks
) -> None:
    news(outbox)

    async def an_hour() -> None:
        async with house(outbox, bots, there) as here:
            bots.cut()
            assert await here.passes(FALLBACK_S / 2) == ""
            assert there.texts == [], "before its time"
            assert await here.passes(FALLBACK_S + 1) == ""
            bots.mend()
            assert await here.passes() == ""

    asyncio.run(an_hour())
    assert (read(bots), there.texts) == ([], [f"**{TEXT}**"])


def test_where_all_is_cut_what_is_back_first_tells_it(
    outbox: Outbox, bots: TelegramServer, there: Webhooks
) -> None:
    news(outbox)

    async def an_hour() -> None:
        async with house(outbox, bots, there) as here:
            bots.cut()
            there.cut()
            assert "Discord is not reached" in await here.passes(FALLBACK_S + 1)
            bots.mend()
            await asyncio.sleep(1.1)  # the sender's own pause
            assert await here.passes(FALLBACK_S + 70) == ""
            there.mend()
            assert await here.passes(FALLBACK_S + 140) == ""

    asyncio.run(an_hour())
    assert (read(bots), there.texts) == ([TEXT], [])
