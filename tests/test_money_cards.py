"""A payment from the request to the receipt: told in the person's locale, wherever it is read."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from factotum.gate.strength import TYPED
from factotum.sandbox import isolation
from factotum.tooling.accepted import Accepted
from tests.channels.phone import phone_of
from tests.cli.terminal import terminal_of
from tests.office import TestOffice
from tests.servers.model import call
from tests.test_life import ASK
from tests.test_mind import thinking

HOSTILE = Path(__file__).parent / "servers" / "hostile_tools.py"
FINISH = call("finish", summary="Done.")
TOLD = "It is about 1.234,50 €, ⚠ for whom cannot be told."

OFFERS = [
    {
        "name": "transfer",
        "description": "Pays a sum.",
        "inputSchema": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("sum", "cur", "payee")},
            "required": ["sum", "cur"],
        },
    }
]
HANDBOOK = """# Rules

```yaml policy
rules:
  - name: small ones
    allow: bank__transfer
    amount: up to 1234.49 EUR
tools:
  bank__transfer: {amount: [sum], currency: [cur]}
```
"""

pytestmark = pytest.mark.skipif(not isolation().possible, reason=isolation().why)


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    """One with a bank, whose tool its owner has looked at."""
    (tmp_path / "tools").mkdir()
    script = shutil.copy(HOSTILE, tmp_path / "tools" / "bank.py")
    listed = tmp_path / "servers.json"
    entry = {"command": sys.executable, "args": ["-I", str(script)]}
    listed.write_text(json.dumps({"mcpServers": {"bank": entry}}))
    listed.chmod(0o600)
    env = {"FACTOTUM_TOOL_SERVERS": str(listed), "FACTOTUM_LOCALE": "de_DE"}
    office = TestOffice(tmp_path, env)
    home = office.state / "servers" / "bank"
    home.mkdir(parents=True)
    (home / "offers.json").write_text(json.dumps(OFFERS))
    (office.root / "Company_Handbook.md").write_text(HANDBOOK)
    with thinking(office, [FINISH]):
        office.type("Look round.\n")
        office.run()
    accepted = Accepted(office.state / "servers")
    waiting = accepted.waiting("bank")
    assert waiting is not None
    accepted.accept(waiting)
    return office


PAY = call("bank__transfer", sum="1234.50", cur="EUR")


def test_note_and_terminal_say_the_same_and_the_amount_is_typed(office: TestOffice) -> None:
    with thinking(office, [PAY, FINISH]):
        office.type("Pay the invoice.\n", "pay.md")
        office.run()
        note = office.one("Pending_Approval").read_text().replace("\u00a0", " ")
        assert TOLD in note
        assert "sum: 1234.50" in note  # what the tool is given stays as it is
        terminal, id = terminal_of(office), office.card().id
        assert TOLD in terminal("show", id).out
        wrong = terminal("approve", id, given="1.234\n")
        assert wrong.code == 1
        assert 'type "1.234,50 €"' in wrong.out.replace("\u00a0", " ")
        assert "nothing was approved" in wrong.err
        assert office.card().status == "pending"
        right = terminal("approve", id, given="1234,50\n")
        assert right.code == 0, right.err
        office.run()
    card = office.card()
    assert card.status == "succeeded"
    assert card.decision is not None
    assert card.decision.channel == TYPED
    assert dict(card.seal.args) == {"sum": "1234.50", "cur": "EUR"}


def test_on_the_phone_it_reads_the_same_and_a_strangers_amount_is_typed(
    office: TestOffice,
) -> None:
    with thinking(office, [PAY, FINISH]), phone_of(office) as phone:
        office.drop("ask.eml", ASK)
        phone.work()
        card = phone.see("bank__transfer")
        assert TOLD in card.text.replace("\u00a0", " ")
        phone.tap(card, next(label for label in card.labels if label.endswith("anyway…")))
        prompt = phone.see("reply with this, letter by letter: 1.234,50\u00a0€")
        phone.says("1.234,00 €", prompt)
        assert office.card().status == "pending"
        phone.says("1234.50 EUR", prompt)
        phone.work()
        assert office.card().status == "succeeded"


def test_on_the_phone_the_second_tap_says_how_much_goes_to_whom(office: TestOffice) -> None:
    declared = "{recipients: [payee], amount: [sum], currency: [cur]}"
    handbook = HANDBOOK.replace("{amount: [sum], currency: [cur]}", declared)
    (office.root / "Company_Handbook.md").write_text(handbook)
    iban = "DE89 3704 0044 0532 0130 00"
    pay = call("bank__transfer", sum="1234.50", cur="EUR", payee=iban)
    with thinking(office, [pay, FINISH]), phone_of(office) as phone:
        office.type("Pay the invoice.\n", "pay.md")
        phone.work()
        card = phone.see("It is about 1.234,50 €, for DE89370400440532013000.")
        phone.tap(card, "Yes, do it…")
        phone.tap(card, "Yes: 1.234,50 € to DE89…3000")
        phone.work()
        assert office.card().status == "succeeded"
