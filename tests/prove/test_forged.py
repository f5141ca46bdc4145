"""Five hundred forged cards beside a genuine one: no effect, nothing lost, it still works."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from factotum.names import id_of
from tests.office import TestOffice, smtp
from tests.prove.test_kill import ASK
from tests.prove.test_unknown import REPLY
from tests.servers.smtp import Relay

pytestmark = [pytest.mark.prove, pytest.mark.slow]

#: What a forger may do to a copy of a real card; each gets the text and a random source.
FORGERIES: dict[str, Callable[[str, random.Random], str]] = {
    "another id, the checksum copied": lambda text, dice: _with_id(text, _random_id(dice)),
    "another recipient too": lambda text, dice: _with_id(text, _random_id(dice)).replace(
        "ada@rossi.example", "mallory@evil.example"
    ),
    "another instance's name": lambda text, dice: _with_id(text, _random_id(dice)).replace(
        'instance: "pi"', f'instance: "{dice.choice(["desk", "../pi", "pi ", "PI", ""])}"'
    ),
    "no id": lambda text, dice: re.sub(r"(?m)^id: .*\n", "", text),
    "an id in another form": lambda text, dice: _with_id(
        text, dice.choice(["a-", "A-" + "Q" * 16, "t-" + "q" * 16, "1", "a-" + "q" * 17])
    ),
    "every box ticked": lambda text, dice: (
        re.sub(r"(?m)^(approve|reject): false", r"\1: true", _with_id(text, _random_id(dice)))
        + "send_now: true\n"
    ),
    "an unknown outcome": lambda text, dice: _with_id(text, _random_id(dice)).replace(
        'type: "approval"', 'type: "unknown_outcome"\nhappened: true'
    ),
    "status approved": lambda text, dice: _with_id(text, _random_id(dice)).replace(
        'status: "pending"', 'status: "approved"\nsend_now: true'
    ),
}
NAMES = (
    "card-{n}.md",
    "Zahlung über €{n} 💶.md",
    "cafe\u0301 {n}.md",
    "{n} (1).md",
    "x" * 200 + "{n}.md",
)


def _random_id(dice: random.Random) -> str:
    return id_of("a", str(dice.random()))


def _with_id(text: str, id: str) -> str:
    return re.sub(r'(?m)^id: ".*"$', f'id: "{id}"', text, count=1)


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(REPLY)
    return office


def a_card(office: TestOffice, subject: str) -> Path:
    before = set(office.files("Pending_Approval"))
    office.drop(f"{subject}.eml", ASK.replace(b"1042", subject.encode()))
    office.run()
    (card,) = set(office.files("Pending_Approval")) - before
    return card


def test_five_hundred_forged_cards_do_nothing(office: TestOffice, relay: Relay) -> None:
    done, refused = a_card(office, "11"), a_card(office, "22")
    finished, rejected = done.read_text(), refused.read_text()
    office.move(done, "Approved")
    office.move(refused, "Rejected")
    office.run()
    genuine = a_card(office, "33")
    sent = len(relay.messages)
    assert sent == 1
    dice = random.Random(7)
    copies = [finished, rejected, genuine.read_text()]
    planted: list[bytes] = []
    for n in range(500):
        forge = dice.choice([*FORGERIES.values()])
        text = forge(dice.choice(copies), dice)
        if n % 50 == 0:  # the unchanged card of what is finished or was refused
            text = dice.choice(copies[:2])
        folder = dice.choice(["Approved", "Approved", "Pending_Approval"])
        name = dice.choice(NAMES).format(n=n)
        (office.root / folder / name).write_text(text)
        planted.append(text.encode())
    for _ in range(3):
        office.run()
    assert len(relay.messages) == sent
    assert office.files("Approved") == []
    kept = {p.read_bytes() for p in office.root.rglob("*.md")}
    assert {text for text in planted if text not in kept} == set()
    cards = {card.name: card.status for card in office.cards()}
    assert cards[genuine.name] == "pending"
    assert cards[done.name] == "succeeded" and cards[refused.name] == "rejected"
    office.move(genuine, "Approved")
    office.run()
    assert len(relay.messages) == sent + 1
    assert relay.messages[-1].recipients == ("ada@rossi.example",)


def test_a_forged_card_under_the_name_of_a_genuine_one_is_none(
    office: TestOffice, relay: Relay
) -> None:
    genuine = a_card(office, "11")
    forged = _with_id(genuine.read_text(), id_of("a", "forged")).replace("ada@", "mallory@")
    (office.root / "Approved" / genuine.name).write_text(forged)
    office.run()
    assert relay.messages == []
    assert office.card().status == "pending"
    assert (office.root / "Rejected" / genuine.name).read_text() == forged
    assert genuine.exists()


@pytest.mark.parametrize("name", ["Done", "Rejected", "Failed"])
def test_a_card_of_ours_brought_back_from_the_end_runs_nothing(
    office: TestOffice, relay: Relay, name: str
) -> None:
    card = a_card(office, "11")
    text = card.read_bytes()
    office.move(card, "Rejected" if name == "Rejected" else "Approved")
    office.run()
    for folder in ("Pending_Approval", "Approved", "Rejected", "Needs_Action"):
        (office.root / folder / card.name).write_bytes(text)
        office.run()
    assert len(relay.messages) == (name != "Rejected")
    assert office.files("Pending_Approval") == office.files("Approved") == []
