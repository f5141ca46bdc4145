"""kill -9 between a tap and what it causes, and between a send and its record: each mail goes out
once, each message is sent once, and the buttons of before still work."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.channels.live import OWNER, telegram
from tests.cli.terminal import terminal_of
from tests.office import smtp
from tests.prove.at_work import AtWork, at_work
from tests.prove.life import Life
from tests.prove.test_kill import DOUBT
from tests.servers.smtp import Relay
from tests.servers.telegram import TelegramServer, server_running
from tests.servers.telegram.chats import Message
from tests.servers.telegram.people import Person

pytestmark = [pytest.mark.prove, pytest.mark.slow]

MAIL = """
when: {words: [invoice]}
do:
  - mail__send: {to: ["ada@rossi.example"], subject: "Invoice", body: "Hi Ada, here it is."}
"""
CARD = "Send this mail to ada@rossi.example?"


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with server_running() as server:
        yield server


@pytest.fixture
def owner(server: TelegramServer) -> Person:
    owner = server.person(OWNER, "Marco")
    owner.starts()
    server.updates.pending.clear()  # that was long ago
    return owner


@pytest.fixture
def life(tmp_path: Path, relay: Relay, server: TelegramServer, owner: Person) -> Life:
    life = Life(tmp_path, smtp(relay) | telegram(server))
    life.playbook(MAIL)
    return life


def states(life: Life) -> Counter[str]:
    """How many messages there are of each state, but those that were meant for nobody."""
    with sqlite3.connect(life.state / "ledger.db") as db:
        rows = db.execute("SELECT state, count(*) FROM said WHERE kind <> 'later' GROUP BY state")
        return Counter(dict(rows.fetchall()))


def said(owner: Person) -> list[Message]:
    return owner.chat.from_bot


def no_message_came_twice(owner: Person) -> None:
    """By what each said first."""
    first = Counter(one.edits[0].text if one.edits else one.text for one in said(owner))
    assert set(first.values()) <= {1}, first


def card(owner: Person) -> Message | None:
    found = [one for one in said(owner) if any(CARD in t for t in texts(one))]
    assert len(found) <= 1
    return found[0] if found else None


def texts(message: Message) -> list[str]:
    return [message.text, *(one.text for one in message.edits)]


def approve(office: AtWork, owner: Person) -> Message:
    """Taps once, as soon as it can be tapped."""
    office.waits(lambda: (found := card(owner)) and found.labels[0][:1] == ["Send"], "a card")
    found = card(owner)
    assert found is not None
    owner.taps(found.id, "Send")
    return found


def done(office: AtWork, message: Message) -> None:
    office.waits(lambda: "✅" in message.text and not message.labels, "the outcome")


ONCE = [
    "said.sent", "said.recorded", "tap.recorded", "said.changed", "said.changed:2",
    "attempt.begun", "effect.before", "mail.connected", "mail.phase", "effect.after",
    "outcome.recorded", "card.projected", "task.receipts", "task.projected",
]  # fmt: skip


@pytest.mark.parametrize("point", ONCE)
def test_killed_anywhere_between_the_request_and_its_outcome(
    life: Life, relay: Relay, owner: Person, point: str
) -> None:
    life.type("Send it to Ada.\n\ngo", "Invoice.md")
    with at_work(life, point) as office:
        message = approve(office, owner)
        done(office, message)
        office.waits(lambda: life.files("Done"), "the end of the task")
    assert office.kills == 1, f"{point} was never passed"
    assert len(relay.messages) == 1
    no_message_came_twice(owner)
    assert card(owner) is message and set(states(life)) <= {"sent", "dropped"}
    decision = life.card().decision
    assert decision is not None and decision.channel == "telegram"


def test_the_message_whose_send_was_cut_is_never_sent_again_and_counts_as_lost(
    life: Life, relay: Relay, owner: Person
) -> None:
    """It was marked, and nothing of it had left: that cannot be known, so it is in doubt."""
    life.type("Send it to Ada.\n\ngo", "Invoice.md")
    with at_work(life, "said.begun") as office:
        office.waits(lambda: office.kills, "the kill")
        office.waits(lambda: states(life)["lost"], "that it counts as lost")
        dashboard = life.root / "Dashboard.md"
        doubt = "1 message may not have reached you"
        office.waits(lambda: dashboard.exists() and doubt in dashboard.read_text(), doubt)
        listed = terminal_of(life)("channels", "list")
        assert listed.code == 3 and doubt in listed.out
        life.move(life.one("Pending_Approval"), "Approved")
        office.waits(lambda: life.files("Done"), "the end of the task")
    assert card(owner) is None and len(relay.messages) == 1
    no_message_came_twice(owner)


@pytest.mark.parametrize("point", sorted(DOUBT))
def test_killed_in_doubt_the_phone_asks_what_happened(
    life: Life, relay: Relay, owner: Person, point: str
) -> None:
    life.type("Send it to Ada.\n\ngo", "Invoice.md")
    with at_work(life, point) as office:
        message = approve(office, owner)
        office.waits(lambda: ["It happened", "It did not"] in message.labels, "three choices")
        assert len(relay.messages) == DOUBT[point]
        owner.taps(message.id, "It happened")
        done(office, message)
    assert office.kills == 1 and len(relay.messages) == DOUBT[point]
    no_message_came_twice(owner)


SPOKEN = [
    "talk.heard", "watch.kept", "watch.registered", "watch.dropped", "watch.seen",
    "seal.committed", "card.written", "task.waiting",
    "said.sent:1", "said.sent:2", "said.recorded:1", "said.recorded:2",
    "tap.recorded", "attempt.begun", "outcome.recorded", "task.projected",
]  # fmt: skip


@pytest.mark.parametrize("point", SPOKEN)
def test_killed_anywhere_in_a_conversation(
    life: Life, relay: Relay, owner: Person, server: TelegramServer, point: str
) -> None:
    with at_work(life, point) as office:
        server.waits_for_call("getUpdates")
        owner.says("Send the invoice to Ada.")
        message = approve(office, owner)
        done(office, message)
        office.waits(lambda: owner.chat.find("What was really done"), "the result")
        office.waits(lambda: office.kills, f"that {point} is passed")
    assert len(relay.messages) == 1 and len(life.tasks()) == 1
    no_message_came_twice(owner)
    with sqlite3.connect(life.state / "ledger.db") as db:
        assert db.execute("SELECT count(*) FROM task").fetchone() == (1,)


@pytest.mark.parametrize("first", ["tap.recorded", "said.sent", "attempt.begun"])
def test_killed_by_hand_while_it_recovers_from_a_kill(
    life: Life, relay: Relay, owner: Person, first: str
) -> None:
    life.type("Send it to Ada.\n\ngo", "Invoice.md")
    with at_work(life, first) as office:
        message = approve(office, owner)
        office.waits(lambda: office.kills, "the kill")
        office.kill()
        done(office, message)
    assert office.kills == 2 and len(relay.messages) == 1
    no_message_came_twice(owner)


def test_an_update_that_comes_again_decides_once(
    life: Life, relay: Relay, owner: Person, server: TelegramServer
) -> None:
    life.type("Send it to Ada.\n\ngo", "Invoice.md")
    with at_work(life) as office:
        message = approve(office, owner)
        done(office, message)
        (tap,) = [one for one in server.updates.told if "callback_query" in one]
        server.updates.again(tap)
        office.kill()
        office.look()
        server.updates.again(tap)
        office.waits(lambda: not server.updates.pending, "that it is heard")
    assert len(relay.messages) == 1
