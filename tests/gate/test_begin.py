"""`begin` is the only way to an attempt, and each of its conditions is one that holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from factotum.gate.register import ATTEMPTS_MOST, Card, GateError, NotOpen, Proposal, Register
from factotum.ledger import Ledger, TaskRow
from factotum.model import Cancelled, Effect, FailedClean, Lost, Outcome, Risk, Succeeded, Trust

ARGS = {"to": ["ada@rossi.example"], "subject": "Hi", "body": "One\n"}


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.add_task(
        TaskRow("t-1", "a.md", "note", "A", Trust.OWNER, "", "", "", b"", {}, 1.0, None)
    )
    yield Register(ledger)
    ledger.close()


def proposal(**more: object) -> Proposal:
    plain: dict[str, object] = {
        "idx": 0, "tool": "mail__send", "args": ARGS, "title": "Send?", "effect": Effect.OPAQUE,
        "risk": Risk.MEDIUM, "rule": "asks", "ttl_s": 60.0, "trust": Trust.OWNER, "policy": "p",
    }  # fmt: skip
    return Proposal(**{**plain, **more})  # type: ignore[arg-type]


@pytest.fixture
def card(register: Register) -> Card:
    """A card with a yes."""
    (id,) = register.propose("t-1", 1, [proposal()], 1.0)
    return approve(register, id)


def approve(register: Register, id: str) -> Card:
    return register.decide(id, register.card(id).seal.digest, "approve", "cli", "you", 2.0)


def sql(register: Register, text: str) -> None:
    register.ledger.db.execute(text)


def test_with_a_yes_it_begins_once(register: Register, card: Card) -> None:
    assert register.begin(card, "<key>", 3.0) == 1
    with pytest.raises(NotOpen, match="being carried out"):
        register.begin(card, "<key>", 3.0)
    assert register.card(card.id).attempts == 1


def test_after_a_clean_failure_it_begins_again_but_not_for_ever(
    register: Register, card: Card
) -> None:
    for n in range(1, ATTEMPTS_MOST + 1):
        assert register.begin(card, "<key>", 3.0) == n
        register.failed_try(card, n, "later", 4.0)
    with pytest.raises(GateError, match="tried 3 times"):
        register.begin(card, "<key>", 5.0)


OUTCOMES: list[Outcome] = [Succeeded({}), FailedClean("no"), Lost("?"), Cancelled("you")]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_came_to_an_end_stays_there(register: Register, card: Card, outcome: Outcome) -> None:
    register.end(card, outcome, 3.0)
    with pytest.raises(NotOpen):
        register.begin(card, "<key>", 4.0)
    for other in OUTCOMES:
        with pytest.raises(NotOpen, match="has an outcome already"):
            register.end(card, other, 5.0)


@pytest.mark.parametrize(
    "change",
    [
        """UPDATE seal SET args = replace(args, 'ada@', 'eve@')""",
        """UPDATE seal SET account = 'eve@example.test'""",
        """UPDATE seal SET tool = 'mail__draft'""",
        """UPDATE seal SET trust = 'stranger'""",
        """UPDATE seal SET attachments = '[{"name":"x","size_bytes":1,"sha256":"0","path":""}]'""",
        """UPDATE seal SET digest = 'x'""",
        """UPDATE decision SET digest = 'x'""",
        """UPDATE seal SET digest = 'x'; UPDATE decision SET digest = 'x'""",
    ],
)
def test_what_is_stored_must_be_what_was_approved(
    register: Register, card: Card, change: str
) -> None:
    for statement in change.split(";"):
        sql(register, statement)
    with pytest.raises(GateError, match="not what was approved"):
        register.begin(card, "<key>", 3.0)
    assert register.card(card.id).attempts == 0


@pytest.mark.parametrize("verdict", ["reject", "answer"])
def test_only_a_yes_is_a_yes(register: Register, verdict: str) -> None:
    (id,) = register.propose("t-1", 1, [proposal()], 1.0)
    open_card = register.card(id)
    with pytest.raises(GateError, match="not approved"):
        register.begin(open_card, "<key>", 2.0)
    decided = register.decide(id, open_card.seal.digest, verdict, "cli", "you", 2.0)
    with pytest.raises(GateError, match="not approved"):
        register.begin(decided, "<key>", 3.0)


def test_a_yes_from_before_the_ledger_was_put_back_is_none(register: Register, card: Card) -> None:
    register.ledger.set_meta("epoch", "another")
    with pytest.raises(GateError, match="restored"):
        register.begin(card, "<key>", 3.0)


def reseal(register: Register, card: Card) -> None:
    register.reseal(card, 3.0, "again", replace(card.proposal(), args={**ARGS, "body": "Two\n"}))


def cancel(register: Register, card: Card) -> None:
    register.cancel(card.id, "cli", "you", 3.0)


@pytest.mark.parametrize("deed", [reseal, cancel])
def test_a_yes_to_what_was_sealed_anew_or_stopped_runs_nothing(
    register: Register, card: Card, deed: Callable[[Register, Card], None]
) -> None:
    deed(register, card)
    with pytest.raises(NotOpen):
        register.begin(card, "<key>", 4.0)
    with pytest.raises(GateError):
        register.begin(register.card(card.id), "<key>", 4.0)


def test_what_was_begun_can_be_neither_stopped_nor_sealed_anew(
    register: Register, card: Card
) -> None:
    register.begin(card, "<key>", 3.0)
    with pytest.raises(NotOpen, match="too late"):
        register.cancel(card.id, "cli", "you", 4.0)
    with pytest.raises(NotOpen):
        register.reseal(card, 4.0, "again")


def test_a_step_that_is_repeated_changes_nothing(register: Register, card: Card) -> None:
    assert register.propose("t-1", 1, [proposal(args={})], 9.0) == [card.id]
    assert register.card(card.id).seal.args == ARGS
    assert register.propose("t-1", 2, [proposal()], 9.0) != [card.id]


def test_two_ledgers_give_one_place_two_ids(tmp_path: Path, card: Card) -> None:
    ledger = Ledger(tmp_path / "other.db")
    ledger.add_task(
        TaskRow("t-1", "a.md", "note", "A", Trust.OWNER, "", "", "", b"", {}, 1.0, None)
    )
    assert Register(ledger).propose("t-1", 1, [proposal()], 1.0) != [card.id]
    ledger.close()


def test_the_first_word_wins_and_none_is_taken_on_what_has_expired(register: Register) -> None:
    first, second = register.propose("t-1", 1, [proposal(), proposal(idx=1)], 1.0)
    approve(register, first)
    with pytest.raises(NotOpen, match="approved by you"):
        register.decide(first, register.card(first).seal.digest, "reject", "cli", "you", 9.0)
    assert register.close(register.card(second), "expired", 5.0)
    with pytest.raises(NotOpen, match="expired"):
        approve(register, second)
    assert not register.close(register.card(first), "expired", 5.0), "it is decided"
