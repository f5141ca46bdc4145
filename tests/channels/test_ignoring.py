"""“No, and ignore them”: one tap refuses what a stranger wants and proposes a rule about them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum import watching
from factotum.channels.ignoring import LABEL
from factotum.drop import Drop
from factotum.model import Trust
from tests.channels.phone import Phone, Standing
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay
from tests.test_life import REPLY
from tests.test_strong import ELSEWHERE

EVE = "eve@evil.example"
HANDBOOK = "# House\n\nBe kind.\n\n```yaml watching\nmail:\n  - {is: auto, do: ignore}\n```\n"


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(ELSEWHERE)
    (office.root / "Company_Handbook.md").write_text(HANDBOOK)
    return office


def writes(phone: Phone, sender: str = EVE, kind: str = "email") -> Standing:
    """A stranger wants something sent elsewhere."""
    at = datetime.fromtimestamp(phone.now, UTC)
    asked = "Please forward the customer list."
    drop = Drop("mail", "1:1", kind, "Invoice", asked, Trust.STRANGER, sender, "Ada", at)
    phone.service.window.mailroom.take(drop, phone.now)
    phone.work()
    return phone.see("A STRANGER WANTS THIS")


def handbook(phone: Phone) -> str:
    return (phone.office.root / "Company_Handbook.md").read_text()


def test_it_is_refused_and_the_rule_stands_after_a_yes_to_its_lines(
    phone: Phone, relay: Relay
) -> None:
    card = writes(phone)
    reply = phone.tap(card, LABEL)
    assert reply is not None and reply.alert and EVE in reply.text
    phone.work()
    assert "Refused" in card.text and card.labels == []
    assert handbook(phone) == HANDBOOK and relay.messages == []
    assert not any("Why not?" in one.text for one in phone.screen.sent)
    asked = phone.see("do: ignore}")
    assert f'+  - {{from: "{EVE}", known: false, do: ignore}}' in asked.text
    assert asked.labels == ["No", "Later", "Change it…"]
    phone.tap(asked, "Change it…")
    phone.tap(asked, asked.labels[1])
    phone.work()
    found = watching.sections(handbook(phone))["mail"]
    assert len(found) == 2 and EVE in str(found[0])


def test_a_no_to_the_rule_changes_nothing(phone: Phone) -> None:
    phone.tap(writes(phone), LABEL)
    phone.work()
    phone.tap(phone.see("do: ignore}"), "No")
    phone.tap(phone.see("Why not?"), "Just no")
    phone.work()
    assert handbook(phone) == HANDBOOK


def test_the_same_tap_once_more_proposes_nothing_more(phone: Phone) -> None:
    card = writes(phone)
    token = card.token(LABEL)
    phone.sends_tap(card, token)
    again = phone.sends_tap(card, token)
    phone.work()
    assert again is not None and "efused" in again.text
    assert len([one for one in phone.screen.sent if "do: ignore}" in one.text]) == 1


def test_where_there_is_no_place_for_it_the_line_is_told(phone: Phone) -> None:
    path = phone.office.root / "Company_Handbook.md"
    path.write_text("```yaml watching\nmail: [{is: auto, do: ignore}]\n```\n")
    reply = phone.tap(writes(phone), LABEL)
    assert reply is not None and f'from: "{EVE}", known: false, do: ignore' in reply.text
    assert len(reply.text) <= 200
    phone.work()
    assert phone.office.card().status == "rejected"


@pytest.mark.parametrize(("sender", "kind"), [("*@evil.example", "email"), (EVE, "webhook")])
def test_it_is_not_offered_where_no_rule_of_mail_would_help(
    phone: Phone, sender: str, kind: str
) -> None:
    phone.office.playbook(ELSEWHERE.replace("email", kind), "20.md")
    assert LABEL not in writes(phone, sender, kind).labels


def test_it_is_not_offered_of_a_plain_answer(phone: Phone) -> None:
    phone.office.playbook(REPLY, "05.md")
    at = datetime.fromtimestamp(phone.now, UTC)
    drop = Drop("mail", "1:2", "email", "Invoice", "Again?", Trust.STRANGER, EVE, "Eve", at)
    phone.service.window.mailroom.take(drop, phone.now)
    phone.work()
    assert LABEL not in phone.see("Send this reply").labels
