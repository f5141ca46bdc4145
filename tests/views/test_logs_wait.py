"""The day's logs wait a moment while work goes on, and no longer."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

from factotum.scan import Listing
from factotum.views.views import LOGS_S, Views
from orchestrator import open_rooms
from tests.office import TestOffice

HEALTH = {"ok": True, "stopped": "", "missing": {}}


def shown(views: Views, mono: float, **more: Any) -> None:
    views.show(Listing(), [], [], HEALTH, {}, 1_795_000_000.0, mono, **more)


def lines(root: Path) -> int:
    return sum(len(log.read_text().splitlines()) for log in (root / "Logs").glob("*.jsonl"))


def test_logs_wait_for_work_but_a_second_and_not_for_a_stop(tmp_path: Path) -> None:
    office = TestOffice(tmp_path)
    rooms = open_rooms(office.settings(), office.root, office.clock())
    with contextlib.closing(rooms):
        views = Views(
            rooms.vault, rooms.ledger, rooms.runs, rooms.state, rooms.clock.zone, io.StringIO()
        )
        rooms.ledger.event("stopped", 1_795_000_000.0)
        shown(views, 10.0, at_work=True)
        assert (lines(office.root), views.logs_due) == (0, 10.0 + LOGS_S)
        shown(views, 10.0 + LOGS_S, at_work=True)
        assert (lines(office.root), views.logs_due) == (2, None)  # with that of the log's own key
        rooms.ledger.event("stopped", 1_795_000_001.0)
        shown(views, 20.0, at_work=True)
        shown(views, 20.1)
        assert (lines(office.root), views.logs_due) == (3, None)
        rooms.ledger.event("stopped", 1_795_000_002.0)
        shown(views, 30.0, at_work=True)
        views.flush(30.1)
        assert lines(office.root) == 4
