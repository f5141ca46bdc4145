"""Whose words count on Telegram, and what the ledger says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.channels import owners
from factotum.channels.contract import Chats
from factotum.gate import strength
from factotum.ledger import Ledger
from factotum.settings import Settings, load
from factotum.worker import messaging

NOW = 1_795_000_000.0
TOKEN = "42:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"
OTHER = "43:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


def given(**env: str) -> Settings:
    return load({f"FACTOTUM_{name}": text for name, text in env.items()})


def kinds(ledger: Ledger) -> list[str]:
    return [event.kind for event in ledger.events()]


def test_without_a_token_or_a_pairing_nobody_is_an_owner(ledger: Ledger) -> None:
    owners.pair(ledger, "telegram", "4711", "Ann", "42", NOW)
    assert owners.chats_of(given(), ledger) == Chats()
    assert owners.chats_of(given(TELEGRAM_CHAT_ID="4711"), ledger) == Chats()
    owners.unpair(ledger, "telegram", NOW)
    assert owners.chats_of(given(TELEGRAM_TOKEN=TOKEN), ledger) == Chats()


def test_who_was_paired_is_told_and_heard(ledger: Ledger) -> None:
    owners.pair(ledger, "telegram", "4711", "Ann", "42", NOW)
    owners.pair(ledger, "telegram", "4712", "Bob", "42", NOW)
    owners.pair(ledger, "telegram", "4712", "Bob again", "42", NOW)
    found = owners.chats_of(given(TELEGRAM_TOKEN=TOKEN), ledger)
    assert found == Chats("4711", ("4711", "4712"))
    assert [one.said for one in owners.owners(given(TELEGRAM_TOKEN=TOKEN), ledger)] == [
        "Ann (4711)", "Bob again (4712)",
    ]  # fmt: skip


def test_who_is_named_in_the_settings_wins(ledger: Ledger) -> None:
    owners.pair(ledger, "telegram", "4711", "Ann", "42", NOW)
    settings = given(TELEGRAM_TOKEN=TOKEN, TELEGRAM_CHAT_ID="99, 4711,99")
    assert owners.chats_of(settings, ledger) == Chats("99", ("99", "4711"))
    settings = given(TELEGRAM_TOKEN=TOKEN, TELEGRAM_CHAT_ID="99")
    assert owners.chats_of(settings, ledger) == Chats("99", ("99",))


def test_a_pairing_holds_for_one_bot_alone(ledger: Ledger) -> None:
    owners.pair(ledger, "telegram", "4711", "Ann", "42", NOW)
    assert owners.chats_of(given(TELEGRAM_TOKEN=OTHER), ledger) == Chats()
    owners.pair(ledger, "telegram", "4712", "Bob", "43", NOW)
    assert owners.chats_of(given(TELEGRAM_TOKEN=OTHER), ledger) == Chats("4712", ("4712",))
    assert owners.chats_of(given(TELEGRAM_TOKEN=TOKEN), ledger) == Chats()


def test_one_owner_or_all_can_be_sent_away(ledger: Ledger) -> None:
    settings = given(TELEGRAM_TOKEN=TOKEN)
    for who in ("1", "2", "3"):
        owners.pair(ledger, "telegram", who, f"N{who}", "42", NOW)
    assert [one.id for one in owners.unpair(ledger, "telegram", NOW, "2")] == ["2"]
    assert owners.chats_of(settings, ledger).owners == ("1", "3")
    assert [one.id for one in owners.unpair(ledger, "telegram", NOW)] == ["1", "3"]
    assert owners.unpair(ledger, "telegram", NOW) == ()
    assert owners.chats_of(settings, ledger) == Chats()


def test_a_name_cannot_break_a_line(ledger: Ledger) -> None:
    found = owners.pair(ledger, "telegram", "1", "A\n\u202eb" + "c" * 200, "42", NOW)
    assert "\n" not in found.name and "\u202e" not in found.name
    assert len(found.name) <= owners.NAME_CHARS


def test_the_channel_is_strong_while_it_has_a_token_and_an_owner(ledger: Ledger) -> None:
    ledger.set_meta(strength.SET_UP, "dashboard")
    assert not owners.strong(ledger, given(TELEGRAM_TOKEN=TOKEN), NOW)
    owners.pair(ledger, "telegram", "4711", "Ann", "42", NOW)
    assert owners.strong(ledger, given(TELEGRAM_TOKEN=TOKEN), NOW)
    assert strength.set_up(ledger) == ("dashboard", "telegram")
    assert json.loads(ledger.meta(messaging.META)) == {
        "telegram": {"home": "4711", "owners": ["4711"], "bot": "42"}
    }
    assert not owners.strong(ledger, given(), NOW)
    assert strength.set_up(ledger) == ("dashboard",)
    assert json.loads(ledger.meta(messaging.META)) == {}
    assert kinds(ledger) == ["paired", "strong", "weak"]


def test_what_has_not_changed_is_not_written_again(ledger: Ledger) -> None:
    settings = given(TELEGRAM_TOKEN=TOKEN, TELEGRAM_CHAT_ID="1,2")
    owners.strong(ledger, settings, NOW)
    before = ledger.db.total_changes
    assert owners.strong(ledger, settings, NOW)
    assert ledger.db.total_changes == before
    owners.strong(ledger, given(TELEGRAM_TOKEN=TOKEN, TELEGRAM_CHAT_ID="2"), NOW)
    assert json.loads(ledger.meta(messaging.META))["telegram"]["owners"] == ["2"]
    assert kinds(ledger) == ["strong"]


@pytest.mark.parametrize("broken", ["[]", "{", '{"telegram": 3}', '{"telegram": {"bot": "42"}}'])
def test_what_cannot_be_read_makes_nobody_an_owner(ledger: Ledger, broken: str) -> None:
    ledger.set_meta(owners.PAIRED, broken)
    ledger.set_meta(messaging.META, broken)
    assert not owners.strong(ledger, given(TELEGRAM_TOKEN=TOKEN), NOW)
    assert strength.set_up(ledger) == ()
    owners.pair(ledger, "telegram", "4711", "Ann", "42", NOW)
    assert owners.strong(ledger, given(TELEGRAM_TOKEN=TOKEN), NOW)


@pytest.mark.parametrize(
    ("token", "bot"), [(TOKEN, "42"), ("", ""), ("42", ""), ("42:", ""), ("x:AAAA", "")]
)
def test_a_token_tells_its_bot(token: str, bot: str) -> None:
    assert owners.bot_id(token) == bot
