"""kill -9 at every named point of a whole life: at most one mail, one note, nothing lost."""

from __future__ import annotations

import imaplib
from pathlib import Path

import pytest

from factotum import failpoint
from tests.office import smtp
from tests.prove.life import JOT, Life
from tests.servers.dovecot import USERS, Dovecot
from tests.servers.smtp import Relay

pytestmark = [pytest.mark.prove, pytest.mark.slow]

ASK = b"""From: Ada Rossi <ada@rossi.example>
To: marco@example.test
Subject: Invoice 1042
Message-ID: <ask-1@rossi.example>
Date: Thu, 26 Nov 2026 09:00:00 +0100

Could you send me invoice 1042 again?
"""

#: A reply that asks, then a note that must wait for it.
REPLY = """
when: {kind: email, words: [invoice]}
do:
  - mail__send:
      to: ["{from}"]
      subject: "Re: {subject}"
      body: "Hi {first_name}, here is invoice 1042."
  - notes__write: {folder: Drafts, title: "Answered {subject}", text: "It went to {from}."}
summary: "Answered {from}."
"""

#: After these nobody can know whether the mail went out, unless its copy is in Sent.
DOUBT = {"mail.data": 0, "mail.dot": 1, "mail.accepted": 1}

#: Reached only by another life than the one with a yes and a relay alone.
OTHERS = ("turn.", "child.", "watch.", "join.", "redraft.", "tap.", "talk.", "said.")
ELSEWHERE = {"step.recorded", "mail.sent_copy"} | {
    name for name in failpoint.NAMES if name.startswith(OTHERS)
}


@pytest.fixture
def life(tmp_path: Path, relay: Relay) -> Life:
    life = Life(tmp_path, smtp(relay))
    life.playbook(REPLY)
    life.drop("ask.eml", ASK)
    return life


def whole_life(life: Life, *points: str, folder: str = "Approved") -> int:
    """From the dropped file to the end, killed at each of `points` in turn where it comes by."""
    kills = life.live(*points)
    (card,) = life.files("Pending_Approval")
    life.move(card, folder)
    kills += life.live(*points[kills:])
    return kills


def check_nothing_lost(life: Life) -> Path:
    """One task in one folder, the dropped file kept, no scratch files left. The task's note."""
    (task,) = life.tasks()
    assert len(list(life.root.rglob(task.name))) == 1
    (original,) = (life.root / "Office/Attachments").glob("ask_*.eml")
    assert original.read_bytes() == ASK
    assert list((life.root / "Inbox").iterdir()) == []
    assert list((life.root / ".factotum/intake/pi").iterdir()) == []
    assert life.scratch() == []
    assert len(life.cards()) <= 2
    return task


@pytest.mark.parametrize("point", sorted(set(failpoint.NAMES) - ELSEWHERE))
def test_killed_at_any_point_of_a_life_with_a_yes(life: Life, relay: Relay, point: str) -> None:
    assert whole_life(life, point) == 1, f"{point} was never passed"
    task = check_nothing_lost(life)
    mail = next(card for card in life.cards() if card.seal.tool == "mail__send")
    assert mail.decision is not None
    if point in DOUBT:
        assert len(relay.messages) == DOUBT[point]
        assert mail.status == "unknown"
        (note,) = life.files("Pending_Approval")
        assert 'type: "unknown_outcome"' in note.read_text()
        assert "waiting" in task.parts
        assert life.files("Drafts") == []
    else:
        assert len(relay.messages) == 1
        assert mail.status == "succeeded"
        assert task.parent.parent.name == "Done"
        assert task.read_text().count("## Receipts") == 1
        assert len(life.files("Drafts")) == 1
        assert life.files("Pending_Approval") == life.files("Approved") == []


AGAIN = [
    ("claim.renamed", "seal.committed"),
    ("inbox.claimed", "inbox.read"),
    ("inbox.dropped", "inbox.dropped"),
    ("inbox.dropped", "task.dropped"),
    ("seal.committed", "card.written"),
    ("task.waiting", "card.written"),
    ("decision.recorded", "attempt.begun"),
    ("attempt.begun", "attempt.begun"),
    ("attempt.begun", "mail.connected"),
    ("effect.before", "mail.phase"),
    ("mail.connected", "mail.phase"),
    ("effect.after", "outcome.recorded"),
    ("outcome.recorded", "card.projected"),
    ("card.projected", "task.receipts"),
    ("task.receipts", "task.receipts"),
    ("task.receipts", "task.projected"),
    ("task.projected", "snapshot.written"),
]


@pytest.mark.parametrize(("first", "second"), AGAIN)
def test_killed_again_while_it_recovers(life: Life, relay: Relay, first: str, second: str) -> None:
    assert whole_life(life, first, second) == 2
    task = check_nothing_lost(life)
    assert len(relay.messages) == 1
    assert task.parent.parent.name == "Done"
    assert task.read_text().count("## Receipts") == 1
    assert len(life.files("Drafts")) == 1


@pytest.mark.parametrize("second", ["mail.dot", "mail.accepted", "mail.data"])
def test_killed_in_doubt_after_a_harmless_kill(life: Life, relay: Relay, second: str) -> None:
    assert whole_life(life, "attempt.begun", second) == 2
    life.live()
    assert len(relay.messages) == DOUBT[second]
    assert {card.status for card in life.cards()} == {"unknown"}


def test_killed_before_anything_left_three_times_is_a_clean_failure(
    life: Life, relay: Relay
) -> None:
    assert whole_life(life, *["attempt.begun"] * 3) == 3
    task = check_nothing_lost(life)
    assert relay.messages == []
    assert task.parent.name == "Failed"


def test_killed_where_a_refused_part_leaves_the_rest_undone(life: Life, relay: Relay) -> None:
    assert whole_life(life, "step.recorded", folder="Rejected") == 1
    check_nothing_lost(life)
    assert relay.messages == []
    assert life.files("Drafts") == []
    assert "You said no to a part of it" in life.one("Done").read_text()


NOTE_POINTS = {"claim.renamed": "seal.committed", "claim.registered": "attempt.begun",
               "seal.committed": "effect.before", "attempt.begun": "attempt.begun",
               "effect.before": "effect.before", "effect.after": "effect.after",
               "outcome.recorded": "task.receipts", "task.receipts": "task.receipts",
               "task.projected": "snapshot.written",
               "log.appended": "snapshot.written"}  # fmt: skip


@pytest.mark.parametrize("point", NOTE_POINTS)
def test_killed_while_it_writes_a_note(tmp_path: Path, point: str) -> None:
    life = Life(tmp_path)
    life.playbook(JOT)
    life.type("# Milk\n\nBuy milk.\n", "Milk.md")
    assert life.live(point, NOTE_POINTS[point]) == 2
    (task,) = life.tasks()
    (draft,) = life.files("Drafts")
    assert task.parent.parent.name == "Done"
    assert "Buy milk." in draft.read_text()
    assert life.scratch() == []


QUESTION_POINTS = ["claim.renamed", "seal.committed", "card.written", "task.waiting",
                   "decision.recorded", "card.projected", "task.receipts"]  # fmt: skip


@pytest.mark.parametrize("point", QUESTION_POINTS)
def test_killed_round_a_question(tmp_path: Path, point: str) -> None:
    life = Life(tmp_path)
    life.type("Water the plants.\n", "Plants.md")
    kills = life.live(point)
    (card,) = life.files("Pending_Approval")
    text = card.read_text().replace("## Your answer\n", "## Your answer\n\ndone\n")
    card.write_text(text)
    life.move(card, "Approved")
    assert life.live(*[point][kills:]) + kills == 1
    (task,) = life.tasks()
    assert "You said that you did it yourself" in task.read_text()
    assert task.read_text().startswith("---\nid:") and "Water the plants." in task.read_text()
    assert life.files("Approved") == life.files("Pending_Approval") == []


@pytest.mark.parametrize("point", ["mail.dot", "mail.accepted", "mail.sent_copy", "mail.data"])
def test_a_copy_in_sent_is_evidence(tmp_path: Path, point: str) -> None:
    """The provider's own copy, or ours, tells after a crash that the mail went out."""
    with Dovecot() as dovecot, Relay(lmtp_port=dovecot.lmtp_port) as relay:
        life = Life(tmp_path, smtp(relay) | dovecot.settings("ann@example.test"))
        life.playbook(REPLY)
        life.drop("ask.eml", ASK.replace(b"ada@rossi.example", b"bob@example.test"))
        assert whole_life(life, point) == 1
        (mail,) = (card for card in life.cards() if card.seal.tool == "mail__send")
        if point == "mail.sent_copy":
            assert mail.status == "succeeded"
        else:
            assert mail.status == "unknown"  # no copy there: it proves nothing
        assert len(relay.messages) == (point != "mail.data")


def test_a_yes_to_an_edit_that_a_crash_kept_from_coming_back_is_no_yes(
    life: Life, relay: Relay
) -> None:
    assert not life.child()
    (card,) = life.files("Pending_Approval")
    card.write_text(card.read_text().replace("here is invoice 1042", "here it comes"))
    life.move(card, "Approved")
    assert life.live("card.rewritten") == 1
    assert relay.messages == []
    (back,) = life.files("Pending_Approval")
    assert "Version 2" in back.read_text()
    life.move(back, "Approved")
    life.live()
    assert b"here it comes" in relay.messages[0].data


def test_a_new_note_of_an_old_name_is_a_new_task_after_a_crash(tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.playbook(JOT)
    life.type("Buy milk.\n", "Untitled.md")
    assert not life.child()
    life.type("Water the plants.\n", "Untitled.md")
    assert life.live("claim.renamed") == 1
    drafts = sorted(path.read_text() for path in life.files("Drafts"))
    assert len(drafts) == 2 and "Buy milk." in "".join(drafts) and "plants" in "".join(drafts)
    assert len(life.files("Done")) == 2


def test_a_copy_that_the_provider_kept_tells_that_it_went_out(tmp_path: Path) -> None:
    with Dovecot() as dovecot, Relay(lmtp_port=dovecot.lmtp_port) as relay:
        life = Life(tmp_path, smtp(relay) | dovecot.settings("ann@example.test"))
        life.playbook(REPLY)
        life.drop("ask.eml", ASK.replace(b"ada@rossi.example", b"bob@example.test"))
        life.live()
        life.move(life.one("Pending_Approval"), "Approved")
        assert life.child("mail.dot")
        with imaplib.IMAP4("127.0.0.1", dovecot.imap_port) as box:
            box.login("ann@example.test", USERS["ann@example.test"])
            box.create("Sent")
            box.append("Sent", "", "", relay.messages[0].data)
        life.live()
        (mail,) = (card for card in life.cards() if card.seal.tool == "mail__send")
        assert mail.status == "succeeded" and mail.ended is not None
        assert "Sent" in str(mail.ended.evidence)
        assert len(relay.messages) == 1
        assert len(life.files("Drafts")) == 1
