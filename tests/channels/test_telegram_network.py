"""An office on a line that breaks, a bot that two programs ask, and a crowd of news."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from factotum.channels.contract import Message, NotSent
from factotum.channels.telegram import poller
from factotum.channels.words import Words
from factotum.ears import beats
from factotum.outbox import NEWS, Outbox
from tests.channels.live import OWNER, Live, at_work, ledger_of, telegram
from tests.channels.phone import ME, Phone, phone_of
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay
from tests.servers.telegram import TelegramServer, server_running
from tests.servers.telegram.people import Person

MAIL = """
when: {words: [invoice]}
do:
  - mail__send: {to: ["ada@rossi.example"], subject: "{title}", body: "Hi Ada, here it is."}
"""


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with server_running() as server:
        yield server


@pytest.fixture
def owner(server: TelegramServer) -> Person:
    owner = server.person(OWNER, "Marco")
    owner.starts()
    server.updates.pending.clear()
    return owner


@pytest.fixture
def office(tmp_path: Path, relay: Relay, server: TelegramServer, owner: Person) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay) | telegram(server))
    office.playbook(MAIL)
    return office


def come(office: TestOffice, n: int) -> None:
    office.type("Send it to Ada.\n\ngo", f"Invoice {n}.md")


def say(office: TestOffice, *texts: str) -> None:
    """Has the office say that to its owner."""
    ledger = ledger_of(office)
    for text in texts:
        wanted = Message(Words.of(text)).to_json()
        Outbox(ledger).put("telegram", ME, text, wanted, time.time(), rank=NEWS)
    ledger.close()


def is_ill(live: Live) -> Callable[[], str]:
    def look() -> str:
        beat = beats.of(live.office.state, "telegram")
        return beat.trouble if beat else ""

    return look


def first_texts(owner: Person) -> list[str]:
    """What each message said first, in their order."""
    return [one.edits[0].text if one.edits else one.text for one in owner.chat.from_bot]


@pytest.mark.slow
def test_what_happens_while_the_line_is_cut_is_said_once_and_only_if_it_still_matters(
    office: TestOffice, server: TelegramServer, owner: Person, relay: Relay
) -> None:
    with at_work(office) as live:
        server.waits_for_call("getUpdates")
        come(office, 1)
        first = owner.waits_to_see("Invoice 1")
        server.cut()
        live.waits(is_ill(live))
        come(office, 2)
        come(office, 3)
        live.waits(lambda: len(office.files("Pending_Approval")) == 3)
        (two,) = [one for one in office.files("Pending_Approval") if "Invoice 2" in one.read_text()]
        office.move(two, "Approved")
        live.waits(lambda: len(relay.messages) == 1)
        server.mend()
        third = owner.waits_to_see("Invoice 3")
        live.waits(lambda: not is_ill(live)())
        owner.waits_for_answer(owner.taps(first.id, "Send"))
        owner.waits_for_answer(owner.taps(third.id, "Send"))
        owner.waits_for(lambda _: "✅" in third.text)
        live.waits(lambda: len(relay.messages) == 3)
    assert not [text for text in first_texts(owner) if "Invoice 2" in text]
    assert len([text for text in first_texts(owner) if "Invoice" in text]) == 2


@pytest.mark.slow
def test_a_tap_whose_update_came_over_a_broken_line_counts(
    office: TestOffice, server: TelegramServer, owner: Person, relay: Relay
) -> None:
    with at_work(office) as live:
        come(office, 1)
        card = owner.waits_to_see("Invoice 1")
        server.cut()
        owner.taps(card.id, "Send")  # Telegram keeps it for us
        live.waits(is_ill(live))
        server.mend()
        owner.waits_for(lambda _: "✅" in card.text)
    assert len(relay.messages) == 1


@pytest.mark.slow
def test_a_pause_that_telegram_wants_is_kept(
    office: TestOffice, server: TelegramServer, owner: Person
) -> None:
    fault = server.fails("sendMessage", 429, retry_after_s=1)
    with at_work(office):
        come(office, 1)
        owner.waits_to_see("Invoice 1")
        sends = server.called("sendMessage")
        assert fault.met == 1 and [one.outcome for one in sends] == [429, 200]
        assert sends[1].at - sends[0].at >= 1.0


@pytest.mark.slow
def test_many_messages_stay_within_what_telegram_allows_and_in_their_order(
    office: TestOffice, server: TelegramServer, owner: Person
) -> None:
    server.limits()
    texts = [f"news {n}" for n in range(9)]
    with at_work(office):
        server.waits_for_call("getUpdates")
        say(office, *texts)
        come(office, 1)  # and what matters more comes in between
        owner.waits_to_see("news 8")
        owner.waits_to_see("Invoice 1")
    assert [text for text in first_texts(owner) if text.startswith("news")] == texts
    outcomes = [one.outcome for one in server.calls if one.method.startswith(("send", "edit"))]
    assert outcomes.count(429) <= 3, outcomes


@pytest.mark.slow
def test_two_offices_with_one_bot_the_second_stops_and_says_so(
    tmp_path: Path, office: TestOffice, server: TelegramServer, owner: Person, relay: Relay
) -> None:
    other = TestOffice(tmp_path / "other", smtp(relay) | telegram(server), "desk")
    with at_work(office) as first:
        server.waits_for_call("getUpdates")
        time.sleep(poller.OURS_S + 0.5)
        with at_work(other) as second:
            assert "another program" in second.waits(is_ill(second))
            second.waits(lambda: is_ill(second)() == poller.TAKEN)
            calls = len(server.called("getUpdates"))
            first.waits(lambda: not is_ill(first)())
            come(office, 1)
            card = owner.waits_to_see("Invoice 1")
            owner.waits_for_answer(owner.taps(card.id, "Send"))
            owner.waits_for(lambda _: "✅" in card.text)
            assert len(server.called("getUpdates")) - calls < 20
    assert len(relay.messages) == 1


@pytest.mark.slow
def test_two_programs_on_one_state_only_one_of_them_hears(
    office: TestOffice, server: TelegramServer
) -> None:
    """The office leaves it to the process that has the lock."""
    office.run()  # makes its folders
    lock = beats.lock(office.state, "telegram")
    assert lock is not None
    with at_work(office):
        come(office, 1)
        time.sleep(0.5)
    lock.close()
    assert server.calls == []


# -- a crowd of news


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Phone]:
    with phone_of(TestOffice(tmp_path)) as phone:
        yield phone


def tell(phone: Phone, start: int, count: int) -> None:
    """The office tells so many things at once."""
    with phone.rooms.ledger.tx() as db:
        db.executemany(
            "INSERT INTO notice (key, kind, text, urgent, at, told, how)"
            " VALUES (?, 'failed', ?, 0, ?, ?, 'told')",
            [(f"k{n}", f"Failed: {n}", phone.now, phone.now) for n in range(start, start + count)],
        )


def about_news(phone: Phone) -> list[str]:
    return [one.text for one in phone.screen.sent if "🛑" not in one.text]


def test_five_hundred_things_at_once_are_one_message(phone: Phone) -> None:
    tell(phone, 0, 500)
    phone.look()
    (text,) = about_news(phone)
    assert text.startswith("500 things to know") and "and 475 more" in text
    assert len(text) < 4096


def test_what_comes_while_nothing_can_be_said_becomes_one_message(phone: Phone) -> None:
    phone.screen.fails = [NotSent("it is not reached")] * 1000
    for n in range(60):
        tell(phone, n * 10, 10)
        phone.look()
        phone.go(60)
    assert phone.screen.sent == []
    phone.screen.fails.clear()
    phone.go(60)
    phone.look()
    (text,) = about_news(phone)
    assert text.startswith("600 things to know")
    tell(phone, 600, 1)
    phone.look()
    assert len(about_news(phone)) == 2 and "Failed: 600" in about_news(phone)[1]
