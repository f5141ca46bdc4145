"""That the office is gone is said on a channel that outlives it, once."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from factotum.channels import absence
from factotum.channels.absence import Absence
from factotum.channels.contract import Chats, Limits
from factotum.channels.house import window_of
from factotum.channels.window import Window
from orchestrator import open_rooms
from tests.office import TestOffice

ABSENT_S = absence.ABSENT_S


def window(folder: Path) -> Window:
    office = TestOffice(folder)
    rooms = open_rooms(office.settings(), office.root, office.clock(), guest=True)
    there = window_of(rooms, "telegram", Limits())
    there.chats = lambda: Chats("4711", ("4711",))
    return there


def somebody_works(there: Window) -> IO[str]:
    """Holds the lock of an office, as one does that runs."""
    lock = open(there.state / "lock", "w", encoding="utf-8")  # noqa: SIM115
    lock.write(str(os.getpid()))
    lock.flush()
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def said(there: Window) -> list[str]:
    rows = there.outbox.due("telegram")
    return [row.wanted["words"]["text"] for row in rows]


def test_an_office_that_is_gone_is_told_of_once_and_when_it_is_back(tmp_path: Path) -> None:
    there, now = window(tmp_path), 1_795_000_000.0
    gone = Absence(there)
    gone.look(now)
    gone.look(now + ABSENT_S - 1)
    assert said(there) == []
    gone.look(now + ABSENT_S)
    Absence(there).look(now + 2 * ABSENT_S)  # the channel was started again meanwhile
    (text,) = said(there)
    assert text.startswith("🛑 The office does not run since")
    lock = somebody_works(there)
    gone.look(now + 3 * ABSENT_S)
    (text,) = said(there)
    assert text.startswith("✅ The office runs again")
    lock.close()
    gone.look(now + 4 * ABSENT_S)
    gone.look(now + 5 * ABSENT_S)
    assert len(said(there)) == 2  # the next time is another one
    there.ledger.close()


def test_a_restart_is_no_news(tmp_path: Path) -> None:
    there, now = window(tmp_path), 1_795_000_000.0
    gone = Absence(there)
    gone.look(now)
    with somebody_works(there):
        gone.look(now + 60)
        gone.look(now + 2 * ABSENT_S)
    assert said(there) == []
    there.ledger.close()
