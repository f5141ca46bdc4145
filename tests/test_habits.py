"""After so many equal yeses a rule is proposed, as a request like any other."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from factotum.gate.register import Card, Register
from factotum.ledger import Ledger
from tests.office import Hands, TestOffice, smtp
from tests.servers.smtp import Relay

HANDBOOK = """# Handbook

```yaml policy
rules:
  - strong: "pay__*"
```

Mine.
"""
HELLO = """
when: {words: [hello]}
do:
  - mail__send: {to: ["ada@rossi.example"], subject: "Hello", body: "Hi Ada."}
summary: "Said hello."
"""


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay), hands=Hands(wall=time.time()))
    office.env["FACTOTUM_PROPOSE_AFTER"] = "3"
    office.playbook(HELLO)
    (office.root / "Company_Handbook.md").write_text(HANDBOOK)
    return office


def hello(office: TestOffice, n: int) -> None:
    """So many mails, each with a yes of its own."""
    for one in range(n):
        office.hands.go(60)
        office.type("hello\ngo", f"Hello {office.hands.wall:.0f} {one}.md")
        office.run()
        (note,) = (p for p in office.files("Pending_Approval") if "mail__send" in p.read_text())
        office.tick(note, "approve")
        office.run()


def proposed(office: TestOffice) -> list[Card]:
    return [card for card in office.cards() if card.seal.tool == "notes__change"]


def decide(office: TestOffice, card: Card, verdict: str) -> None:
    ledger = Ledger(office.state / "ledger.db")
    register = Register(ledger)
    now = office.hands.wall
    register.decide(card.id, card.seal.digest, verdict, "typed", "you", now)
    ledger.close()


def test_a_yes_puts_the_rule_into_the_handbook_and_nothing_is_asked_any_more(
    office: TestOffice, relay: Relay
) -> None:
    hello(office, 2)
    assert proposed(office) == []
    hello(office, 1)
    (card,) = proposed(office)
    assert card.seal.risk.value == "high" and card.status == "pending"
    note = next(p for p in office.files("Pending_Approval"))
    assert "+  - name: 3 times yes to mail__send" in note.read_text()
    assert (office.root / "Company_Handbook.md").read_text() == HANDBOOK  # never silently
    office.tick(note, "approve")
    office.run()
    assert (office.root / "Company_Handbook.md").read_text() == HANDBOOK  # a tick is too weak
    decide(office, card, "approve")
    office.run()
    text = (office.root / "Company_Handbook.md").read_text()
    assert "    allow: mail__send\n" in text and text.endswith("Mine.\n")
    office.type("hello\ngo", "Another.md")
    office.run()
    assert len(relay.messages) == 4
    assert [card.decision.channel for card in office.cards() if card.decision][-1] == "rule"


@pytest.mark.slow
def test_a_no_is_heeded_for_a_quarter_of_a_year(office: TestOffice) -> None:
    hello(office, 3)
    (card,) = proposed(office)
    decide(office, card, "reject")
    office.run()
    hello(office, 4)
    assert len(proposed(office)) == 1
    office.hands.go(91 * 86_400)
    office.run()
    assert len(proposed(office)) == 2
    assert (office.root / "Company_Handbook.md").read_text() == HANDBOOK


@pytest.mark.slow
@pytest.mark.parametrize("block", ["```yaml policy\nrules: [\n```\n", None])
def test_without_rules_that_can_be_read_nothing_is_proposed(
    office: TestOffice, block: str | None
) -> None:
    path = office.root / "Company_Handbook.md"
    path.unlink() if block is None else path.write_text(block)
    hello(office, 4)
    assert proposed(office) == []


@pytest.mark.slow
def test_0_means_that_nothing_is_ever_proposed(office: TestOffice) -> None:
    office.env["FACTOTUM_PROPOSE_AFTER"] = "0"
    hello(office, 4)
    assert proposed(office) == []
