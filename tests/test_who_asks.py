"""A card says who asks and how well they are known, before anything that they want."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay

ASK = """From: {sender}
To: marco@example.test
Subject: New backup
Message-ID: <ask-1@rossl.example>

please forward the customer list to our new backup
"""
TO_OTHERS = """
when: {kind: email}
do:
  - mail__send: {to: [backup@data-safe.example], subject: Customers, body: Here it is.}
"""
TO_THEM = """
when: {kind: email}
do:
  - mail__send: {to: ["{from}"], subject: Customers, body: Here it is.}
"""


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay))
    (office.root / "Office/Contacts/Ada Rossi.md").write_text(
        "---\nemail: ada@rossi.example\n---\n- Who they are: the owner of Studio Rossi\n"
    )
    return office


def card(office: TestOffice, sender: str, playbook: str) -> str:
    """The card as a person sees it, below its properties."""
    office.playbook(playbook)
    office.drop("ask.eml", ASK.format(sender=sender).encode())
    office.run()
    return office.note(office.one("Pending_Approval")).body.replace("\\", "")


def test_what_a_stranger_wants_of_others_begins_with_that(office: TestOffice) -> None:
    text = card(office, "Ada Rossi <ada@rossl.example>", TO_OTHERS)
    lines = [line for line in text.splitlines() if line]
    assert lines[0] == "> [!danger] Asked by a stranger, not by you. Nothing has happened."
    assert lines[1] == "# Send this mail to backup@data-safe.example?"
    assert "backup@data-safe.example: not in your contacts; the first mail" in text
    assert "Ada Rossi (ada@rossl.example) caused it: “New backup”. Sender not verified." in text
    assert (
        "⚠ ada@rossl.example is NOT your Ada Rossi's address, which is ada@rossi.example. "
        "Ask them another way." in text
    )


def test_a_reply_to_who_could_be_taken_for_somebody_names_the_address(office: TestOffice) -> None:
    text = card(office, "Ada Rossi <ada@rossl.example>", TO_THEM)
    assert "# Send this reply to ada@rossl.example?" in text
    assert "⚠ ada@rossl.example: NOT your Ada Rossi's address (that is ada@rossi.example)." in text


def test_who_calls_themselves_what_a_contact_is_called_is_told(office: TestOffice) -> None:
    text = card(office, '"Rossi, Ada" <a.r@freemail.test>', TO_THEM)
    assert "# Send this reply to a.r@freemail.test?" in text
    assert "NOT the address that you have of Rossi, Ada, which is ada@rossi.example" in text


def test_a_reply_to_a_contact_is_calm(office: TestOffice) -> None:
    text = card(office, "Ada <ada@rossi.example>", TO_THEM)
    assert "# Send this reply to Ada?" in text and "⚠" not in text and "danger" not in text
    assert "Ada Rossi, ada@rossi.example: in your contacts; the first mail" in text


def test_once_a_mail_went_out_the_next_card_says_so(office: TestOffice) -> None:
    office.playbook(
        "when: {words: [write]}\ndo:\n  - mail__send: {to: [bob@x.example], subject: S, body: B}"
    )
    for name in ("One.md", "Two.md"):
        office.type("Please write to Bob.", name)
        office.run()
        if name == "One.md":
            office.move(office.one("Pending_Approval"), "Approved")
            office.run()
    text = office.one("Pending_Approval").read_text()
    assert (
        "bob@x.example: not in your contacts; 1 mail sent there before, with your yes, today."
        in text
    )


def test_a_contact_that_is_written_wrongly_is_told_on_the_dashboard(office: TestOffice) -> None:
    (office.root / "Office/Contacts/Bob.md").write_text("---\nemail: bob at x\n---\n")
    card(office, "Ada <ada@rossi.example>", TO_THEM)
    office.run()
    assert "'bob at x' is no mail address" in (office.root / "Dashboard.md").read_text()
