"""An office, a Bot API server, and a terminal between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from factotum.ears import beats
from factotum.ledger import Ledger
from tests.cli.bots.names import CHAT, FULL
from tests.cli.terminal import Terminal, terminal_of
from tests.office import TestOffice
from tests.servers.telegram import TOKEN, TelegramServer, server_running


@dataclass
class Bare(Terminal):
    """Of Telegram its environment says nothing, so that `.env` counts."""

    def environ(self) -> dict[str, str]:
        return {n: t for n, t in super().environ().items() if n not in {FULL, CHAT} or t}


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with server_running() as server:
        yield server


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    made = TestOffice(tmp_path)
    made.state.mkdir(mode=0o700)
    return made


@pytest.fixture
def terminal(office: TestOffice, server: TelegramServer) -> Terminal:
    """In a folder with a `.env` of its own."""
    office.env["FACTOTUM_TELEGRAM_API_URL"] = server.url
    there = office.folder / ".env"
    there.write_text("# mine\nOPENAI_API_KEY=sk-of-somebody\n")
    there.chmod(0o600)
    made = terminal_of(office)
    return Bare(made.folder, made.env)


@pytest.fixture
def ledger(office: TestOffice) -> Iterator[Ledger]:
    ledger = Ledger(office.state / "ledger.db")
    yield ledger
    ledger.close()


@pytest.fixture
def heard(office: TestOffice) -> Iterator[None]:
    """Somebody listens on Telegram already."""
    lock = beats.lock(office.state, "telegram")
    assert lock is not None
    yield
    lock.close()


@pytest.fixture
def paired(office: TestOffice, server: TelegramServer) -> Terminal:
    office.env |= {FULL: TOKEN, CHAT: "4711", "FACTOTUM_TELEGRAM_API_URL": server.url}
    return terminal_of(office)
