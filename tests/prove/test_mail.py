"""What the office makes of a mail server that refuses, delays, hangs or is not there."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factotum.gate.register import Card, Register
from factotum.gate.strength import TYPED
from factotum.ledger import Ledger
from orchestrator import Orchestrator, open_rooms
from tests.office import TestOffice, smtp
from tests.patience import PATIENCE_S
from tests.prove.test_kill import ASK
from tests.prove.test_unknown import REPLY
from tests.servers.ports import Silent, free_port
from tests.servers.smtp import Relay

pytestmark = [pytest.mark.prove, pytest.mark.slow]


def approved(folder: Path, env: dict[str, str]) -> TestOffice:
    """An office in which the reply has its yes, and has been tried once."""
    office = TestOffice(folder, env)
    office.playbook(REPLY)
    office.drop("ask.eml", ASK)
    office.run()
    office.move(office.one("Pending_Approval"), "Approved")
    office.run()
    return office


@pytest.mark.parametrize(
    ("script", "word"),
    [
        ({"rcpt": {"ada@rossi.example": "550 no such user"}}, "550 no such user"),
        ({"mail": "550 not from you"}, "550 not from you"),
        ({"data": "554 no"}, "554 no"),
        ({"dot": "550 looks like spam"}, "550 looks like spam"),
    ],
)
def test_a_no_for_good_is_a_clean_failure(
    tmp_path: Path, script: dict[str, Any], word: str
) -> None:
    with Relay(**script) as relay:
        office = approved(tmp_path, smtp(relay))
        assert office.card().status == "failed_clean"
        assert office.card().attempts == 1
        task, card = sorted(office.files("Failed"), key=lambda p: p.name.startswith("send"))
        assert word in card.read_text() and "nothing left the house" in card.read_text()
        assert word in task.read_text() and "move this note to Needs_Action" in task.read_text()
        assert office.files("In_Progress") == office.files("Approved") == []


@pytest.mark.parametrize(
    "script",
    [
        {"rcpt": {"ada@rossi.example": "450 later"}},
        {"mail": "451 later"},
        {"data": "451 later"},
        {"dot": "452 later"},
        {"mail": "drop"},
        {"data": "drop"},
    ],
)
def test_a_no_for_now_is_tried_again_under_the_same_seal(
    tmp_path: Path, script: dict[str, Any]
) -> None:
    with Relay(**script) as relay:
        office = approved(tmp_path, smtp(relay))
        seal = office.card().seal
        assert (office.card().status, office.card().attempts) == ("approved", 1)
        office.run()
        assert office.card().attempts == 1, "not before its time"
    with Relay() as better:
        office.env |= smtp(better)
        office.hands.go(61)
        office.run()
        (sent,) = better.messages
    card = office.card()
    assert (card.status, card.attempts) == ("succeeded", 2)
    assert card.seal.digest == seal.digest
    assert f"<{card.id}.v1@example.test>".encode() in sent.data
    assert len(office.files("Done")) == 2


def test_three_tries_and_then_it_has_failed(tmp_path: Path) -> None:
    with Relay(mail="451 later") as relay:
        office = approved(tmp_path, smtp(relay))
        for wait_s, attempts in ((59, 1), (2, 2), (61, 2), (299, 3)):
            office.hands.go(wait_s)
            office.run()
            assert office.card().attempts == attempts
        assert relay.messages == []
        assert office.card().status == "failed_clean"
        office.hands.go(86400)
        office.run()
        assert office.card().attempts == 3
    assert "tried 3 times" in "".join(path.read_text() for path in office.files("Failed"))
    assert len(office.files("Failed")) == 2


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    env = {
        "FACTOTUM_SMTP_HOST": "127.0.0.1",
        "FACTOTUM_SMTP_PORT": str(free_port()),
        "FACTOTUM_SMTP_SECURITY": "none",
    }
    office = approved(tmp_path, env)
    assert (office.card().status, office.card().attempts) == ("approved", 1)
    (event,) = [e for e in office.events() if e["kind"] == "try_failed"]
    assert "could not be reached" in event["reason"]
    with Relay() as relay:
        office.env |= smtp(relay)
        office.hands.go(61)
        office.run()
        assert len(relay.messages) == 1


@pytest.mark.parametrize(("script", "letters"), [({"dot": "drop"}, 1), ({"data": "cut"}, 0)])
def test_a_line_that_breaks_in_the_content_is_unknown(
    tmp_path: Path, script: dict[str, Any], letters: int
) -> None:
    with Relay(**script) as relay:
        office = approved(tmp_path, smtp(relay))
        assert office.card().status == "unknown"
        assert len(relay.messages) == letters
        assert "unknown_outcome" in office.one("Pending_Approval").read_text()
        assert len(office.files("In_Progress/pi/waiting")) == 1


def mail(office: TestOffice) -> Card:
    """The one card that is a mail."""
    (card,) = [card for card in office.cards() if card.seal.tool == "mail__send"]
    return card


def stays_up(
    office: TestOffice, till: Callable[[Orchestrator], bool], limit_s: float = PATIENCE_S
) -> None:
    """One orchestrator in its loop, until `till` says so; then it is stopped."""

    async def go() -> None:
        rooms = open_rooms(office.settings(), office.root, office.clock())
        orchestrator = Orchestrator(rooms, out=io.StringIO())
        running = asyncio.create_task(orchestrator.run())
        until = time.monotonic() + limit_s
        while not await asyncio.to_thread(till, orchestrator):
            assert time.monotonic() < until, "it did not come to that"
            await asyncio.sleep(0.05)
        orchestrator.stop()
        await running
        rooms.close()

    asyncio.run(go())


def test_a_server_that_hangs_holds_up_nobody_else(tmp_path: Path) -> None:
    """One mail hangs at the greeting; another task is done meanwhile; a stop does not wait
    for it, and the next start knows that nothing had left."""
    with Silent() as silent:
        env = {
            "FACTOTUM_SMTP_HOST": "127.0.0.1",
            "FACTOTUM_SMTP_PORT": str(silent.port),
            "FACTOTUM_SMTP_SECURITY": "none",
            "FACTOTUM_SCAN_S": "1",
        }
        office = TestOffice(tmp_path, env)
        office.playbook(REPLY)
        office.playbook(
            "when: {kind: note}\ndo:\n  - notes__write: "
            '{folder: Drafts, title: "{title}", text: "{text}"}',
            "20-jot.md",
        )
        office.drop("ask.eml", ASK)
        office.run()
        office.move(office.one("Pending_Approval"), "Approved")

        def begun(orchestrator: Orchestrator) -> bool:
            if not any(event["kind"] == "attempt" for event in office.events()):
                return False
            if not (office.root / "Needs_Action/Milk.md").exists() and not office.files("Drafts"):
                office.type("Buy milk.\n", "Milk.md")
                orchestrator.wakeup.set()
            return bool(office.files("Drafts"))

        stays_up(office, begun)
        assert mail(office).ended is None
        kinds = {event["kind"] for event in office.events()}
        assert "try_failed" not in kinds, "the greeting was waited for, which takes 20 s"
    with Relay() as relay:
        office.env |= smtp(relay)
        office.run()
        assert len(relay.messages) == 1
        assert mail(office).status == "succeeded"


def typed(office: TestOffice) -> None:
    """The yes that counts for high risk where no strong channel is set up."""
    ledger = Ledger(office.state / "ledger.db")
    card, now = office.card(), office.hands.wall
    Register(ledger).decide(card.id, card.seal.digest, "approve", TYPED, "Marco", now)
    ledger.close()


def test_a_mail_to_several_goes_to_all_or_to_none(tmp_path: Path) -> None:
    with Relay(rcpt={"bob@example.test": "550 no such user"}) as relay:
        office = TestOffice(tmp_path, smtp(relay))
        office.playbook(REPLY.replace('["{from}"]', '["{from}", "bob@example.test"]'))
        office.drop("ask.eml", ASK)
        office.run()
        typed(office)  # a stranger's mail would have somebody else written to
        office.run()
        assert relay.messages == []
        assert office.card().status == "failed_clean"
        assert "bob@example.test" in office.files("Failed")[0].read_text()
