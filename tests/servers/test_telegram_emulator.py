"""A message, a tap and a change, by python-telegram-bot, at an emulator that others wrote."""

from __future__ import annotations

import asyncio

import pytest
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest
from telegram.request import HTTPXRequest

from tests.patience import PATIENCE_S
from tests.servers.telegram_emulator import TelegramEmulator, emulator_running


@pytest.mark.slow
def test_a_card_is_sent_tapped_and_changed() -> None:
    with emulator_running() as emulator:
        asyncio.run(_life(emulator))
        assert emulator.texts() == ["Sent."]
        assert emulator.answers()[0]["text"] == "Sending"


async def _life(emulator: TelegramEmulator) -> None:
    request = [
        HTTPXRequest(httpx_kwargs={"verify": False}, read_timeout=PATIENCE_S) for _ in range(2)
    ]
    bot = telegram.Bot(
        emulator.token, base_url=emulator.base_url,
        request=request[0], get_updates_request=request[1],
    )  # fmt: skip
    async with bot:
        assert bot.username == "TestNameBot"
        assert await bot.get_updates(timeout=0) == ()
        emulator.says("hello")
        (update,) = await bot.get_updates(timeout=50)
        assert update.message and update.message.text == "hello"
        yes = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y")]])
        card = await bot.send_message(update.message.chat.id, "Send?", reply_markup=yes)
        assert emulator.waits_to_see("Send?") == card.message_id
        with pytest.raises(LookupError, match="no button 'No'"):
            emulator.taps(card.message_id, "No")
        emulator.taps(card.message_id, "Yes")
        (tapped,) = await bot.get_updates(timeout=50)
        query = tapped.callback_query
        assert query and query.data == "y" and query.from_user.id == 7
        assert query.message and query.message.message_id == card.message_id
        await query.answer("Sending")
        await bot.edit_message_text("Sent.", card.chat.id, card.message_id)
        with pytest.raises(LookupError, match="no button 'Yes'"):
            emulator.taps(card.message_id, "Yes")
        with pytest.raises(BadRequest, match="Message to edit not found"):
            await bot.edit_message_text("Sent.", card.chat.id, 99)
