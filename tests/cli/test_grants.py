"""`approve --also`, `policy grants` and `policy revoke`, in a terminal and in the card's note."""

from __future__ import annotations

import pytest

from factotum.note import set_props
from tests.cli.conftest import ASK
from tests.cli.terminal import Terminal
from tests.office import TestOffice
from tests.servers.smtp import Relay

TWICE = """
when: {words: [remind]}
do:
  - mail__send: {to: ["ada@rossi.example"], subject: "Reminder", body: "Please."}
summary: "Reminded Ada."
"""


@pytest.fixture
def reminded(office: TestOffice) -> str:
    """The id of a request of the owner's own that waits for a yes."""
    office.playbook(TWICE, "20-remind.md")
    office.type("remind Ada\ngo", "First.md")
    office.run()
    return office.card().id


def again(office: TestOffice, name: str = "Second.md") -> None:
    office.hands.go(60)
    office.type("remind Ada\ngo", name)
    office.run()


def waiting(office: TestOffice) -> int:
    return sum(1 for card in office.cards() if card.status == "pending")


def test_a_yes_for_tonight_is_listed_used_and_revoked(
    office: TestOffice, terminal: Terminal, relay: Relay, reminded: str
) -> None:
    said = terminal("approve", reminded, "--also", "tonight")
    assert said.code == 0, said.err
    assert "And not asked again: mail__send: the same till tonight, ada@rossi.example" in said.out
    again(office)
    assert waiting(office) == 0 and len(relay.messages) == 2
    listed = terminal("policy", "grants")
    assert "19 of 20 left" in listed.out
    (grant,) = terminal("policy", "grants", "--json").json
    assert grant["tool"] == "mail__send" and grant["used"] == 1
    ended = terminal("policy", "revoke", grant["id"][:6])
    assert ended.code == 0 and "Ended: mail__send" in ended.out
    again(office, "Third.md")
    assert waiting(office) == 1 and len(relay.messages) == 2
    assert "No permission stands" in terminal("policy", "grants").out
    assert terminal("policy", "revoke", grant["id"]).code == 1
    assert terminal("policy", "revoke", "all").code == 0
    log = "\n".join(path.read_text() for path in office.files("Logs"))
    assert "allowed by: your permission of" in log
    assert "Permitted beforehand by" in log and "A permission was ended by" in log


def test_explain_knows_what_was_permitted_for_a_task(
    office: TestOffice, terminal: Terminal, reminded: str
) -> None:
    def explain(*more: str) -> str:
        args = '{"to": ["ada@rossi.example"], "subject": "Again", "body": "Please."}'
        said = terminal("policy", "explain", "mail__send", "--args", args, *more)
        assert said.code == 0, said.err
        return said.out

    assert terminal("approve", reminded, "--also", "thread").code == 0
    assert "asks, medium risk" in explain()
    assert "it is about another task" in explain()
    permitted = explain("--task", reminded)
    assert "goes without asking (your permission of" in permitted
    assert "fits: your permission of" in permitted
    assert terminal("policy", "explain", "mail__send", "--task", "t-zzzz").code == 1


def test_a_word_that_is_none_approves_nothing(
    office: TestOffice, terminal: Terminal, reminded: str
) -> None:
    said = terminal("approve", reminded, "--also", "forever")
    assert said.code == 1 and "Write thread, tonight, or a number of pages" in said.err
    said = terminal("approve", reminded, "--also", "10")
    assert said.code == 1 and "it can for thread or tonight" in said.err
    assert office.card().status == "pending"


def test_a_yes_to_a_strangers_mail_holds_for_that_task_alone(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    assert terminal("approve", asked, "--also", "thread").code == 0
    office.drop("again.eml", ASK.replace(b"ask-1@", b"ask-2@"))
    office.run()
    assert waiting(office) == 1


def test_the_word_can_be_written_into_the_note(
    office: TestOffice, relay: Relay, reminded: str
) -> None:
    note = office.one("Pending_Approval")
    assert office.note(note).props["also"] == ""
    assert "`also: thread` or `also: tonight`" in note.read_text()
    note.write_bytes(set_props(note.read_bytes(), {"also": "toniht"}))
    office.tick(note, "approve")
    office.run()
    assert waiting(office) == 1 and relay.messages == []
    text = office.one("Pending_Approval").read_text()
    assert "Nothing is decided yet: “toniht” is no permission that I know" in text
    note = office.one("Pending_Approval")
    note.write_bytes(set_props(note.read_bytes(), {"also": "Tonight"}))
    office.run()
    assert office.note(office.one("Pending_Approval")).props["also"] == "Tonight"  # kept, no yes
    office.tick(note, "approve")
    office.run()
    again(office)
    assert waiting(office) == 0 and len(relay.messages) == 2
    del reminded


def test_a_card_that_was_moved_with_a_wrong_word_comes_back(
    office: TestOffice, relay: Relay, reminded: str
) -> None:
    note = office.one("Pending_Approval")
    note.write_bytes(set_props(note.read_bytes(), {"also": 10}))
    office.move(note, "Approved")
    office.run()
    assert relay.messages == []
    back = office.one("Pending_Approval")
    assert "Nothing is decided yet" in back.read_text()
    back.write_bytes(set_props(back.read_bytes(), {"also": ""}))
    office.move(back, "Approved")
    office.run()
    assert len(relay.messages) == 1
    again(office)
    assert waiting(office) == 1
    del reminded
