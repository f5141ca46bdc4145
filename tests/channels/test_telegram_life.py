"""The whole life of a request by Telegram: asked, tapped, sent once, told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.channels.live import OWNER, at_work, with_mail
from tests.servers.smtp import Relay
from tests.servers.telegram import TelegramServer, server_running


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with server_running() as server:
        yield server


@pytest.fixture
def relay() -> Iterator[Relay]:
    with Relay() as relay:
        yield relay


def test_a_tap_sends_the_mail_once_and_the_message_says_so(
    tmp_path: Path, server: TelegramServer, relay: Relay
) -> None:
    owner = server.person(OWNER, "Marco")
    owner.starts()
    office = with_mail(tmp_path, relay, server, REGRET_S="0")
    with at_work(office):
        office.type("Send it.\n\ngo", "mail to Ada.md")
        card = owner.waits_to_see("Send this mail to ada@rossi.example?")
        assert "Hi Ada, here is invoice 1042 again." in card.text
        assert relay.messages == []
        tap = owner.taps(card.id, "Send")
        assert "Approved" in owner.waits_for_answer(tap).text
        assert owner.waits_to_see("✅ Done").id == card.id
    assert len(relay.messages) == 1


def test_a_tap_that_is_too_old_to_be_answered_counts_and_the_message_says_so(
    tmp_path: Path, server: TelegramServer, relay: Relay
) -> None:
    owner = server.person(OWNER, "Marco")
    owner.starts()
    office = with_mail(tmp_path, relay, server, REGRET_S="0")
    with at_work(office):
        office.type("Send it.\n\ngo", "mail to Ada.md")
        card = owner.waits_to_see("Send this mail to ada@rossi.example?")
        server.taps.lasts_s = 0.0
        owner.taps(card.id, "Send")
        assert owner.waits_to_see("✅ Done").id == card.id
        (answer,) = server.called("answerCallbackQuery")
        assert answer.outcome == 400
    assert len(relay.messages) == 1
