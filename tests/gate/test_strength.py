"""Which channel's yes counts for which risk, at the decision and once more at the attempt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from factotum.gate import strength
from factotum.gate.card import body, ticks_of
from factotum.gate.records import GateError, Proposal, TooWeak
from factotum.gate.register import Card, Register
from factotum.gate.standing import Standing
from factotum.ledger import Ledger, TaskRow
from factotum.model import Effect, Risk, Trust

WEAK = ("move", "tick", "cli", "edit", "", "Telegram ")


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.add_task(
        TaskRow("t-1", "a.md", "note", "A", Trust.OWNER, "", "", "", b"", {}, 1.0, None)
    )
    yield Register(ledger)
    ledger.close()


TO = {"to": ["ada@rossi.example", "bob@rossi.example"], "body": "Hi"}


def asked(
    register: Register, risk: Risk, tool: str = "mail__send", args: Mapping[str, object] = TO
) -> Card:
    proposal = Proposal(
        0, tool, args, "Send?", Effect.OPAQUE, risk, "asks", 60.0, Trust.STRANGER, "p"
    )
    (id,) = register.propose("t-1", 1, [proposal], 1.0)
    return register.card(id)


def yes(register: Register, card: Card, channel: str) -> Card:
    return register.decide(card.id, card.seal.digest, "approve", channel, "you", 2.0)


@pytest.mark.parametrize("channel", WEAK)
def test_a_weak_channel_decides_nothing_of_high_risk(register: Register, channel: str) -> None:
    card = asked(register, Risk.HIGH)
    with pytest.raises(TooWeak, match=rf"factotum approve {card.id}"):
        yes(register, card, channel)
    assert register.card(card.id).status == "pending"


@pytest.mark.parametrize("risk", [Risk.LOW, Risk.MEDIUM])
@pytest.mark.parametrize("channel", ["move", "tick", "cli", *strength.STRONG])
def test_every_channel_decides_what_is_of_less_risk(
    register: Register, risk: Risk, channel: str
) -> None:
    assert yes(register, asked(register, risk), channel).status == "approved"


@pytest.mark.parametrize("channel", strength.STRONG)
def test_a_channel_that_knows_who_speaks_decides_everything(
    register: Register, channel: str
) -> None:
    card = yes(register, asked(register, Risk.HIGH), channel)
    assert register.begin(card, "<key>", 3.0) == 1


def test_typing_counts_only_where_no_stronger_channel_is_set_up(register: Register) -> None:
    card = asked(register, Risk.HIGH)
    register.ledger.set_meta(strength.SET_UP, "telegram")
    with pytest.raises(TooWeak, match="only by Telegram"):
        yes(register, card, strength.TYPED)
    register.ledger.set_meta(strength.SET_UP, "")
    assert yes(register, card, strength.TYPED).status == "approved"


def test_an_unknown_channel_is_not_set_up_by_its_name(register: Register) -> None:
    register.ledger.set_meta(strength.SET_UP, "carrier-pigeon")
    assert strength.set_up(register.ledger) == ()


def test_every_channel_says_no(register: Register) -> None:
    card = asked(register, Risk.HIGH)
    said = register.decide(card.id, card.seal.digest, "reject", "move", "you", 2.0)
    assert said.status == "rejected"


@pytest.mark.parametrize("channel", ["move", "tick", "cli"])
def test_a_weak_yes_that_got_into_the_ledger_begins_nothing(
    register: Register, channel: str
) -> None:
    card = yes(register, asked(register, Risk.HIGH), "telegram")
    register.ledger.db.execute("UPDATE decision SET channel = ?", (channel,))
    with pytest.raises(GateError, match="too weak"):
        register.begin(card, "<key>", 3.0)
    assert register.card(card.id).attempts == 0


def test_a_card_of_high_risk_offers_no_box_to_say_yes(register: Register) -> None:
    card = asked(register, Risk.HIGH)
    assert ticks_of(card) == ("reject",)
    text = body(card, 2.0, 60.0, Standing())
    assert f"`factotum approve {card.id}`" in text
    assert "tick approve" not in text


@pytest.mark.parametrize(
    ("tool", "args", "word"),
    [
        ("mail__send", {"to": ["Ada <ada@rossi.example>"]}, "ada@rossi.example"),
        ("notes__change", {"note": "SOUL.md"}, "SOUL.md"),
        ("bank__transfer", {"amount": "120.00", "payee": "x"}, "120.00"),
        ("odd__tool", {"x": 1}, "odd__tool"),
    ],
)
def test_what_is_typed_is_what_the_request_is_about(
    register: Register, tool: str, args: dict[str, object], word: str
) -> None:
    assert strength.typed_word(asked(register, Risk.HIGH, tool, args)) == word


def test_where_the_owner_declared_a_tool_its_recipient_is_typed(register: Register) -> None:
    args = {"amount": "120.00", "payee": "DE89"}
    card = asked(register, Risk.HIGH, "bank__transfer", args)
    about = {**card.seal.about, "typed": "DE89"}
    assert strength.typed_word(replace(card, seal=replace(card.seal, about=about))) == "DE89"


@pytest.mark.parametrize(
    ("typed", "counts"),
    [("1.234,50 €", True), ("1234.50", True), ("1,234.50", True), ("1234.5", True),
     ("1.234", False), ("1.234,51", False), ("1.234,50 $", False), ("bank__transfer", False)],
)  # fmt: skip
def test_an_amount_is_typed_as_it_stands_there_or_plainly(
    register: Register, typed: str, counts: bool
) -> None:
    card = asked(register, Risk.HIGH, "bank__transfer", {"sum": "1234.50", "cur": "EUR"})
    total = {"amount": "1234.50", "currency": "EUR"}
    about = {**card.seal.about, "typed": "1.234,50\u00a0€", "sum": total}
    card = replace(card, seal=replace(card.seal, about=about))
    assert strength.is_typed(card, typed) is counts


def test_an_address_is_typed_as_it_stands_there(register: Register) -> None:
    card = asked(register, Risk.HIGH)
    assert strength.is_typed(card, "ada@rossi.example")
    assert not strength.is_typed(card, "ada@rossi.examp1e")


def test_what_a_tool_is_given_stands_unfolded_on_its_card(register: Register) -> None:
    args = {"path": "/home/ann", "deep": {"all": True}, "words": "one\ntwo", "to": ["a@b.example"]}
    text = body(asked(register, Risk.HIGH, "other__delete", args), 2.0, 60.0, Standing())
    unfolded = [line for line in text.split("\n") if not line.startswith(">")]
    expected = ["deep: {", "path: /home/ann", "to: a@b.example", "words:", "    one", "    two"]
    for line in expected:
        assert any(row.startswith(line) for row in unfolded), line


def test_a_draft_that_asks_shows_its_words(register: Register) -> None:
    text = body(asked(register, Risk.MEDIUM, "mail__draft"), 2.0, 60.0, Standing())
    assert "To: ada@rossi.example, bob@rossi.example\n" in text


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ("web__read", "cannot be undone: its owner sees that it was read"),
        ("shell__run", "cannot be undone: a command can do anything"),
        ("other__delete", "cannot be undone: nobody has said what would take it back"),
    ],
)
def test_why_it_cannot_be_undone_is_said_before(register: Register, tool: str, said: str) -> None:
    assert said in body(
        asked(register, Risk.HIGH, tool, {"url": "https://a.example/"}), 2.0, 60.0, Standing()
    )
