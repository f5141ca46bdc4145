"""The other side of the tests' Bot API: people, taps, files, and what goes wrong on the way."""

from __future__ import annotations

import threading

import httpx
import pytest
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import (
    BadRequest,
)

from tests.patience import PATIENCE_S
from tests.servers.telegram import TOKEN, TelegramServer
from tests.servers.telegram.people import Person
from tests.servers.telegram.trying import post, with_bot


def card(server: TelegramServer) -> int:
    """The id of a message in Ada's chat with a button Yes."""
    buttons = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    told = post(server, "sendMessage", chat_id=7, text="Send?", reply_markup=buttons)
    return int(told["result"]["message_id"])


# -- the same, as python-telegram-bot sees it


def test_a_library_of_others_sends_changes_and_answers(server: TelegramServer, ada: Person) -> None:
    async def life(bot: telegram.Bot) -> None:
        assert bot.username == server.me["username"]
        yes = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y")]])
        card = await bot.send_message(7, "<b>Send?</b>", parse_mode="HTML", reply_markup=yes)
        tap = ada.taps(card.message_id, "Yes")
        (update,) = await bot.get_updates(timeout=1)
        query = update.callback_query
        assert query and query.id == tap and query.data == "y" and query.from_user.id == 7
        assert query.message and query.message.message_id == card.message_id
        await query.answer("Sending", show_alert=True)
        assert ada.waits_for_answer(tap).text == "Sending" and ada.answers[tap].alert
        await card.edit_text("Sent.")
        with pytest.raises(BadRequest, match="Message is not modified"):
            await card.edit_text("Sent.")
        with pytest.raises(BadRequest, match="Query is too old"):
            await query.answer()
        await bot.send_chat_action(7, "typing")
        await bot.set_my_commands([("stop", "Stop everything")])
        assert (await bot.get_my_commands())[0].command == "stop"
        assert (await bot.get_chat(7)).first_name == "Ada"
        await bot.pin_chat_message(7, card.message_id)
        await bot.delete_message(7, card.message_id)

    with_bot(server, life)
    assert [one.text for one in ada.chat.deleted] == ["Sent."]
    assert ada.chat.deleted[0].edits[0].text == "Send?"


# -- taps


def test_a_tap_can_be_answered_once_and_not_for_long(server: TelegramServer, ada: Person) -> None:
    id = card(server)
    first, late = ada.taps(id, "Yes"), ada.taps(id, "Yes")
    long = post(server, "answerCallbackQuery", callback_query_id=first, text="x" * 201)
    assert long["description"] == "Bad Request: MESSAGE_TOO_LONG"
    assert post(server, "answerCallbackQuery", callback_query_id=first, text="x" * 200)["ok"]
    old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert post(server, "answerCallbackQuery", callback_query_id=first)["description"] == old
    assert post(server, "answerCallbackQuery", callback_query_id="77")["description"] == old
    server.taps.lasts_s = 0
    assert post(server, "answerCallbackQuery", callback_query_id=late)["description"] == old
    assert list(ada.answers) == [first]


def test_taps_can_be_forged_in_every_way(server: TelegramServer, ada: Person) -> None:
    id = card(server)
    group = server.group(-5, "Team")
    other = ada.says("not a card", chat=group)
    server.updates.pending.clear()
    with pytest.raises(LookupError, match="no button 'No'"):
        ada.taps(id, "No")
    ada.taps(id, data="forged")
    ada.taps(id, "Yes", message=other)
    ada.taps(id, "Yes", inline=True)
    ada.taps(id, "Yes", inaccessible=True)
    ada.taps(other.id, data="y", chat=group)

    async def hear(bot: telegram.Bot) -> list[telegram.CallbackQuery]:
        return [one.callback_query for one in await bot.get_updates() if one.callback_query]

    forged, moved, inline, hidden, elsewhere = with_bot(server, hear)
    assert forged.data == "forged"
    assert moved.message and moved.message.chat.id == -5
    assert inline.message is None and inline.inline_message_id
    assert hidden.message and not hidden.message.is_accessible and hidden.message.message_id == id
    assert elsewhere.message and elsewhere.message.chat.type == "supergroup"
    assert elsewhere.chat_instance != forged.chat_instance


def test_an_update_can_be_told_once_more(server: TelegramServer, ada: Person) -> None:
    ada.says("one")
    update = post(server, "getUpdates")["result"][0]
    confirmed = update["update_id"] + 1
    assert post(server, "getUpdates", offset=confirmed)["result"] == []
    server.updates.again(update)
    assert post(server, "getUpdates")["result"] == [update]


# -- what people send


def test_people_send_reply_edit_and_forward(server: TelegramServer, ada: Person) -> None:
    id = card(server)
    ada.says("Thursday", reply_to=id)
    ada.edits(ada.says("Hello").id, "Hello again")
    ada.forwards(id)
    server.group(-5, "Team")
    server.channel(-6, "News").posts("news")

    told = with_bot(server, lambda bot: bot.get_updates())
    reply, _, edited, forwarded, posted = told
    assert reply.message and reply.message.reply_to_message
    assert reply.message.reply_to_message.text == "Send?"
    assert edited.edited_message and edited.edited_message.text == "Hello again"
    assert forwarded.message and forwarded.message.forward_origin
    assert posted.channel_post and posted.channel_post.chat.type == "channel"
    ids = [one.update_id for one in told]
    assert ids == list(range(ids[0], ids[0] + 5))


def test_a_group_that_threw_out_the_bot_cannot_be_written_to(
    server: TelegramServer, ada: Person
) -> None:
    group = server.group(-5, "Team")
    assert post(server, "sendMessage", chat_id=-5, text="hello all")["ok"]
    assert [one.text for one in group.chat.from_bot] == ["hello all"]
    group.throws_out_the_bot()
    told = post(server, "sendMessage", chat_id=-5, text="x")
    assert told["error_code"] == 403 and "kicked" in told["description"]


def test_files_go_both_ways(server: TelegramServer, ada: Person) -> None:
    odd = b"\r\n--x\r\n\x00\xff" * 3
    ada.sends_photo(b"jpeg", "look")
    ada.sends_document(odd, "bill ü.pdf", "application/pdf")
    ada.sends_voice(b"opus", 3)
    ada.sends_audio(b"mp3")

    async def life(bot: telegram.Bot) -> None:
        photo, document, voice, audio = [one.message for one in await bot.get_updates()]
        assert photo and document and voice and audio
        assert photo.caption == "look"
        got = await bot.get_file(photo.photo[-1].file_id)
        assert bytes(await got.download_as_bytearray()) == b"jpeg"
        assert document.document and document.document.file_name == "bill ü.pdf"
        got = await bot.get_file(document.document.file_id)
        assert bytes(await got.download_as_bytearray()) == odd
        assert voice.voice and audio.audio and voice.voice.mime_type == "audio/ogg"
        await bot.send_document(
            7, odd, filename='a "b" ü.bin', caption="<i>c</i>", parse_mode="HTML"
        )
        await bot.send_photo(7, b"\x89PNG\r\n\x1a\n")
        await bot.send_voice(7, b"OggS", duration=2)
        await bot.send_audio(7, b"ID3")
        await bot.send_document(7, document.document.file_id)
        with pytest.raises(BadRequest, match="caption is too long"):
            await bot.send_document(7, b"x", caption="x" * 1025)

    with_bot(server, life)
    files = [one.file for one in ada.chat.from_bot if one.file]
    assert [one.kind for one in files] == ["document", "photo", "voice", "audio", "document"]
    assert files[0].data == odd == files[4].data and files[0].name == 'a "b" ü.bin'
    assert ada.chat.from_bot[0].marked("italic") == ["c"]


def test_a_file_above_20_mb_cannot_be_fetched(server: TelegramServer, ada: Person) -> None:
    large = ada.sends_document(bytes(20 * 1024 * 1024 + 1), "film.mp4").file
    assert large
    told = post(server, "getFile", file_id=large.id)
    assert told["description"] == "Bad Request: file is too big"
    assert "wrong file_id" in post(server, "getFile", file_id="nothing")["description"]
    assert (
        httpx.get(f"{server.base_file_url}{TOKEN}/nothing/x", timeout=PATIENCE_S).status_code == 404
    )
    assert (
        httpx.get(f"{server.base_file_url}42:other/x/{large.id}", timeout=PATIENCE_S).status_code
        == 401
    )


def test_waiting_says_what_stands_there_instead(server: TelegramServer, ada: Person) -> None:
    timer = threading.Timer(
        0.05, post, [server, "sendMessage"], {"chat_id": 7, "text": "Hello Ada"}
    )
    timer.start()
    assert ada.waits_to_see("Hello").text == "Hello Ada"
    timer.join()
    with pytest.raises(AssertionError, match="Hello Ada"):
        ada.waits_to_see("Goodbye", timeout_s=0.01)
