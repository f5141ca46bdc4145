"""A message that may not have arrived is said where the owner looks, until it does not matter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from factotum.channels.contract import Lost, Refused
from tests.channels.phone import Phone, phone_of
from tests.channels.test_telegram_together import MAIL, come
from tests.cli.terminal import terminal_of
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(MAIL)
    return office


def dashboard(phone: Phone) -> str:
    phone.office.run()
    phone.go(61)
    phone.office.run()
    return (phone.office.root / "Dashboard.md").read_text()


@pytest.mark.parametrize(("fault", "told"), [
    (Lost("the line broke"), "1 message may not have reached you, the last"),
    (Refused("it is too odd"), "1 message did not reach you, the last"),
])  # fmt: skip
def test_it_stands_on_the_dashboard_in_the_list_and_in_the_status(
    office: TestOffice, fault: Exception, told: str
) -> None:
    with phone_of(office) as phone:
        phone.screen.fails = [fault]
        come(office, 7)
        phone.work()
        assert told in dashboard(phone)
        phone.says("/status")
        assert told in phone.see("Factotum").text
        # the terminal's clock is that of the machine, on which this is long ago or to come
        listed = terminal_of(office)("channels", "list", "--json")
        rows = {row["name"]: row for row in json.loads(listed.out)["channels"]}
        for doubt in rows["telegram"]["doubts"]:
            assert doubt["told"].startswith(told) and listed.code == 3


@pytest.mark.slow
def test_what_was_decided_since_is_in_doubt_no_more(office: TestOffice, relay: Relay) -> None:
    with phone_of(office) as phone:
        phone.screen.fails = [Lost("the line broke")]
        come(office, 7)
        phone.work()
        assert "may not have reached you" in dashboard(phone)
        office.move(office.one("Pending_Approval"), "Approved")
        assert "may not have reached you" not in dashboard(phone)
        assert len(relay.messages) == 1


@pytest.mark.slow
def test_what_is_seen_to_have_arrived_is_in_doubt_no_more(office: TestOffice) -> None:
    with phone_of(office) as phone:
        phone.screen.done, phone.screen.fails = True, [Lost("the line broke")]
        come(office, 7)
        phone.work()
        phone.screen.done = False
        assert "may not have reached you" in dashboard(phone)
        phone.go(60)
        phone.tap(phone.screen.sent[0], "Later")
        assert "may not have reached you" not in dashboard(phone)


@pytest.mark.slow
def test_after_a_week_nobody_speaks_of_it(office: TestOffice) -> None:
    with phone_of(office) as phone:
        phone.screen.fails = [Lost("the line broke")]
        come(office, 7)
        phone.work()
        phone.go(8 * 86_400)
        assert "may not have reached you" not in dashboard(phone)
