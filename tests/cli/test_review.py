"""All that waits, one after the other: each word is for what was shown, and nothing else."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from factotum.cli.place import Books
from factotum.cli.reviewing import Review, together
from factotum.gate.records import Card
from factotum.gate.register import Register
from factotum.ledger import Ledger
from factotum.model import Lost, Risk
from tests.cli.terminal import Terminal
from tests.office import TestOffice
from tests.patience import PATIENCE_S
from tests.views.house import House, houses


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from houses(tmp_path)


@dataclass
class Person:
    """Types these answers in order, then quits."""

    house: House
    answers: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def ask(self, prompt: str) -> str:
        self.asked.append(prompt)
        return self.answers.pop(0) if self.answers else "quit"

    def review(self, *answers: str) -> str:
        self.answers, self.asked = list(answers), []
        house = self.house
        settings = TestOffice(house.folder / "other").settings()
        opened = Books(settings, house.root, house.folder, house.ledger, house.register)
        out = io.StringIO()
        with redirect_stdout(out):
            Review(opened, self.ask)()
        return out.getvalue()


@pytest.fixture
def person(house: House) -> Person:
    return Person(house)


def later(house: House, title: str, **more: Any) -> Card:
    """A card that came a second after the one before."""
    house.go(1)
    return house.card(title, **more)


def low(house: House, name: str) -> Card:
    args = {"note": name, "why": "old"}
    return later(house, f"Forget {name}?", tool="forget", args=args, risk=Risk.LOW)


def status(house: House, card: Card) -> str:
    return house.register.card(card.id).status


def test_one_after_the_other(house: House, person: Person) -> None:
    first, second, third = (later(house, f"Send {n}?") for n in "ABC")
    out = person.review("y", "no", "not this one", "skip")
    assert [status(house, card) for card in (first, second, third)] == [
        "approved",
        "rejected",
        "pending",
    ]
    decision = house.register.card(second.id).decision
    assert decision is not None and decision.why == "not this one"
    assert "Hi Ada, here it is." in out and out.count("Why it asks") == 3
    assert "1 still waits for you" in out


def test_an_unclear_answer_decides_nothing_and_asks_again(house: House, person: Person) -> None:
    card = house.card()
    out = person.review("", "maybe", "ye")
    assert out.count("Please answer yes, no, skip, open, quit") == 2
    assert status(house, card) == "approved"


def test_open_shows_all_and_asks_again(house: House, person: Person) -> None:
    card = house.card()
    out = person.review("open", "quit")
    assert f"Its task: factotum show {card.task}" in out
    assert status(house, card) == "pending"


def test_those_of_low_risk_and_one_kind_are_approved_together_after_all_were_shown(
    house: House, person: Person
) -> None:
    cards = [low(house, f"n{n}.md") for n in range(3)]
    mail = house.card("Send this?")
    out = person.review("skip", "all")
    assert [status(house, card) for card in cards] == ["approved"] * 3
    assert status(house, mail) == "pending"
    assert "[3 of 3 of a kind, low risk]" in out
    digests = {house.register.card(card.id).decision.digest for card in cards}  # type: ignore[union-attr]
    assert digests == {card.seal.digest for card in cards}


def test_a_batch_can_be_gone_through_one_by_one(house: House, person: Person) -> None:
    first, second = low(house, "a.md"), low(house, "b.md")
    person.review("one", "y", "n", "")
    assert (status(house, first), status(house, second)) == ("approved", "rejected")


def test_what_was_sealed_anew_since_it_was_shown_is_not_approved_with_the_rest(
    house: House, person: Person
) -> None:
    first, second = low(house, "a.md"), low(house, "b.md")

    def sneaky(prompt: str) -> str:
        if person.answers == ["all"]:
            other = replace(second.proposal(), args={"note": "x", "why": "y"})
            house.register.reseal(second, house.now, "changed", other)
        return ask(prompt)

    ask, person.ask = person.ask, sneaky  # type: ignore[method-assign]
    out = person.review("all")
    assert status(house, first) == "approved"
    assert status(house, second) == "pending"
    assert "Not decided" in out and "look at version 2" in out


def test_a_higher_risk_is_never_in_a_batch(house: House) -> None:
    cards = [
        house.card("A?"),
        low(house, "a.md"),
        house.card("B?"),
        low(house, "b.md"),
        house.card("C?", tool="mail__draft", risk=Risk.LOW),
    ]
    assert [[c.title for c in group] for group in together(cards)] == [
        ["A?"],
        ["B?"],
        ["Forget a.md?", "Forget b.md?"],
        ["C?"],
    ]


def test_a_question_is_answered_what_is_unknown_settled_and_the_expired_woken(
    house: House, person: Person
) -> None:
    lost = house.end(house.card("Sent?"), Lost("no answer"))
    question = later(
        house, "Which?", kind="question", tool="ask_owner", args={"question": "Which?"}
    )
    expired = later(house, "Old?")
    house.register.close(expired, "expired", house.now)
    person.review("happened", "answer", "the second", "wake")
    assert status(house, lost) == "happened"
    decision = house.register.card(question.id).decision
    assert decision is not None and decision.why == "the second"
    assert [(card, what) for _, card, what in house.register.wishes()] == [(expired.id, "wake")]


def test_quitting_leaves_the_rest(house: House, person: Person) -> None:
    cards = [house.card(f"Send {n}?") for n in "AB"]
    person.review("q")
    assert [status(house, card) for card in cards] == ["pending", "pending"]


def test_it_asks_nobody_where_there_is_no_terminal(terminal: Terminal, asked: str) -> None:
    said = terminal("review")
    assert said.code == 2 and "there is none" in said.err


@contextmanager
def at_a_terminal(terminal: Terminal, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "factotum.cli", *words],
        cwd=terminal.folder,
        env=terminal.environ(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.mark.slow
def test_a_yes_at_a_real_terminal(office: TestOffice, terminal: Terminal, asked: str) -> None:
    with at_a_terminal(terminal, "review") as (process, hand):
        heard = b""
        while b"quit?" not in heard:
            heard += os.read(hand, 4096)
        os.write(hand, b"yes\n")
        assert process.wait(PATIENCE_S) == 0
    ledger = Ledger(office.state / "ledger.db")
    decision = Register(ledger).card(asked).decision
    ledger.close()
    assert decision is not None and (decision.verdict, decision.channel) == ("approve", "cli")
