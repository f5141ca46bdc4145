"""What a person does to a request is heeded also where notes must first lie still."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator import Clock, Orchestrator, open_rooms
from tests.office import TestOffice, smtp
from tests.patience import PATIENCE_S
from tests.servers.smtp import Relay
from tests.test_life import ASK, REPLY

#: Long enough that a tick of the office falls between the person's deed and the end of it.
STABLE_S = "0.3"


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    pace = {"FACTOTUM_STABLE_S": STABLE_S, "FACTOTUM_REGRET_S": "60"}
    office = TestOffice(tmp_path, smtp(relay) | pace)
    office.playbook(REPLY)
    office.drop("ask.eml", ASK)
    return office


def by_tick(office: TestOffice, card: Path) -> None:
    office.tick(card, "cancel")


def by_move(office: TestOffice, card: Path) -> None:
    office.move(card, "Rejected")


@pytest.mark.parametrize("cancel", [by_tick, by_move])
def test_an_approved_mail_is_cancelled_by_tick_and_by_move(
    office: TestOffice, relay: Relay, cancel: Callable[[TestOffice, Path], None]
) -> None:
    async def live() -> None:
        rooms = open_rooms(office.settings(), office.root, Clock())
        orchestrator = Orchestrator(rooms, out=io.StringIO())
        running = asyncio.create_task(orchestrator.run())
        await until(lambda: len(office.files("Pending_Approval")) == 1)
        office.move(office.one("Pending_Approval"), "Approved")
        await until(lambda: office.card().status == "approved")
        await until(lambda: b'status: "approved"' in office.one("Approved").read_bytes())
        cancel(office, office.one("Approved"))
        await until(lambda: office.card().status == "cancelled")
        orchestrator.stop()
        await running
        rooms.close()

    asyncio.run(live())
    assert relay.messages == []


async def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "in vain"
        await asyncio.sleep(0.02)
