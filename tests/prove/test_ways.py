"""Each way of deciding, with a real mailbox at both ends: what arrived there, and in Sent.

The writer is bob, the owner is ann; letters go through the relay into Dovecot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from factotum.gate.register import Register
from factotum.ledger import Ledger
from orchestrator import Orchestrator
from tests.office import TestOffice, smtp
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import Relay
from tests.test_life import ASK, REPLY, _approve_only

pytestmark = [pytest.mark.slow, pytest.mark.prove]

ANN, BOB = "ann@example.test", "bob@example.test"


@dataclass
class Scene:
    office: TestOffice
    dovecot: Dovecot
    card: Path

    def word(self, verdict: str) -> None:
        """A word given beside the office, as the terminal gives it."""
        card = self.office.card()
        ledger = Ledger(self.office.state / "ledger.db")
        try:
            now = self.office.hands.wall
            Register(ledger).decide(card.id, card.seal.digest, verdict, "cli", "marco", now)
        finally:
            ledger.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with Dovecot() as dovecot, Relay(lmtp_port=dovecot.lmtp_port) as relay:
        office = TestOffice(tmp_path, {**smtp(relay), **dovecot.settings(ANN)})
        office.env["FACTOTUM_MAIL_FROM"] = f"Ann <{ANN}>"
        office.playbook(REPLY)
        office.drop("ask.eml", ASK.replace(b"ada@rossi.example", BOB.encode()))
        office.run()
        yield Scene(office, dovecot, office.one("Pending_Approval"))


def by_move(scene: Scene) -> None:
    scene.office.move(scene.card, "Approved")


def by_tick(scene: Scene) -> None:
    scene.office.tick(scene.card, "approve")


def by_terminal(scene: Scene) -> None:
    scene.word("approve")


def edited(scene: Scene) -> None:
    scene.card.write_text(scene.card.read_text().replace("here is invoice", "find enclosed"))
    scene.office.run()
    scene.office.tick(scene.card, "approve")


def after_it_had_expired(scene: Scene) -> None:
    let_it_expire(scene)
    scene.office.tick(scene.card, "wake")
    scene.office.run()
    scene.office.tick(scene.card, "approve")


@pytest.mark.parametrize("way", [by_move, by_tick, by_terminal, edited, after_it_had_expired])
def test_a_yes_is_one_letter_with_our_id(scene: Scene, way: Callable[[Scene], None]) -> None:
    way(scene)
    for _ in range(3):
        scene.office.run()
    card = scene.office.card()
    (arrived,) = scene.dovecot.messages(BOB)
    (copy,) = scene.dovecot.messages(ANN, "Sent")
    key = f"<{card.id}.v{card.version}@example.test>"
    assert arrived.message["Message-ID"] == copy.message["Message-ID"] == key
    assert ("find enclosed" in arrived.message.as_string()) is (way is edited)
    assert card.status == "succeeded"
    (task,) = [p for p in scene.office.files("Done") if p.name != card.name]
    assert key in task.read_text()


def refused_by_move(scene: Scene) -> None:
    scene.office.move(scene.card, "Rejected")


def refused_by_tick(scene: Scene) -> None:
    scene.office.tick(scene.card, "reject")


def refused_in_the_terminal(scene: Scene) -> None:
    scene.word("reject")


def let_it_expire(scene: Scene) -> None:
    def weeks_later(orchestrator: Orchestrator) -> None:
        scene.office.hands.go(30 * 86400)
        orchestrator.tick()

    scene.office.run(weeks_later)
    assert scene.office.card().status == "expired"


def cancelled(scene: Scene) -> None:
    by_move(scene)
    _approve_only(scene.office)
    scene.office.tick(scene.office.one("Approved"), "cancel")


@pytest.mark.parametrize(
    ("way", "status"),
    [
        (refused_by_move, "rejected"),
        (refused_by_tick, "rejected"),
        (refused_in_the_terminal, "rejected"),
        (let_it_expire, "expired"),
        (cancelled, "cancelled"),
    ],
)
def test_without_a_yes_nothing_arrives(
    scene: Scene, way: Callable[[Scene], None], status: str
) -> None:
    way(scene)
    for _ in range(3):
        scene.office.run()
    assert scene.office.card().status == status
    assert scene.dovecot.messages(BOB) == scene.dovecot.messages(ANN, "Sent") == []
