"""Two instances on one vault, two processes and one decision: each effect once."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from factotum.gate.register import NotOpen, Register
from factotum.ledger import Ledger
from tests.office import smtp
from tests.prove.life import CONTEXT, JOT, Life, pass_once, start, wait
from tests.prove.test_kill import ASK
from tests.prove.test_unknown import REPLY
from tests.servers.smtp import Relay

pytestmark = [pytest.mark.prove, pytest.mark.slow]

TASKS = 1000
MAILS = 60


def pair(folder: Path, **more: str) -> tuple[Life, Life]:
    """Two machines on one vault, each with its own state."""
    return Life(folder, dict(more), "pi"), Life(folder, dict(more), "desk")


def both(a: Life, b: Life) -> None:
    """Both at once, until each comes to its end."""
    for child in [start(pass_once, one.env_of()) for one in (a, b)]:
        assert wait(child, 110.0) == 0


def outcomes(*lives: Life) -> Counter[str]:
    """How often each task's effect was carried out, over both ledgers."""
    found: Counter[str] = Counter()
    for life in lives:
        with sqlite3.connect(life.state / "ledger.db") as db:
            found.update(
                title
                for (title,) in db.execute(
                    "SELECT t.title FROM outcome o JOIN card c ON c.id = o.card"
                    " JOIN task t ON t.id = c.task WHERE o.status = 'SUCCEEDED'"
                )
            )
    return found


def test_a_thousand_tasks_are_each_done_once(tmp_path: Path) -> None:
    a, b = pair(tmp_path)
    a.playbook(JOT)
    for n in range(TASKS):
        a.type(f"# Number {n}\n\nText {n}.\n", f"Number {n}.md")
    both(a, b)
    both(a, b)
    done = outcomes(a, b)
    assert len(done) == TASKS
    assert set(done.values()) == {1}
    assert sum(outcomes(a).values()) > 0 and sum(outcomes(b).values()) > 0
    assert len(a.files("Drafts")) == TASKS
    assert len(a.files("Done")) == TASKS
    assert len({path.read_text() for path in a.files("Drafts")}) == TASKS
    for empty in ("Needs_Action", "In_Progress", "Failed"):
        assert a.files(empty) == []


def test_sixty_mails_are_each_sent_once(tmp_path: Path) -> None:
    with Relay() as relay:
        a, b = pair(tmp_path, **smtp(relay))
        a.playbook(REPLY)
        for n in range(MAILS):
            mail = ASK.replace(b"Invoice 1042", b"Invoice %d" % n)
            a.drop(f"ask-{n}.eml", mail.replace(b"ada@rossi", b"ada%d@rossi" % n))
        both(a, b)
        cards = a.files("Pending_Approval")
        assert len(cards) == MAILS
        for card in cards:
            a.move(card, "Approved")
        both(a, b)
        both(a, b)
    reached = Counter(message.recipients for message in relay.messages)
    assert len(reached) == MAILS
    assert set(reached.values()) == {1}
    assert a.files("Pending_Approval") == a.files("Approved") == a.files("In_Progress") == []


ERRAND = """
when: {kind: note}
do:
  - mail__send: {to: ["ada@rossi.example"], subject: "{title}", body: "{text}"}
"""


def test_a_task_that_changes_hands_is_sent_once(tmp_path: Path) -> None:
    """Moved back while it waits, and claimed by the other machine: two cards, one yes."""
    with Relay() as relay:
        a, b = pair(tmp_path, **smtp(relay))
        a.playbook(ERRAND)
        a.type("# Greet Ada\n\nHello.\n")
        assert not a.child()
        a.move(a.one("In_Progress/pi/waiting"), "Needs_Action")
        assert not b.child()
        mine, other = a.card(), b.card()
        assert mine.id != other.id
        (theirs,) = [p for p in a.files("Pending_Approval") if p.name == other.name]
        a.move(theirs, "Approved")
        for life in (a, b, a, b):
            assert not life.child()
        assert len(relay.messages) == 1
        assert b.card().status == "succeeded"


def voice(state: str, cards: list[tuple[str, str]], verdict: str, gate: Any, said: Any) -> None:
    """Another process that has its say on every card, as the CLI would."""
    ledger = Ledger(Path(state) / "ledger.db")
    gate.wait()
    for card, digest in cards:
        try:
            Register(ledger).decide(card, digest, verdict, "cli", verdict, time.time())
            said.put((card, verdict))
        except NotOpen:
            pass
    said.put(None)


def test_the_first_decision_wins(tmp_path: Path) -> None:
    """Moves that the orchestrator sees, and two other processes, all at one time."""
    with Relay() as relay:
        life = Life(tmp_path, smtp(relay))
        life.playbook(REPLY)
        rounds = 80
        for n in range(rounds):
            life.drop(f"ask-{n}.eml", ASK.replace(b"Invoice 1042", b"Invoice %d" % n))
        assert not life.child()
        cards = [(card.id, card.seal.digest) for card in life.cards()]
        gate, said = CONTEXT.Event(), CONTEXT.SimpleQueue()
        state = str(life.state)
        voices = [
            start(voice, state, cards, "approve", gate, said),
            start(voice, state, cards[::-1], "reject", gate, said),
        ]
        for note in life.files("Pending_Approval"):
            life.move(note, "Approved")
        office = start(pass_once, life.env_of())
        time.sleep(0.2)
        gate.set()
        won: dict[str, str] = {}
        for _ in voices:
            while (word := said.get()) is not None:
                assert word[0] not in won, "two were told that theirs was the first"
                won[word[0]] = word[1]
        assert [wait(child) for child in [*voices, office]] == [0, 0, 0]
        assert not life.child()
        approved = 0
        for card in life.cards():
            assert card.decision is not None
            if card.decision.channel == "cli":
                assert won.pop(card.id) == card.decision.verdict
            approved += card.decision.verdict == "approve"
        assert won == {}
        with sqlite3.connect(life.state / "ledger.db") as db:
            (rows,) = db.execute("SELECT count(*) FROM decision").fetchone()
        assert rows == rounds
        assert len(relay.messages) == approved
