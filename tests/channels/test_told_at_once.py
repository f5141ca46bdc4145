"""What only the owner can mend is told at once: a refused token, a bot that is another's."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from factotum import log
from factotum.channels.pulse import Pulse
from factotum.channels.telegram.errors import OWNERS_S
from factotum.channels.telegram.poller import Poller
from factotum.ears import beats
from tests.servers.telegram import TelegramServer, server_running
from tests.servers.telegram.trying import with_bot


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with server_running() as server:
        yield server


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the log says of channels."""
    lines, logger = io.StringIO(), logging.getLogger("factotum.channels")
    handler = logging.StreamHandler(lines)
    handler.setFormatter(log.Lines())
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


def told(server: TelegramServer) -> list[str]:
    """What a poller tells that begins now, till it has told something or was answered."""
    said: list[str] = []

    async def poll(bot: Any) -> None:
        over = asyncio.Event()

        def ill(why: str) -> None:
            said.append(why)
            over.set()

        polling = asyncio.create_task(Poller(bot, lambda _: None, over.set, ill).run())
        async with asyncio.timeout(OWNERS_S / 2):
            await over.wait()
        polling.cancel()

    with_bot(server, poll)
    return said


def refuses(server: TelegramServer) -> None:
    server.fails("getUpdates", 401, "Unauthorized")


def hands_on(server: TelegramServer) -> None:
    server.updates.webhook = "https://evil.example/"


@pytest.mark.parametrize(
    ("trouble", "words"),
    [(refuses, "Telegram knows no bot with this token"), (hands_on, "a webhook")],
)
def test_what_only_the_owner_can_mend_is_told_at_the_first_time(
    server: TelegramServer, trouble: Callable[[TelegramServer], None], words: str
) -> None:
    trouble(server)
    (said,) = told(server)
    assert words in said


def test_one_answer_that_did_not_come_is_not_told(server: TelegramServer) -> None:
    server.drops("getUpdates", done=False)
    assert told(server) == []


def test_the_log_says_what_is_wrong_once_till_it_is_well_again(
    tmp_path: Path, logged: io.StringIO
) -> None:
    pulse = Pulse(tmp_path, lambda: 1_795_000_000.0, "telegram")
    for why in ("refused", "cut", "refused", "cut"):
        pulse.ill(why)
    pulse.answered()
    pulse.ill("refused")
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert [line["reason"] for line in lines] == ["refused", "cut", "refused"]
    assert {line["source"] for line in lines} == {"telegram"}
    found = beats.of(tmp_path, "telegram")
    assert found is not None and found.trouble == "refused"
