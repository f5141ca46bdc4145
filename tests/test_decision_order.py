"""What one task was told yes to goes out in the order in which it was decided."""

from __future__ import annotations

from pathlib import Path

from factotum.gate.register import Register
from factotum.ledger import Ledger
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay

FIVE = "when: {title: letters}\ndo:\n" + "".join(
    f'  - mail__send: {{to: ["p{n}@rossi.example"], subject: "No {n}", body: "Hello."}}\n'
    for n in range(5)
)


def test_the_order_of_the_yeses_is_the_order_of_the_letters(tmp_path: Path) -> None:
    with Relay() as relay:
        office = TestOffice(tmp_path, env=smtp(relay))
        office.playbook(FIVE)
        office.type("Five letters.\n\ngo", "letters.md")
        office.run()
        ledger = Ledger(office.state / "ledger.db")
        register = Register(ledger)
        cards = sorted(register.unsettled(), key=lambda card: card.idx)
        wanted = [3, 0, 4, 1, 2]
        for later, n in enumerate(wanted):
            now = office.hands.wall + later / 10
            register.decide(cards[n].id, cards[n].seal.digest, "approve", "cli", "me", now)
        ledger.close()
        office.hands.go(5)
        office.run()
        sent = [str(one.message["Subject"]) for one in relay.messages]
    assert sent == [f"No {n}" for n in wanted]
