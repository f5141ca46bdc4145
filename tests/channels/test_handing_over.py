"""Whatever breaks while a message is sent: the books say at once what is known of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.channels.contract import Gone
from factotum.channels.fallback import Fallback, Way
from factotum.channels.sender import Sender
from factotum.ledger import Ledger
from factotum.outbox import Outbox, Row
from tests.channels.test_fallback import DOWN, NOW, UP, Scripted, put, refused, told

ODD = "sending it broke (RuntimeError: never heard of)"


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield Outbox(ledger)
    ledger.close()


def send(outbox: Outbox, channel: Scripted) -> None:
    asyncio.run(Sender(outbox, channel, lambda: NOW).pass_once())


def spoil(outbox: Outbox, row: Row) -> None:
    """Another version of this program has written it."""
    with outbox.ledger.tx() as db:
        db.execute("UPDATE said SET wanted = '{\"words\": 7}' WHERE seq = ?", (row.seq,))


def test_an_error_that_nobody_knows_leaves_a_message_lost_at_once(outbox: Outbox) -> None:
    row = put(outbox)
    send(outbox, Scripted("telegram", RuntimeError("never heard of")))
    assert told(outbox, row) == ("lost", ODD)


def test_a_new_message_that_cannot_be_changed_is_refused(outbox: Outbox) -> None:
    row = put(outbox)
    send(outbox, Scripted("telegram", Gone("message can't be edited")))
    assert told(outbox, row) == ("failed", "message can't be edited")


@pytest.mark.parametrize("odd", [RuntimeError("never heard of"), Gone("not there")])
def test_told_elsewhere_it_is_in_no_doubt_for_ever(outbox: Outbox, odd: Exception) -> None:
    row, discord = put(outbox), Scripted("discord", odd)
    asyncio.run(Fallback(outbox, [Way(discord, "home")]).step(DOWN, NOW))
    there = outbox.row("discord", "home", row.key)
    assert there is not None and there.state in ("lost", "failed")
    if there.state == "lost":
        assert told(outbox, row) == ("dropped", "perhaps told by Discord: its answer was lost")


def test_one_that_cannot_be_read_stands_in_nobodys_way(outbox: Outbox) -> None:
    bad, good = put(outbox, "bad"), put(outbox, "good")
    spoil(outbox, bad)
    channel = Scripted("telegram")
    send(outbox, channel)
    assert channel.took == ["good"] and told(outbox, good)[0] == "sent"
    state, why = told(outbox, bad)
    assert state == "failed" and why.startswith("what was to be said cannot be read")


def test_nor_in_the_way_of_what_is_told_elsewhere(outbox: Outbox) -> None:
    bad = refused(outbox, "bad")
    refused(outbox, "good")
    spoil(outbox, bad)
    discord = Scripted("discord")
    why = asyncio.run(Fallback(outbox, [Way(discord, "home")]).step(UP, NOW))
    assert discord.took == ["good"]
    assert "cannot be read" in why
