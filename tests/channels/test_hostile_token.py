"""Somebody else has the token: what they can do with it is noticed, and is no yes."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from factotum.channels.contract import NotSent, Reply, Tapped
from factotum.channels.imposed import CHANGED, NOT_OURS
from factotum.channels.telegram.poller import HASTY_S, VISITS_MOST, Poller
from tests.channels.live import OWNER, at_work, with_mail
from tests.channels.phone import ME, NAME, Phone, phone_of
from tests.office import TestOffice, smtp
from tests.patience import PATIENCE_S
from tests.servers.smtp import Relay
from tests.servers.telegram import TelegramServer, server_running
from tests.servers.telegram.trying import with_bot
from tests.test_life import ASK, REPLY


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with server_running() as server:
        yield server


def polls(server: TelegramServer, meanwhile: Any, **more: Any) -> None:
    """Our poller at work while `meanwhile` happens."""

    async def poll(bot: Any) -> None:
        well = asyncio.Event()
        poller = Poller(bot, lambda _: None, well.set, lambda _: None, **more)
        polling = asyncio.create_task(poller.run())
        async with asyncio.timeout(2 * PATIENCE_S):
            await well.wait()
            await asyncio.to_thread(server.waits_for_call, "getUpdates", 2)
            await asyncio.to_thread(meanwhile)
        polling.cancel()

    with_bot(server, poll)


@pytest.mark.slow
def test_who_reads_along_now_and_then_is_noticed_though_every_other_question_is_answered(
    server: TelegramServer,
) -> None:
    seen = threading.Event()
    ada = server.person(7, "Ada")

    def thief() -> None:
        for n in range(VISITS_MOST):
            server.waits_for_call("getUpdates", len(server.called("getUpdates")))
            server.updates.end_waiting("Conflict: terminated by other getUpdates request")
            ada.says(f"and all is well again, {n}")
            server.waits_for_call("getUpdates", len(server.called("getUpdates")) + 2)
        assert seen.wait(PATIENCE_S)

    polls(server, thief, visited=seen.set)


@pytest.mark.slow
def test_one_start_beside_another_is_no_visit(server: TelegramServer) -> None:
    seen = threading.Event()

    def once() -> None:
        server.updates.end_waiting("Conflict: terminated by other getUpdates request")
        server.waits_for_call("getUpdates", 3)

    polls(server, once, visited=seen.set)
    assert not seen.is_set()


@pytest.mark.slow
def test_a_server_that_holds_no_question_is_not_asked_without_end(server: TelegramServer) -> None:
    lasted_s = []

    def hasty() -> None:
        begun = time.monotonic()
        time.sleep(1.2)
        lasted_s.append(time.monotonic() - begun)

    held = server.updates.get

    def given(offset: int, limit: int, timeout_s: float, allowed: list[str] | None) -> Any:
        return held(offset, limit, 0.0, allowed)

    server.updates.get = given  # type: ignore[method-assign]
    polls(server, hasty)
    assert len(server.called("getUpdates")) < 3 + lasted_s[0] / HASTY_S


@pytest.fixture
def phone(tmp_path: Path, relay: Relay) -> Iterator[Phone]:
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(REPLY)
    office.drop("ask.eml", ASK)
    with phone_of(office) as phone:
        phone.work()
        yield phone


def below(phone: Phone, text: str | None, label: str | None, of: str = "Send") -> Reply | None:
    """The owner taps, where this stands above the button and on it."""
    (card,) = phone.screen.sent[:1]
    tap = Tapped("tap-1", ME, card.id, ME, NAME, card.token(of), text, label)
    return phone.service.tap(tap)


IMPOSED = [
    ("Send hello to Ada?", "Send"),  # other words above it
    ("", "Send"),  # a picture instead of them
    (None, "No"),  # the same words, and another name on the button
    ("{}\nand nothing else is done", "Send"),
    ("{} 1", "Send"),
]


@pytest.mark.parametrize(("text", "label"), IMPOSED)
def test_a_tap_below_words_that_are_not_ours_does_nothing_and_is_told(
    phone: Phone, relay: Relay, text: str | None, label: str
) -> None:
    (card,) = phone.screen.sent
    before, edits = card.text, phone.screen.edits
    reply = below(phone, card.text if text is None else text.format(card.text), label)
    assert reply == NOT_OURS
    phone.work()
    assert relay.messages == [] and phone.office.card().status == "pending"
    assert card.text == before and phone.screen.edits == edits + 1  # ours is put there again
    (told,) = phone.rooms.ledger.db.execute(
        "SELECT text FROM notice WHERE kind = 'listening'"
    ).fetchall()
    assert "they have its token" in told["text"]


@pytest.mark.parametrize(
    "altered",
    [
        lambda text: text,
        lambda text: f"\n{text} ",
        lambda text: text.replace("✉️", "").replace("“", '"'),
        lambda _: None,  # so old that Telegram does not tell it
    ],
)
def test_what_a_server_does_to_blanks_and_signs_keeps_no_tap_from_counting(
    phone: Phone, relay: Relay, altered: Callable[[str], str | None]
) -> None:
    (card,) = phone.screen.sent
    reply = below(phone, altered(card.text), "Send")
    assert reply is not None and reply.text == "Approved."
    phone.work()
    assert len(relay.messages) == 1


def test_what_has_just_changed_is_shown_anew_and_nobody_is_accused(phone: Phone) -> None:
    (card,) = phone.screen.sent
    old = card.token("Send")
    phone.tap(card, "No")
    assert phone.office.card().status == "rejected"
    tap = Tapped("tap-2", ME, card.id, ME, NAME, old, card.text, None)
    assert phone.service.tap(tap) == CHANGED
    assert not [one for one in phone.office.events() if one["kind"] == "odd_tap"]
    found = phone.rooms.ledger.db.execute("SELECT 1 FROM notice WHERE kind = 'listening'")
    assert found.fetchone() is None


@pytest.mark.slow
def test_words_put_above_our_buttons_by_another_holder_of_the_token(
    tmp_path: Path, relay: Relay, server: TelegramServer
) -> None:
    office = with_mail(tmp_path, relay, server, REGRET_S="0")
    person = server.person(OWNER, "Marco")
    person.starts()
    with at_work(office) as live:
        office.type("please mail it\n\ngo", "mail.md")
        card = person.waits_to_see("Send this mail to ada@rossi.example")
        rows = json.dumps({"inline_keyboard": card.rows})
        httpx.post(
            f"{server.base_url}{server.token}/editMessageText",
            json={"chat_id": OWNER, "message_id": card.id, "text": "Say hello to Bo?",
                  "reply_markup": rows},
        ).raise_for_status()  # fmt: skip
        assert person.waits_for_answer(person.taps(card.id, "Send")).alert
        person.waits_for(lambda chat: chat.find("Send this mail to ada@rossi.example"))
        live.waits(lambda: "Somebody else changed" in " ".join(person.chat.texts))
    assert relay.messages == [] and office.card().status == "pending"


def test_a_web_address_to_which_all_is_handed_is_told_of(server: TelegramServer) -> None:
    server.updates.webhook = "https://evil.example/"
    seen: list[str] = []

    async def ask(bot: Any) -> None:
        visited = lambda: seen.append("!")  # noqa: E731
        poller = Poller(bot, lambda _: None, lambda: None, seen.append, visited=visited)
        with pytest.raises(NotSent, match="a webhook"):
            await poller._ask()

    with_bot(server, ask)
    assert seen == ["!"]
