"""The life of a request at somebody else's idea of Telegram: asked, tapped, sent once, told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.channels.live import MAIL, at_work
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay
from tests.servers.telegram_emulator import TelegramEmulator, emulator_running


def office_at(emulator: TelegramEmulator, relay: Relay, folder: Path) -> TestOffice:
    """An office whose owner is the emulator's one person."""
    settings = {
        **smtp(relay),
        "FACTOTUM_TELEGRAM_TOKEN": emulator.token,
        "FACTOTUM_TELEGRAM_API_URL": emulator.base_url.removesuffix("/bot"),
        "FACTOTUM_TELEGRAM_CHAT_ID": str(emulator.user["id"]),
        "FACTOTUM_WATCHERS": "none",
        "FACTOTUM_REGRET_S": "0",
    }
    office = TestOffice(folder, env=settings)
    office.playbook(MAIL)
    return office


@pytest.mark.slow
def test_a_tap_sends_the_mail_once_and_the_message_says_so(tmp_path: Path) -> None:
    with emulator_running() as emulator, Relay() as relay:
        with at_work(office_at(emulator, relay, tmp_path)) as live:
            emulator.says("mail to Ada, please")
            card = emulator.waits_to_see("Send this mail to ada@rossi.example?")
            assert relay.messages == []
            emulator.taps(card, "Send")
            emulator.waits_for(emulator.answers)
            assert emulator.answers()[0]["text"] == "Approved."
            live.waits(lambda: relay.messages)
            emulator.waits_for(lambda: text_of(emulator, card).startswith("✅"))
            assert emulator.waits_to_see("What was really done") > card
        assert len(relay.messages) == 1
        with pytest.raises(LookupError, match="no button 'Send'"):
            emulator.taps(card, "Send")


@pytest.mark.slow
def test_what_is_decided_in_the_vault_is_said_there_and_taps_come_too_late(tmp_path: Path) -> None:
    with emulator_running() as emulator, Relay() as relay:
        office = office_at(emulator, relay, tmp_path)
        with at_work(office) as live:
            office.type("Send it.\n\ngo", "mail to Ada.md")
            card = emulator.waits_to_see("Send this mail to ada@rossi.example?")
            (note,) = live.waits(lambda: list((office.root / "Pending_Approval").glob("*.md")))
            office.move(note, "Rejected")
            emulator.waits_for(lambda: "Nothing was sent" in text_of(emulator, card))
            with pytest.raises(LookupError, match="no button 'Send'"):
                emulator.taps(card, "Send")
        assert relay.messages == []


def text_of(emulator: TelegramEmulator, message: int) -> str:
    found = next(one for one in emulator.messages() if one["messageId"] == message)
    return str(found["message"]["text"])
