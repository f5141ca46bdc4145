"""What a person does late, twice or by halves: no word is lost, and the last one counts."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from factotum.gate.observe import HEARD_S
from factotum.gate.sent import SentBook
from factotum.ledger import Ledger, LedgerError
from orchestrator import Orchestrator
from tests.office import TestOffice, opened
from tests.servers.smtp import Relay
from tests.test_life import _approve_only, asked, office

__all__ = ["asked", "office"]  # fixtures

TO_BOB = """
when: {{kind: note}}
do:
  - mail__send: {{to: [bob@example.test], subject: Hi, body: "two lines", attachments: {files}}}
"""


def copy_of_the_ledger(office: TestOffice, to: Path) -> None:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(office.state, to)


def put_back(office: TestOffice, copy: Path) -> None:
    shutil.rmtree(office.state)
    shutil.copytree(copy, office.state)


def test_a_ledger_that_is_put_back_twice_sends_nothing_twice(
    office: TestOffice, relay: Relay, asked: Path, tmp_path: Path
) -> None:
    stop = office.root / "STOP.md"
    stop.write_text("")
    office.move(asked, "Approved")
    office.run()
    copy_of_the_ledger(office, tmp_path / "copy")
    stop.unlink()
    office.run()
    for _ in range(3):
        put_back(office, tmp_path / "copy")
        office.run()
        assert office.card().status == "unknown"
    assert len(relay.messages) == 1


@pytest.mark.parametrize("way", ["tick", "move"])
def test_a_no_between_two_tries_is_heard(
    office: TestOffice, relay: Relay, asked: Path, way: str
) -> None:
    port = office.env["FACTOTUM_SMTP_PORT"]
    office.env["FACTOTUM_SMTP_PORT"] = "1"
    office.move(asked, "Approved")
    office.run()
    approved = office.one("Approved")
    assert "Try 1 of 3 failed" in approved.read_text()
    if way == "tick":
        office.tick(approved, "cancel")
    else:
        office.move(approved, "Rejected")
    office.env["FACTOTUM_SMTP_PORT"] = port
    office.run()
    office.hands.go(3600)
    office.run()
    assert office.card().status == "cancelled"
    assert relay.messages == []


def test_an_edit_after_the_yes_takes_the_yes_back(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    office.move(asked, "Approved")
    _approve_only(office)
    note = office.one("Approved")
    note.write_text(note.read_text().replace("here is invoice 1042", "wait, not yet"))
    office.run()
    assert relay.messages == []
    assert (office.card().status, office.card().version) == ("pending", 2)
    assert "wait, not yet" in office.one("Pending_Approval").read_text()


def test_a_changed_recipient_is_told_anew(office: TestOffice, relay: Relay, asked: Path) -> None:
    asked.write_text(asked.read_text().replace("To: ada@rossi.example", "To: eve@other.test"))
    office.run()
    text = asked.read_text()
    assert "# Send this mail to eve@other.test?" in text
    assert "eve@other.test: not in your contacts; the first mail" in text
    assert "Send this reply to Ada" not in text


def test_what_could_not_be_sent_so_is_left_for_the_person_to_mend(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    edited = asked.read_text().replace("Cc:", "Cc: bob@").replace("here is", "here comes")
    asked.write_text(edited)
    office.run()
    assert asked.read_text() == edited
    asked.write_text(edited.replace("bob@\n", "bob@example.test\n"))
    office.run()
    assert office.card().version == 2
    assert office.card().seal.args["cc"] == ["bob@example.test"]


def test_two_files_of_one_name_are_two_files(office: TestOffice, relay: Relay) -> None:
    for folder, text in (("Drafts", "first"), ("Plans", "second")):
        (office.root / folder / "report.txt").write_text(text)
    files = '["Drafts/report.txt", "Plans/report.txt"]'
    office.playbook(TO_BOB.format(files=files))
    office.type("Send the two reports.\n")
    office.run()
    office.move(office.one("Pending_Approval"), "Approved")
    office.run()
    (sent,) = relay.messages
    assert b'"report.txt"' in sent.data and b'"report-2.txt"' in sent.data
    assert [a.name for a in office.card().seal.attachments] == ["report.txt", "report-2.txt"]


def test_a_clock_that_is_set_back_shortens_no_wait(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    office.move(asked, "Approved")
    assert _approve_only(office) == []
    office.hands.wall -= 600
    assert _approve_only(office) == []
    office.hands.go(4200)  # also a long time ago it was said
    office.env["FACTOTUM_REGRET_S"] = "3600"
    with opened(office) as door:
        door.tick([])
        office.hands.go(HEARD_S)
        assert len(door.tick([]).due) == 1
    assert office.card().status == "approved"


def test_what_was_undone_while_nobody_was_there_is_heard_before_it_goes_out(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    office.move(asked, "Approved")
    assert _approve_only(office) == []
    office.hands.go(4200)  # the power is cut meanwhile, and the wait is over long ago
    office.env["FACTOTUM_REGRET_S"] = "3600"
    with opened(office) as door:
        assert door.tick([]).due == []
        office.hands.go(HEARD_S - 1)
        assert door.tick([]).due == []
        card = office.card()
        door.rooms.register.cancel(card.id, "telegram", "Marco (4711)", office.hands.wall)
        office.hands.go(HEARD_S)
        assert door.tick([]).due == []
    office.run()
    assert relay.messages == [] and office.card().status == "cancelled"


def test_an_address_is_known_only_by_its_whole_self(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    office.move(asked, "Approved")
    office.run()
    ledger = Ledger(office.state / "ledger.db")
    try:
        book = SentBook(ledger)
        assert book.of("Ada@rossi.example").count == 1
        assert book.of("a@rossi.example").count == 0
        assert book.of("rossi.example").count == 0
    finally:
        ledger.close()


@pytest.mark.parametrize("folder", ["Approved", "Rejected"])
def test_what_a_person_writes_on_a_card_is_kept(
    office: TestOffice, relay: Relay, asked: Path, folder: str
) -> None:
    with asked.open("a") as note:
        note.write("\nI phoned Ada about it.\n")
    office.move(asked, folder)
    for _ in range(2):
        office.run()
    kept = [p for p in office.root.rglob("*.md") if "I phoned Ada" in p.read_text()]
    assert kept


def test_an_answer_may_have_headings_of_its_own(office: TestOffice, relay: Relay) -> None:
    office.type("Water the plants.\n")
    office.run()
    question = office.one("Pending_Approval")
    answer = "Every Monday.\n\n## Details\n\nThe ferns too.\n\n> [!note] Not the cactus."
    question.write_text(
        question.read_text().replace("## Your answer\n", f"## Your answer\n\n{answer}\n")
    )
    office.tick(question, "answered")
    office.run()
    decisions = [card.decision.why for card in office.cards() if card.decision]
    assert decisions == [answer]


def test_the_task_itself_in_approved_is_no_forgery(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    task = office.move(office.one("In_Progress/pi/waiting"), "Approved")
    office.run()
    assert task.exists()
    assert "forged" not in [event["kind"] for event in office.events()]


def test_two_ledgers_of_one_name_do_not_refuse_each_others_cards(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    office.state.rename(office.folder / "elsewhere")
    with pytest.raises(LedgerError, match="FACTOTUM_INSTANCE"):
        office.run()
    assert asked.exists()
    shutil.rmtree(office.state)
    (office.folder / "elsewhere").rename(office.state)
    office.move(asked, "Approved")
    office.run()
    assert len(relay.messages) == 1


@pytest.mark.parametrize("name", ["2026-11-18.md", "2026-11-18.jsonl"])
def test_a_folder_in_the_way_of_a_log_stops_nothing_else(
    office: TestOffice, relay: Relay, name: str
) -> None:
    (office.root / "Logs" / name).mkdir()
    office.type("Water the plants.\n")
    office.run()
    assert len(office.files("Pending_Approval")) == 1
    assert "Move away what stands there" in (office.root / "Dashboard.md").read_text()


def test_a_backup_by_hard_links_withdraws_nothing(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    os.link(office.one("In_Progress/pi/waiting"), office.folder / "a backup.md")

    def a_while_later(orchestrator: Orchestrator) -> None:
        orchestrator.tick()
        office.hands.go(90)
        orchestrator.tick()

    office.run(a_while_later)
    assert office.card().status == "pending"
