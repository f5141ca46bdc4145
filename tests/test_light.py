"""What must stay light: commands that phones call all day, and an office that only waits."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from factotum.ears.found import names as watcher_names
from factotum.staff import FRESH_S
from factotum.tick.idle import WHOLE_S
from orchestrator import Orchestrator
from tests.office import TestOffice, opened

ROOT = Path(__file__).parents[1]

#: Loaded with the first call, file or page that needs them, and never before.
HEAVY = {"httpx", "litellm", "mcp", "starlette", "uvicorn", "jsonschema", "watchdog", "pypdf",
         "PIL", "bs4", "icalendar", "email.policy", "feedparser", "imap_tools", "caldav",
         "recurring_ical_events"}  # fmt: skip

#: What the office itself may need, but no command that phones call all day.
HOUSE = {"cronsim", "zoneinfo", "tomllib", "factotum.mailauth", "factotum.schedule"}

COMMAND = """
import sys
from factotum.cli import main
try:
    main({argv})
finally:
    print("\\n".join(sys.modules), file=sys.stderr)
"""

WAITING = """
import asyncio, io, sys, threading
from factotum.settings import load
from orchestrator import Orchestrator, open_rooms

async def wait():
    given = load({env}, [])
    rooms = open_rooms(given, given.path("VAULT"))
    door = Orchestrator(rooms, out=io.StringIO())
    running = asyncio.create_task(door.run())
    while "schedule" not in [one.name for one in threading.enumerate()]:
        await asyncio.sleep(0.1)
    while any(one.name == "ears" or one.name[:6] == "set up" for one in threading.enumerate()):
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.3)
    print("\\n".join(sys.modules), file=sys.stderr)
    door.stop()
    await running
    rooms.close()

asyncio.run(wait())
"""


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return TestOffice(tmp_path)


def loaded(code: str, **env: str) -> set[str]:
    """The modules that a child has imported when it runs `code`."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **env},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["status"]])
def test_a_command_loads_nothing_heavy(office: TestOffice, argv: list[str]) -> None:
    env = {
        "FACTOTUM_VAULT": str(office.root),
        "FACTOTUM_STATE_DIR": str(office.state),
        "HOME": str(office.folder),
    }
    found = loaded(COMMAND.format(argv=argv), **env)
    assert "factotum.cli" in found
    assert found & (HEAVY | HOUSE) == set()


def test_an_office_that_waits_has_loaded_nothing_heavy(office: TestOffice) -> None:
    base = {
        "FACTOTUM_VAULT": str(office.root),
        "FACTOTUM_STATE_DIR": str(office.state),
        "FACTOTUM_MODEL": "none",
    }
    found = loaded(WAITING.format(env=base), HOME=str(office.folder))
    assert "factotum.worker.slots" in found
    assert {f"watchers.{name}_watcher" for name in watcher_names()} <= found  # each was asked
    assert found & HEAVY == (set() if sys.platform == "linux" else {"watchdog"})


@pytest.fixture
def door(office: TestOffice) -> Iterator[Orchestrator]:
    with opened(office) as door:
        yield door


def test_a_look_at_an_office_at_rest_writes_nothing(office: TestOffice, door: Orchestrator) -> None:
    (office.root / "Failed/old.md").write_text("It did not work.\n")
    for _ in range(3):
        office.hands.go(100)
        door.tick()
    before, changes = written(office), door.rooms.ledger.db.total_changes
    for _ in range(3):
        office.hands.go(100)
        door.tick()
    assert door.rooms.ledger.db.total_changes == changes
    assert written(office) == before


def written(office: TestOffice) -> dict[str, int]:
    """When each file and folder of the vault and the state was last written; but for the beat,
    which says that somebody lives."""
    places = [*office.root.rglob("*"), *office.state.rglob("*")]
    return {str(p): p.stat().st_mtime_ns for p in places if p.name != "beat"}


def test_an_office_at_rest_is_looked_at_whole_again_only_when_something_is_new(
    office: TestOffice, door: Orchestrator
) -> None:
    (office.root / "Failed/old.md").write_text("It did not work.\n")
    for _ in range(4):
        looks(office, door)
    assert not looks(office, door)
    news: list[Callable[[], object]] = [
        lambda: (office.root / "Needs_Action/new.md").write_text(""),
        (office.root / "Needs_Action/new.md").unlink,
        lambda: (office.root / "Failed/old.md").write_text("It did not work, twice.\n"),
        lambda: (office.root / "STOP.md").write_text(""),
        (office.root / "STOP.md").unlink,
        door.views.snapshot.path.unlink,
        lambda: office.hands.go(3 * WHOLE_S),
    ]
    for what in news:
        what()
        assert looks(office, door)
        for _ in range(4):
            looks(office, door)
        assert not looks(office, door)


def test_an_office_with_something_to_do_is_never_at_rest(
    office: TestOffice, door: Orchestrator
) -> None:
    (office.root / "Needs_Action/later.md").write_text("---\nhold: true\n---\nNot yet.\n")
    for _ in range(4):
        office.hands.go(10)
        door.tick()
        assert door.idle.rested is None


def test_a_note_for_the_agent_that_changed_is_looked_at_too(
    office: TestOffice, door: Orchestrator
) -> None:
    for _ in range(4):
        looks(office, door)
    assert not looks(office, door)
    (office.root / "SOUL.md").write_text("You are brief.\n")
    time.sleep(FRESH_S)
    assert looks(office, door)


def looks(office: TestOffice, door: Orchestrator) -> bool:
    """Whether the next tick looks at everything."""
    before = door.idle.whole_at
    office.hands.go(10)
    door.tick()
    return door.idle.whole_at > before


def test_what_the_dashboard_holds_back_is_written_when_its_time_has_come(
    office: TestOffice, door: Orchestrator
) -> None:
    def ticks(count: int, after_s: float) -> None:
        for _ in range(count):
            office.hands.go(after_s)
            door.tick()

    ticks(4, 100)
    (office.root / "Failed/first.md").write_text("It did not work.\n")
    ticks(1, 100)
    (office.root / "Failed/second.md").write_text("It did not work.\n")
    ticks(3, 4)
    whole, written = door.idle.whole_at, (office.root / "Dashboard.md").read_text()
    ticks(2, 4)
    assert door.idle.whole_at == whole
    ticks(1, 60)
    assert door.idle.whole_at > whole
    assert (office.root / "Dashboard.md").read_text() != written
