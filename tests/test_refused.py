"""A person's no is asked for once: the same again is answered for them, in their words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from factotum.gate.records import Card
from tests.cli.conftest import ASK, REPLY
from tests.office import TestOffice, smtp
from tests.servers.model import Item, call
from tests.servers.smtp import Relay
from tests.test_mind import FINISH, letter, results, thinking

SENT = letter("ada@rossi.example", "I move on Friday.")


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    return TestOffice(tmp_path, smtp(relay))


def refuse(office: TestOffice, why: str) -> None:
    path = office.one("Pending_Approval")
    text = path.read_text().replace("## Why not\n", f"## Why not\n\n{why}\n")
    path.write_text(text)
    office.move(path, "Rejected")
    office.run()


def asks(office: TestOffice) -> list[Card]:
    return [card for card in office.cards() if card.seal.tool == "mail__send"]


def mail(n: int, **more: str) -> bytes:
    """The same letter, as it comes in for the n-th time."""
    text = ASK.decode().replace("ask-1@", f"ask-{n}@")
    for old, new in more.items():
        text = text.replace(old, new)
    return text.encode()


def test_the_same_call_after_a_no_is_answered_in_the_owners_words(office: TestOffice) -> None:
    turns: list[Item] = [SENT, SENT, FINISH]
    with thinking(office, turns) as server:
        office.type("Tell Ada when we move.\ngo\n")
        office.run()
        refuse(office, "We do not move.")
        told = results(server.requests[-1])
    assert len(asks(office)) == 1
    assert "you said no to exactly this already: We do not move." in told[-1]
    assert office.files("Pending_Approval") == []
    assert len(server.requests) == 3


def test_changed_words_are_asked_about(office: TestOffice) -> None:
    turns: list[Item] = [SENT, letter("ada@rossi.example", "I stay."), FINISH]
    with thinking(office, turns):
        office.type("Tell Ada when we move.\ngo\n")
        office.run()
        refuse(office, "We do not move.")
    assert [card.status for card in asks(office)] == ["rejected", "pending"]


@pytest.mark.slow
def test_a_task_that_was_handed_on_asks_it_no_second_time(office: TestOffice) -> None:
    handed: list[Item] = [
        SENT,
        call("delegate", task="Tell Ada that I move.", title="Tell Ada"),
        SENT,
        FINISH,
        FINISH,
    ]
    with thinking(office, handed):
        office.type("Tell Ada when we move.\ngo\n")
        office.run()
        refuse(office, "No.")
        office.run()
    assert [card.status for card in asks(office)] == ["rejected"]


@pytest.mark.slow
def test_a_question_that_was_refused_is_not_put_again(office: TestOffice) -> None:
    ask: Any = call("ask_owner", question="Which Ada?")
    turns: list[Item] = [ask, ask, FINISH]
    with thinking(office, turns) as server:
        office.type("Tell Ada when we move.\ngo\n")
        office.run()
        office.tick(office.one("Pending_Approval"), "reject")
        office.run()
    assert len(office.cards()) == 1
    assert "said no to exactly this already" in results(server.requests[-1])[-1]


def test_the_same_letter_ten_times_is_refused_once(office: TestOffice) -> None:
    office.playbook(
        REPLY.replace("      subject", '      in_reply_to: "{message_id}"\n      subject')
    )
    office.drop("1.eml", mail(1))
    office.run()
    refuse(office, "Spam.")
    for n in range(2, 6):
        office.hands.go(60)
        office.drop(f"{n}.eml", mail(n))
        office.run()
    assert len(office.cards()) == 1
    ended = [path.read_text() for path in office.files("Done")]
    assert sum("said no to exactly this already: Spam." in text for text in ended) == 4


@pytest.mark.slow
def test_a_no_to_one_sender_holds_for_a_day_and_for_nobody_else(office: TestOffice) -> None:
    office.playbook(REPLY)
    office.drop("1.eml", mail(1))
    office.run()
    refuse(office, "Not now.")
    office.drop("2.eml", mail(2, **{"ada@rossi.example": "bob@rossi.example"}))
    office.run()
    assert len(office.cards()) == 2
    office.hands.go(24 * 3600 + 60)
    office.drop("3.eml", mail(3))
    office.run()
    assert len(office.cards()) == 3


@pytest.mark.slow
def test_who_has_the_task_done_again_is_asked_again(office: TestOffice) -> None:
    office.playbook(REPLY)
    office.drop("1.eml", mail(1))
    office.run()
    refuse(office, "Not now.")
    (task,) = [p for p in office.files("Done") if office.note(p).props.get("type") == "email"]
    office.hands.go(60)
    office.move(task, "Needs_Action")
    office.run()
    assert [card.status for card in office.cards()] == ["rejected", "pending"]
