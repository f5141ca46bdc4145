"""What a program or a tired person may do to the notes of requests: none of it is a yes to
something else than what was shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from factotum.blobs import Blobs
from factotum.model import Task, Trust
from factotum.names import id_of
from factotum.reader import Reader
from factotum.worker.attach import AttachError, Cupboard
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay

ASK = b"""From: Ada Rossi <ada@rossi.example>
To: marco@example.test
Subject: Invoice 1042
Message-ID: <ask@rossi.example>

Please send invoice 1042.
"""

REPLY = """
when: {kind: email, words: [invoice]}
do:
  - mail__send: {to: ["{from}"], subject: "Re: {subject}", body: "Here it is.", bcc: []}
"""


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    """One with one request that waits."""
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(REPLY)
    office.drop("ask.eml", ASK)
    office.run()
    return office


def changed(path: Path, pattern: str, put: str) -> None:
    text = path.read_text()
    assert re.search(pattern, text), pattern
    path.write_text(re.sub(pattern, put, text, count=1))


def to_eve(office: TestOffice, card: Path) -> None:
    changed(card, "To: ada@rossi.example", "To: eve@evil.example")
    office.move(card, "Approved")


def one_more_reader(office: TestOffice, card: Path) -> None:
    changed(card, "Bcc:", "Bcc: eve@evil.example")
    office.tick(card, "approve")


def other_words(office: TestOffice, card: Path) -> None:
    changed(card, "Here it is", "Pay Eve at once")
    office.move(card, "Approved")


def other_frame(office: TestOffice, card: Path) -> None:
    changed(card, "# Send this reply", "# Send a harmless reply")
    office.move(card, "Approved")


def in_both_folders(office: TestOffice, card: Path) -> None:
    text = card.read_text()
    office.move(card, "Approved")
    (office.root / "Rejected" / card.name).write_text(text)


def both_boxes(office: TestOffice, card: Path) -> None:
    office.tick(card, "approve", "reject")


def after_its_time(office: TestOffice, card: Path) -> None:
    from orchestrator import Orchestrator

    def weeks_later(orchestrator: Orchestrator) -> None:
        office.hands.go(30 * 86400)
        office.tick(card, "approve")
        orchestrator.tick()

    office.run(weeks_later)


def forged(office: TestOffice, card: Path) -> None:
    own = re.search(r"a-[a-z2-7]{16}", card.read_text())
    assert own
    text = card.read_text().replace(own[0], id_of("a", "forged")).replace("ada@", "eve@")
    (office.root / "Approved" / "forged_aaaaaa.md").write_text(text)


def half_written(office: TestOffice, card: Path) -> None:
    (office.root / "Approved" / card.name).write_text("---\nid: ")
    card.unlink()


@pytest.mark.parametrize(
    "deed",
    [
        to_eve, one_more_reader, other_words, other_frame, in_both_folders, both_boxes,
        after_its_time, forged, half_written,
    ],
)  # fmt: skip
def test_nothing_is_sent_that_was_not_shown(
    office: TestOffice, relay: Relay, deed: Callable[[TestOffice, Path], None]
) -> None:
    deed(office, office.one("Pending_Approval"))
    for _ in range(2):
        office.run()
    assert relay.messages == []


def test_a_yes_sends_once_and_what_comes_back_runs_nothing(
    office: TestOffice, relay: Relay
) -> None:
    card = office.one("Pending_Approval")
    text = card.read_bytes()
    office.move(card, "Approved")
    office.run()
    for folder in ("Approved", "Pending_Approval"):
        (office.root / folder / card.name).write_bytes(text)
        office.run()
    assert [message.recipients for message in relay.messages] == [("ada@rossi.example",)]


def test_the_ledger_knows_at_once_whose_words_were_dropped(office: TestOffice) -> None:
    labels = [event["trust"] for event in office.events() if event["kind"] == "task"]
    assert labels == ["stranger"]  # before the note was read, which could claim anything


# -- files that may be sent


@pytest.mark.parametrize(
    "name",
    ["../secret.txt", "/etc/passwd", ".factotum/x", "Notes/../../secret.txt", "Link/secret.txt",
     "Link.txt", "Private.md"],
)  # fmt: skip
def test_no_file_is_sent_that_is_not_the_vaults(tmp_path: Path, name: str) -> None:
    root = tmp_path / "vault"
    (root / "Notes").mkdir(parents=True)
    (root / ".factotum").mkdir()
    (root / ".factotum/x").write_text("x")
    (tmp_path / "secret.txt").write_text("secret")
    (root / "Link").symlink_to(tmp_path)
    (root / "Link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "Private.md").write_text("---\nfactotum: never\n---\nsecret")
    cupboard = Cupboard(root, Blobs(tmp_path / "blobs"), Reader())
    with pytest.raises(AttachError):
        cupboard.take(name, Task("t-1", "email", "x", "x", Trust.STRANGER))
