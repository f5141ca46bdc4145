"""What ends a pause: events of real folders, heard in both ways that there are."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from factotum import wakeup
from factotum.vault import ALL_FOLDERS
from factotum.wakeup import Wakeup
from tests.patience import PATIENCE_S

#: Long enough for an event on a busy machine, in seconds; and long enough to hear none.
LONG_S, SHORT_S = PATIENCE_S, 0.3

linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's own")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (*ALL_FOLDERS, "In_Progress/pi/waiting", ".factotum/tmp", "state"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "state/wake").write_bytes(b"before")
    return tmp_path


def listening(root: Path, then: Callable[[Wakeup], Awaitable[None]]) -> None:
    async def run() -> None:
        ears = Wakeup()
        ears.watch(root, root / "state")
        try:
            await then(ears)
        finally:
            ears.close()

    asyncio.run(run())


async def pause_s(ears: Wakeup, most_s: float) -> float:
    begun = time.monotonic()
    await ears.wait(most_s)
    return time.monotonic() - begun


@linux
def test_a_note_that_is_moved_in_ends_the_pause_and_is_named(root: Path) -> None:
    async def then(ears: Wakeup) -> None:
        (root / ".factotum/tmp/task.md").write_text("Do it.")
        (root / ".factotum/tmp/task.md").rename(root / "Needs_Action/task.md")
        assert await ears.wait(LONG_S) == ["task.md"]

    listening(root, then)


@linux
def test_a_note_that_is_written_in_place_is_not_named_for_it_may_be_half(root: Path) -> None:
    async def then(ears: Wakeup) -> None:
        (root / "Needs_Action/task.md").write_text("Do it.")
        assert await ears.wait(LONG_S) == []

    listening(root, then)


@linux
@pytest.mark.parametrize(
    "touched",
    ["Inbox/a.pdf", "Approved/a.md", "In_Progress/pi/a.md", "In_Progress/pi/waiting/a.md",
     "state/wake", "STOP.md", "stop.md", "Company_Handbook.md"],
)  # fmt: skip
def test_what_happens_in_a_watched_folder_ends_the_pause(root: Path, touched: str) -> None:
    async def then(ears: Wakeup) -> None:
        (root / touched).write_text("x")
        assert await pause_s(ears, LONG_S) < LONG_S

    listening(root, then)


@linux
@pytest.mark.parametrize(
    "touched", ["Done/a.md", "Logs/a.md", "state/snapshot.json", "a.md", "Dashboard.md"]
)
def test_what_happens_elsewhere_wakes_nobody(root: Path, touched: str) -> None:
    async def then(ears: Wakeup) -> None:
        (root / touched).write_text("x")
        assert await pause_s(ears, SHORT_S) >= SHORT_S

    listening(root, then)


@linux
def test_a_claim_wakes_nobody_but_what_a_person_moves_back_does(root: Path) -> None:
    async def then(ears: Wakeup) -> None:
        here, there = root / "Needs_Action/task.md", root / "In_Progress/pi/task.md"
        here.write_text("x")
        await pause_s(ears, SHORT_S)
        await pause_s(ears, SHORT_S)
        here.rename(there)
        assert await pause_s(ears, SHORT_S) >= SHORT_S
        there.rename(here)
        assert await ears.wait(LONG_S) == ["task.md"]

    listening(root, then)


@linux
def test_the_folder_of_an_instance_that_comes_later_is_listened_to(root: Path) -> None:
    async def then(ears: Wakeup) -> None:
        (root / "In_Progress/desk").mkdir()
        await ears.wait(LONG_S)
        await pause_s(ears, SHORT_S)
        (root / "In_Progress/desk/a.md").write_text("x")
        assert await pause_s(ears, LONG_S) < LONG_S

    listening(root, then)


@linux
def test_what_was_moved_away_does_not_hold_up_what_comes_next(root: Path) -> None:
    async def then(ears: Wakeup) -> None:
        (root / "Needs_Action/old.md").write_text("x")
        await pause_s(ears, SHORT_S)
        (root / "Needs_Action/old.md").rename(root / "old.md")
        (root / ".factotum/tmp/new.md").write_text("x")
        (root / ".factotum/tmp/new.md").rename(root / "Needs_Action/new.md")
        assert await ears.wait(LONG_S) == ["new.md"]

    listening(root, then)


def test_the_looks_that_a_burst_brings_are_a_moment_apart(root: Path) -> None:
    async def then(ears: Wakeup) -> None:
        ears.set()
        await ears.wait(LONG_S)
        begun = time.monotonic()
        for _ in range(3):
            ears.set()
            await ears.wait(LONG_S)
        assert time.monotonic() - begun >= 3 * wakeup.GATHER_S * 0.9

    listening(root, then)


@pytest.mark.parametrize(
    "touched",
    ["Inbox/a.pdf", "In_Progress/pi/a.md", "state/wake", "STOP.md", "Company_Handbook.md"],
)
def test_other_systems_hear_it_by_watchdog(root: Path, touched: str) -> None:
    async def run() -> None:
        heard = asyncio.Event()
        stop = wakeup._watchdog(root, root / "state", lambda _: heard.set())
        try:
            (root / touched).write_text("x")
            await asyncio.wait_for(heard.wait(), LONG_S)
        finally:
            stop()

    asyncio.run(run())


def test_without_folders_to_watch_there_is_the_time(tmp_path: Path) -> None:
    async def run() -> None:
        ears = Wakeup()
        ears.watch(tmp_path / "nowhere", tmp_path)
        assert await pause_s(ears, SHORT_S) >= SHORT_S
        ears.close()

    asyncio.run(run())


@linux
def test_a_move_at_work_waits_a_moment_for_whoever_made_it_to_say_so(root: Path) -> None:
    (root / "In_Progress/pi/task.md").write_text("Do it.")

    async def then(ears: Wakeup) -> None:
        (root / "In_Progress/pi/task.md").rename(root / "Done/task.md")
        await asyncio.sleep(wakeup.GATHER_S / 4)  # it is heard
        ears.set()
        assert await pause_s(ears, LONG_S) < LONG_S
        assert await pause_s(ears, SHORT_S) >= SHORT_S  # the look after `set` saw the move too

    async def alone(ears: Wakeup) -> None:
        (root / "Done/task.md").rename(root / "In_Progress/pi/task.md")
        assert await pause_s(ears, LONG_S) < LONG_S

    listening(root, then)
    listening(root, alone)
