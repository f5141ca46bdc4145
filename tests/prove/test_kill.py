"""kill -9 at every named point of a whole life: at most one mail, one note, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum import failpoint
from tests.office import smtp
from tests.prove.life import Life
from tests.servers.dovecot import Dovecot
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
ELSEWHERE = {"step.recorded", "mail.sent_copy"}


@pytest.fixture
def relay() -> Iterator[Relay]:
    with Relay() as relay:
        yield relay


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
        assert "type: \"unknown_outcome\"" in note.read_text()
        assert "waiting" in task.parts
        assert life.files("Drafts") == []
    else:
        assert len(relay.messages) == 1
        assert mail.status == "succeeded"
        assert task.parent.parent.name == "Done"
        assert task.read_text().count("## Receipts") == 1
        assert len(life.files("Drafts")) == 1
        assert life.files("Pending_Approval") == life.files("Approved") == []
