"""A channel whose process has ended is missed by the office, while it is wanted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from factotum.ears import beats
from factotum.ears.beats import Beat
from factotum.ears.health import GONE_S
from factotum.ledger import Ledger
from tests.office import TestOffice, opened
from tests.servers.telegram import TOKEN


@pytest.mark.parametrize(
    ("channels", "is_missed"), [("none", True), ("telegram", True), ("discord", False)]
)
def test_telegram_is_missed_when_its_process_has_ended(
    tmp_path: Path, channels: str, is_missed: bool
) -> None:
    env = {"FACTOTUM_WATCHERS": "none", "FACTOTUM_CHANNELS": channels}
    office = TestOffice(tmp_path, {**env, "FACTOTUM_TELEGRAM_TOKEN": TOKEN})
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with opened(office) as door:
        now = office.hands.wall
        beats.write(office.state, Beat("telegram", ended.pid, now, rests_till=now + 300))
        door.tick()
        office.hands.go(GONE_S + 1)
        door.tick()
    ledger = Ledger(office.state / "ledger.db")
    said = [row["text"] for row in ledger.db.execute("SELECT text FROM notice")]
    ledger.close()
    assert len(said) == is_missed
    assert all("Start it again: factotum channels run telegram" in one for one in said)
