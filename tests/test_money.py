"""At a cap work waits and says so once; lifted, it goes on by itself."""

from __future__ import annotations

import asyncio
import io
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator import Clock, Orchestrator, open_rooms
from tests.office import Hands, TestOffice
from tests.patience import PATIENCE_S
from tests.servers.model import ScriptedModelServer, call

FINISH = call("finish", summary="Done.")
PRICES = {"FACTOTUM_MODEL_PRICE_IN": "1", "FACTOTUM_MODEL_PRICE_OUT": "1"}


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return TestOffice(tmp_path, dict(PRICES), hands=Hands(wall=time.time()))


@contextmanager
def thinking(office: TestOffice) -> Iterator[ScriptedModelServer]:
    with ScriptedModelServer([FINISH] * 9) as server:
        office.env |= {
            "FACTOTUM_MODEL": "test/scripted",
            "FACTOTUM_MODEL_BASE_URL": server.base_url,
        }
        yield server


def handbook(office: TestOffice, budget: str) -> None:
    path = office.root / "Company_Handbook.md"
    path.write_text(f"# Rules\n\n```yaml policy\nbudget: {budget}\n```\n")


def notices(office: TestOffice) -> list[str]:
    with sqlite3.connect(office.state / "ledger.db") as db:
        return [text for (text,) in db.execute("SELECT text FROM notice WHERE kind = 'budget'")]


def test_at_the_handbooks_cap_it_waits_says_so_once_and_goes_on_when_lifted(
    office: TestOffice,
) -> None:
    handbook(office, "{day: 0 USD}")
    office.type("Do something.\ngo")
    office.type("Do something else.\ngo", "Else.md")
    with thinking(office) as server:
        for _ in range(3):
            office.run()
        assert server.requests == []
        (told,) = notices(office)
        assert "0.00 USD for today (budget in Company_Handbook.md)" in told
        dashboard = (office.root / "Dashboard.md").read_text()
        assert dashboard.count("waits for money") == 1 and "(and 1 more)" in dashboard
        handbook(office, "{day: 1 USD}")
        office.run()
        assert len(server.requests) == 2
    assert len(office.files("Done")) == 2
    assert len(notices(office)) == 1
    assert "waits for money" not in (office.root / "Dashboard.md").read_text()


def test_a_setting_that_is_lower_holds_whatever_the_handbook_says(office: TestOffice) -> None:
    handbook(office, "{day: 1 USD}")
    office.env["FACTOTUM_BUDGET_DAY_USD"] = "0"
    office.type("Do something.\ngo")
    with thinking(office) as server:
        office.run()
        assert server.requests == []
        assert "FACTOTUM_BUDGET_DAY_USD" in notices(office)[0]
        del office.env["FACTOTUM_BUDGET_DAY_USD"]
        office.run()
        assert len(server.requests) == 1


def test_a_call_that_is_too_dear_waits_too(office: TestOffice) -> None:
    office.env["FACTOTUM_BUDGET_CALL_USD"] = "0"
    office.type("Do something.\ngo")
    with thinking(office) as server:
        office.run()
        assert server.requests == [] and "for one call of a model" in notices(office)[0]


def test_lifted_while_it_runs_the_queue_goes_on_without_a_restart(office: TestOffice) -> None:
    handbook(office, "{day: 0 USD}")
    office.type("Do something.\ngo")

    async def life(server: ScriptedModelServer) -> None:
        clock = Clock(time.time, time.monotonic)
        rooms = open_rooms(office.settings(), office.root, clock)
        door = Orchestrator(rooms, out=io.StringIO(), environ={})
        running = asyncio.create_task(door.run())
        try:
            await until(lambda: bool(door.worker.held))
            await asyncio.sleep(0.2)
            assert server.requests == []
            handbook(office, "{day: 1 USD}")
            await until(lambda: bool(office.files("Done")))
        finally:
            door.stop()
            await running
            rooms.close()

    office.env["FACTOTUM_SCAN_S"] = "0.2"
    with thinking(office) as server:
        asyncio.run(life(server))
        assert len(server.requests) == 1


async def until(true: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end, "it did not come"
        await asyncio.sleep(0.02)
