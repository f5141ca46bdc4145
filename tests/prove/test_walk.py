"""One walk through the gate with a real mail server: Dovecot holds the mailbox and takes what is
sent, a scripted model thinks, and the test stands where the watcher of the mailbox will stand.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from factotum.gate.contact import Contact
from factotum.gate.form import form_text
from factotum.gate.register import Register
from factotum.gate.rows import LETTER
from factotum.keeping import Keeper
from factotum.ledger import Ledger
from factotum.letter import label_of, letter, own_servers
from factotum.mailroom import Mailroom
from factotum.reader import Reader
from factotum.reading import read
from factotum.vault import Vault
from tests.office import TestOffice
from tests.servers.dovecot import USERS, Dovecot
from tests.servers.model import Script, ScriptedModelServer, call
from tests.servers.smtp import Relay

pytestmark = pytest.mark.prove

ME = "ann@example.test"
ADA = "ada@rossi.example"
FINISH = call("finish", summary="Done.")
RULES = """# Handbook

```yaml policy
rules:
  - {name: people I know get an answer, allow: mail__send, recipient: known, trust: known}
  - {name: every other mail asks, ask: mail__send}
```
"""
CHEAP = """# Handbook

```yaml policy
budget: {day: 0.0001 USD}
```
"""


@dataclass
class House:
    """The office, the mail server that it sends by, and where that hands letters on."""

    office: TestOffice
    dovecot: Dovecot
    relay: Relay

    def arrives(self, number: int, sender: str, proved: bool) -> None:
        """A letter is delivered to the mailbox, fetched from there, and handed in."""
        domain = sender.rpartition("@")[2]
        found = "pass" if proved else "fail"
        lines = [
            f"Authentication-Results: mx.example.test; dmarc={found} header.from={domain}",
            f"From: Ada Rossi <{sender}>",
            f"To: {ME}",
            f"Subject: The invoice {number}",
            f"Message-ID: <ask-{number}@{domain}>",
            "Date: Mon, 30 Nov 2026 09:00:00 +0100",
            "",
            "Could you send me the invoice again?",
        ]
        self.dovecot.deliver(ME, "\r\n".join(lines).encode(), sender)
        raw = self.dovecot.messages(ME)[-1].message.as_bytes()
        office = self.office
        servers = own_servers(office.settings())
        label = label_of(raw, servers, self._contact)
        drop = letter(raw, "mail", f"1:{number}", label, read)
        vault = Vault(office.root, office.instance, time.monotonic, guest=True)
        keeper = Keeper(vault, Reader(), office.state / "attachments")
        ledger = Ledger(office.state / "ledger.db")
        room = Mailroom(vault, ledger, keeper, lambda at: datetime.fromtimestamp(at, UTC))
        room.take(drop, office.hands.wall)
        ledger.close()

    def _contact(self, address: str) -> Contact:
        return Contact(address, "Ada Rossi", listed=address == ADA, vouched=address == ADA)

    def pending(self) -> list[Path]:
        return self.office.files("Pending_Approval")

    @property
    def sent(self) -> int:
        return len(self.relay.messages)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with Relay() as relay, Dovecot(relay_port=relay.port) as dovecot:
        env = dovecot.settings(ME) | {
            "FACTOTUM_SMTP_HOST": "127.0.0.1",
            "FACTOTUM_SMTP_PORT": str(dovecot.submission_port),
            "FACTOTUM_SMTP_USER": ME,
            "FACTOTUM_SMTP_PASSWORD": USERS[ME],
            "FACTOTUM_SMTP_SECURITY": "none",
            "FACTOTUM_MAIL_FROM": f"Ann <{ME}>",
            "FACTOTUM_MAIL_AUTHSERV": "mx.example.test",
        }
        office = TestOffice(tmp_path, env)
        (office.root / "Office/Contacts").mkdir(parents=True, exist_ok=True)
        note = f"---\nemail: {ADA}\nknown: true\n---\n# Ada Rossi\n"
        (office.root / "Office/Contacts/Ada Rossi.md").write_text(note)
        (office.root / "Company_Handbook.md").write_text(RULES)
        office.run()  # so that there is a ledger
        yield House(office, dovecot, relay)


@contextmanager
def thinking(office: TestOffice, script: Script, **env: str) -> Iterator[ScriptedModelServer]:
    with ScriptedModelServer(script) as server:
        given = {"MODEL": "test/scripted", "MODEL_BASE_URL": server.base_url, **env}
        office.env |= {f"FACTOTUM_{name}": value for name, value in given.items()}
        yield server


def reply(number: int, to: str = ADA, **more: Any) -> Any:
    domain = to.rpartition("@")[2]
    return call(
        "mail__send",
        to=[to],
        subject=f"Re: The invoice {number}",
        body="Here it is again.",
        in_reply_to=f"<ask-{number}@{domain}>",
        **more,
    )


def test_somebody_known_gets_an_answer_by_the_rule(house: House) -> None:
    house.arrives(1, ADA, proved=True)
    with thinking(house.office, [reply(1), FINISH]):
        house.office.run()
    assert house.sent == 1
    assert house.pending() == []
    done = "".join(path.read_text() for path in house.office.files("Done"))
    assert "people I know get an answer" in done


@pytest.mark.parametrize(
    ("sender", "proved"), [(ADA, False), ("ada@rossl.example", True), ("zed@new.example", True)]
)
def test_somebody_else_or_a_forged_sender_asks(house: House, sender: str, proved: bool) -> None:
    house.arrives(2, sender, proved)
    with thinking(house.office, [reply(2, sender), FINISH]):
        house.office.run()
    assert house.sent == 0
    assert len(house.pending()) == 1


def test_what_a_known_person_would_have_sent_elsewhere_asks_for_the_strong_word(
    house: House,
) -> None:
    house.arrives(3, ADA, proved=True)
    with thinking(house.office, [reply(3, cc=["backup@data-safe.example"]), FINISH]):
        house.office.run()
        house.office.move(house.pending()[0], "Approved")
        house.office.run()
    assert house.sent == 0
    assert house.office.card().status == "pending"


def test_having_read_others_words_even_a_known_person_asks(house: House) -> None:
    house.arrives(4, ADA, proved=True)
    with thinking(house.office, [call("mail__search", query="invoice"), reply(4), FINISH]):
        house.office.run()
    assert house.sent == 0
    assert len(house.pending()) == 1


def test_an_edit_comes_back_once_and_then_is_what_is_sent(house: House) -> None:
    house.arrives(5, "zed@new.example", proved=True)
    office = house.office
    with thinking(office, [reply(5, "zed@new.example"), FINISH]):
        office.run()
        (note,) = house.pending()
        old = form_text(LETTER, office.card().seal.args)
        new = old.replace("Here it is again.", "I shall look for it.")
        note.write_text(note.read_text().replace(old, new))
        office.move(note, "Approved")
        office.run()
        assert (house.sent, office.card().version) == (0, 2)
        office.move(house.pending()[0], "Approved")
        office.run()
    assert [one.message.get_content().strip() for one in house.relay.messages] == [
        "I shall look for it."
    ]


def test_a_cancel_while_it_waits_stops_it(house: House) -> None:
    house.office.env["FACTOTUM_REGRET_S"] = "60"
    house.arrives(6, "zed@new.example", proved=True)
    office = house.office
    with thinking(office, [reply(6, "zed@new.example"), FINISH]):
        office.run()
        ledger = Ledger(office.state / "ledger.db")
        register, card = Register(ledger), office.card()
        register.decide(card.id, card.seal.digest, "approve", "cli", "ann", office.hands.wall)
        office.hands.go(30)
        register.cancel(card.id, "cli", "ann", office.hands.wall)
        ledger.close()
        office.hands.go(60)
        office.run()
    assert house.sent == 0
    assert office.card().status == "cancelled"


def test_at_the_cap_all_waits_and_lifting_it_lets_it_go_on(house: House) -> None:
    office = house.office
    (office.root / "Company_Handbook.md").write_text(CHEAP)
    for number in (7, 8):
        office.type(f"Note number {number}.\n", f"Note {number}.md")
    price = {"MODEL_PRICE_IN": "10", "MODEL_PRICE_OUT": "10"}
    with thinking(office, lambda body: FINISH, **price) as server:
        office.run()
        assert server.requests == []
        assert "for today" in (office.root / "Dashboard.md").read_text()
        (office.root / "Company_Handbook.md").write_text(CHEAP.replace("0.0001", "5"))
        office.run()
    assert len(office.files("Done")) == 2
