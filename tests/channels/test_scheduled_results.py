"""What came of a schedule's work is told on the channel that the schedule names."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.channels.live import OWNER, at_work, with_mail
from tests.servers.smtp import Relay
from tests.servers.telegram import server_running

PLANTS = """---
at: {at}
channel: {channel}
to: {to}
---
# Water

Say hello.
"""


def soon() -> str:
    at = datetime.now().astimezone() + timedelta(seconds=2)
    return at.isoformat(timespec="seconds")


@pytest.mark.slow
@pytest.mark.parametrize("to", [str(OWNER), "99"])  # who is no owner is told nothing
def test_the_result_of_a_schedule_comes_to_the_owner_it_names(tmp_path: Path, to: str) -> None:
    with Relay() as relay, server_running() as server:
        owner, other = server.person(OWNER, "Marco"), server.person(99, "Eve")
        owner.starts()
        other.starts()
        office = with_mail(tmp_path, relay, server, WATCHERS="schedule")
        office.playbook(
            "when: {kind: schedule}\n"
            "do:\n  - notes__write: {folder: Briefings, title: Hello, text: Hello.}\n",
            "30.md",
        )
        folder = office.root / "Office/Schedules"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "Water.md").write_text(PLANTS.format(channel="Telegram", to=to, at=soon()))
        with at_work(office):
            owner.waits_to_see("🗓 Water")
        assert [one.text for one in other.chat.messages] == ["/start"]
