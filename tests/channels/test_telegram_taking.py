"""What is done with an update that breaks us, and with words that count for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from telegram import Update

from factotum.channels.telegram.service import IGNORED_S, Telegram
from tests.channels.phone import Phone, phone_of
from tests.channels.test_telegram_who import EVE, GROUP, message
from tests.office import TestOffice


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Phone]:
    with phone_of(TestOffice(tmp_path)) as phone:
        yield phone


@pytest.fixture
def telegram(phone: Phone) -> Telegram:
    return Telegram(phone.service.window, lambda: phone.now, lambda: None, lambda _: None)


def take(telegram: Telegram, raw: dict[str, Any], id: int = 1) -> None:
    update = Update.de_json({"update_id": id, "message": raw}, None)
    telegram.poller.take(update)


class Broken:
    """A mailroom in which nobody thought of something."""

    def __init__(self, why: Exception) -> None:
        self.why = why

    def take(self, *_: object) -> str:
        raise self.why


def test_whose_words_break_us_is_told_that_nothing_came_of_them(
    phone: Phone, telegram: Telegram
) -> None:
    phone.service.window.mailroom = Broken(ValueError("nobody thought of that"))  # type: ignore[assignment]
    take(telegram, message())
    take(telegram, message())  # the same once more is told once
    phone.look()
    (told,) = phone.screen.sent
    assert "something broke here (ValueError), and nothing came of it" in told.text


def test_what_the_disk_refuses_is_to_come_again(phone: Phone, telegram: Telegram) -> None:
    phone.service.window.mailroom = Broken(OSError("no space left"))  # type: ignore[assignment]
    with pytest.raises(OSError, match="no space left"):
        take(telegram, message())
    phone.look()
    assert phone.screen.sent == []


def test_many_words_in_a_group_are_one_line_in_the_journal(
    phone: Phone, telegram: Telegram
) -> None:
    for n in range(50):
        take(telegram, message(chat=GROUP), n)
    phone.go(IGNORED_S)
    take(telegram, message(chat=GROUP), 99)
    assert [one["kind"] for one in phone.office.events()].count("ignored") == 2


def test_a_stranger_is_reported_once_and_never_answered(phone: Phone, telegram: Telegram) -> None:
    for n in range(20):
        take(telegram, message(EVE), n)
    phone.look()
    assert phone.screen.sent == []
    assert [one["kind"] for one in phone.office.events()].count("stranger") == 1
