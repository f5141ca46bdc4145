"""A Bot API of one's own, and Ada, who has pressed Start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.telegram import TelegramServer, server_running
from tests.servers.telegram.people import Person


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with server_running() as server:
        yield server


@pytest.fixture
def ada(server: TelegramServer) -> Person:
    """Somebody who pressed Start, which the bot has heard."""
    ada = server.person(7, "Ada", "ada_r")
    ada.starts()
    server.updates.pending.clear()
    return ada
