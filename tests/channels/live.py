"""A whole office at work in this process, with Telegram played on loopback beside it."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from factotum.ledger import Ledger
from orchestrator import Clock, Orchestrator, open_rooms
from tests.office import TestOffice, smtp
from tests.patience import PATIENCE_S
from tests.servers.smtp import Relay
from tests.servers.telegram import TelegramServer

T = TypeVar("T")

OWNER = 4711
MAIL = """when: {title: "mail"}
do:
  - mail__send:
      to: ["ada@rossi.example"]
      subject: "Invoice 1042"
      body: "Hi Ada, here is invoice 1042 again. Best, Marco"
"""


def telegram(server: TelegramServer, owner: int = OWNER) -> dict[str, str]:
    """The settings of an office whose owner is on the played Telegram."""
    return {
        "FACTOTUM_TELEGRAM_TOKEN": server.token,
        "FACTOTUM_TELEGRAM_API_URL": f"http://127.0.0.1:{server.port}",
        "FACTOTUM_TELEGRAM_CHAT_ID": str(owner),
        "FACTOTUM_WATCHERS": "none",
    }


@dataclass
class Live:
    office: TestOffice
    orchestrator: Orchestrator

    def waits(self, look: Callable[[], T], timeout_s: float = PATIENCE_S) -> T:
        """What `look` gives once that is something."""
        until = time.monotonic() + timeout_s
        while not (found := look()):
            assert time.monotonic() < until, "it did not come to that in time"
            time.sleep(0.02)
        return found


@contextmanager
def at_work(office: TestOffice) -> Iterator[Live]:
    """The office runs, with the real clock, till the block ends."""
    ready = threading.Event()
    made: list[Orchestrator] = []
    loops: list[asyncio.AbstractEventLoop] = []
    broken: list[BaseException] = []

    async def run() -> None:
        rooms = open_rooms(office.settings(), office.root, Clock())
        try:
            orchestrator = Orchestrator(rooms, out=io.StringIO(), environ=office.around)
            made.append(orchestrator)
            loops.append(asyncio.get_running_loop())
            ready.set()
            await orchestrator.run()
        finally:
            rooms.close()

    def main() -> None:
        try:
            asyncio.run(run())
        except BaseException as why:  # noqa: BLE001 (the test is to see it)
            broken.append(why)
            ready.set()

    thread = threading.Thread(target=main, name="office")
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        if broken:
            raise broken[0]
        yield Live(office, made[0])
    finally:
        if made and thread.is_alive():
            loops[0].call_soon_threadsafe(made[0].stop)
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    if broken:
        raise broken[0]


def with_mail(folder: Path, relay: Relay, server: TelegramServer, **env: str) -> TestOffice:
    """An office that sends by `relay` and whose owner is on Telegram."""
    settings = {**smtp(relay), **telegram(server)}
    settings |= {f"FACTOTUM_{name}": value for name, value in env.items()}
    office = TestOffice(folder, env=settings)
    office.playbook(MAIL)
    return office


def ledger_of(office: TestOffice) -> Ledger:
    return Ledger(office.state / "ledger.db")
