"""The handbook changes, breaks or goes away under an office at work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay

SEND = """
when: {words: [invoice]}
do:
  - mail__send: {to: [ada@rossi.example], subject: "Invoice", body: "Here it is."}
summary: "Sent it."
"""
DRAFT = """
when: {words: [invoice]}
do:
  - notes__write: {folder: Drafts, title: "Invoice", text: "Here it is."}
summary: "Wrote it."
"""


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(SEND)
    return office


def rules(office: TestOffice, text: str) -> None:
    path = office.root / "Company_Handbook.md"
    path.write_text(f"# Handbook\n\n```yaml policy\nrules:\n{text}\n```\n")


def dashboard(office: TestOffice) -> str:
    return (office.root / "Dashboard.md").read_text()


def test_a_strong_rule_makes_a_card_that_a_move_does_not_approve(
    office: TestOffice, relay: Relay
) -> None:
    rules(office, "  - {name: look twice, strong: mail__send}")
    office.type("Please send the invoice.\n\ngo")
    office.run()
    assert "look twice" in office.one("Pending_Approval").read_text()
    office.move(office.one("Pending_Approval"), "Approved")
    office.run()
    office.run()
    assert relay.messages == []


def test_a_change_of_the_rules_holds_at_the_next_look(office: TestOffice, relay: Relay) -> None:
    rules(office, "  - {allow: mail__send, recipient: in rossi.example}")

    def while_it_runs(_: object) -> None:
        rules(office, "  - {deny: mail__send}")

    office.run(while_it_runs)
    office.type("Please send the invoice.\n\ngo")
    office.run()
    assert relay.messages == []
    assert len(office.files("Failed")) == 1


def test_broken_rules_make_everything_ask_and_the_dashboard_names_the_line(
    office: TestOffice, relay: Relay
) -> None:
    rules(office, "  - {allow: mail__send, recipent: in rossi.example}")
    office.type("Please send the invoice.\n\ngo")
    office.run()
    assert relay.messages == []
    assert "the handbook's rules cannot be read" in office.one("Pending_Approval").read_text()
    assert "line 5: " in dashboard(office) and "recipent" in dashboard(office)
    assert "did you mean" in dashboard(office) and "recipient" in dashboard(office)
    assert "Till then everything asks" in dashboard(office)
    rules(office, "  - {allow: mail__send, recipient: in rossi.example}")
    office.run()
    assert "Till then everything asks" not in dashboard(office)


def test_also_our_own_drafts_ask_while_the_rules_are_broken(office: TestOffice) -> None:
    office.playbook(DRAFT)
    rules(office, "  - allow")
    office.type("Please send the invoice.\n\ngo")
    office.run()
    assert office.files("Drafts") == []
    office.move(office.one("Pending_Approval"), "Approved")
    office.run()
    office.run()
    assert len(office.files("Drafts")) == 1


def test_deleting_the_handbook_lifts_nothing(office: TestOffice, relay: Relay) -> None:
    rules(office, "  - {name: no mail, deny: mail__*}")
    office.run()
    os.remove(office.root / "Company_Handbook.md")
    office.type("Please send the invoice.\n\ngo")
    office.run()
    assert relay.messages == []
    assert "everything asks" in office.one("Pending_Approval").read_text()
    assert "Put it back" in dashboard(office)


def test_a_note_that_asks_is_shown_whole_and_can_be_changed(office: TestOffice) -> None:
    office.playbook(DRAFT)
    rules(office, "  - ask: notes__write")
    office.type("Please send the invoice.\n\ngo")
    office.run()
    path = office.one("Pending_Approval")
    text = path.read_text()
    assert "Title: Invoice\n\nHere it is.\n" in text
    path.write_text(text.replace("\nHere it is.\n", "\nHere it is, Ada.\n"))
    office.run()
    office.move(office.one("Pending_Approval"), "Approved")
    office.run()
    office.run()
    assert office.one("Drafts").read_text().endswith("Here it is, Ada.\n")


def test_a_note_is_not_written_where_only_other_things_lie(office: TestOffice) -> None:
    office.playbook(DRAFT)
    rules(office, "  - ask: notes__write")
    office.type("Please send the invoice.\n\ngo")
    office.run()
    path = office.one("Pending_Approval")
    path.write_text(path.read_text().replace("Folder: Drafts", "Folder: ../elsewhere"))
    for _ in range(2):
        office.run()
        for card in office.files("Pending_Approval"):
            office.move(card, "Approved")
    office.run()
    assert office.files("Drafts") == []
    assert not (office.root.parent / "elsewhere").exists()
    assert office.card().status == "failed_clean"
    assert "'../elsewhere'" in str(office.card().ended)
