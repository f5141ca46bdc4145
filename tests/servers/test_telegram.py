"""The Bot API server of the tests does what the public description of the Bot API says.

Driven by plain HTTP requests and by python-telegram-bot, which is somebody else's idea of it.
Source: core.telegram.org/bots/api.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.patience import PATIENCE_S, SOON_S
from tests.servers.telegram import TOKEN, TelegramServer
from tests.servers.telegram.people import Person


@pytest.fixture
def ask(server: TelegramServer) -> Iterator[Ask]:
    with Ask(server) as ask:
        yield ask


class Ask:
    """Plain requests: JSON in, the whole answer out."""

    def __init__(self, server: TelegramServer) -> None:
        self.client = httpx.Client(base_url=f"{server.base_url}{TOKEN}/", timeout=PATIENCE_S)

    def __enter__(self) -> Ask:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def __call__(self, method: str, **params: Any) -> Any:
        return self.client.post(method, json=params).json()

    def error(self, method: str, **params: Any) -> str:
        """The description of an error 400."""
        told = self(method, **params)
        assert (told["ok"], told["error_code"]) == (False, 400), told
        return str(told["description"])


YES_NO = [[{"text": "Yes", "callback_data": "y"}, {"text": "No", "callback_data": "n"}]]
BUTTONS = {"inline_keyboard": YES_NO}


# -- requests


def test_a_wrong_token_and_an_unknown_method_are_refused(server: TelegramServer) -> None:
    told = httpx.get(f"{server.url}/bot42:other/getMe", timeout=PATIENCE_S)
    assert told.status_code == 401
    assert told.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert httpx.get(f"{server.base_url}{TOKEN}/getNothing", timeout=PATIENCE_S).status_code == 404
    assert httpx.get(f"{server.url}/elsewhere", timeout=PATIENCE_S).status_code == 404


def test_parameters_come_in_the_query_a_form_json_or_multipart(
    server: TelegramServer, ada: Person
) -> None:
    url = f"{server.base_url}{TOKEN}/sendMessage"
    httpx.get(url, params={"chat_id": 7, "text": "query"}, timeout=PATIENCE_S)
    httpx.post(url, data={"chat_id": "7", "text": "form & more"}, timeout=PATIENCE_S)
    httpx.post(url, json={"chat_id": 7, "text": "json"}, timeout=PATIENCE_S)
    httpx.post(
        url, data={"chat_id": "7", "text": "two\r\nlines"}, files={"x": b"y"}, timeout=PATIENCE_S
    )
    said = [one.text for one in ada.chat.from_bot]
    assert said == ["query", "form & more", "json", "two\nlines"]
    assert [call.params["chat_id"] for call in server.called("sendMessage")] == [7] * 4


def test_get_me_tells_who_the_bot_is(server: TelegramServer, ask: Ask) -> None:
    told = ask("getMe")["result"]
    assert told["id"] == 42 and told["is_bot"] is True and told["username"] == server.me["username"]


# -- getting updates


def test_an_update_is_told_again_until_it_is_confirmed(ada: Person, ask: Ask) -> None:
    ada.says("one")
    ada.says("two")
    first = ask("getUpdates")["result"]
    assert [one["message"]["text"] for one in first] == ["one", "two"]
    assert first[0]["update_id"] + 1 == first[1]["update_id"]
    assert ask("getUpdates")["result"] == first
    assert ask("getUpdates", offset=first[1]["update_id"])["result"] == first[1:]
    assert ask("getUpdates")["result"] == first[1:]
    assert ask("getUpdates", offset=first[1]["update_id"] + 1)["result"] == []


def test_a_negative_offset_forgets_all_but_the_last(ada: Person, ask: Ask) -> None:
    for word in ("one", "two", "three"):
        ada.says(word)
    told = ask("getUpdates", offset=-1)["result"]
    assert [one["message"]["text"] for one in told] == ["three"]
    assert len(ask("getUpdates")["result"]) == 1


def test_limit_and_allowed_updates_choose(ada: Person, ask: Ask) -> None:
    ada.says("one")
    ada.says("two")
    assert len(ask("getUpdates", limit=1)["result"]) == 1
    ask("getUpdates", offset=-1, allowed_updates=["callback_query"])
    ada.says("this is not wanted")
    assert [one["message"]["text"] for one in ask("getUpdates")["result"]] == ["two"]


def test_a_long_poll_returns_as_soon_as_something_comes(
    ada: Person, server: TelegramServer, ask: Ask
) -> None:
    def late() -> None:
        server.waits_for_call("getUpdates")
        ada.says("late")

    writing = threading.Thread(target=late)
    writing.start()
    begun = time.monotonic()
    told = ask("getUpdates", timeout=50)["result"]
    assert time.monotonic() - begun < SOON_S
    assert told[0]["message"]["text"] == "late"
    writing.join()


def test_an_empty_long_poll_ends_after_its_timeout(ask: Ask) -> None:
    begun = time.monotonic()
    assert ask("getUpdates", timeout=0.2)["result"] == []
    assert time.monotonic() - begun >= 0.2


def test_a_second_poller_ends_the_first(ada: Person, server: TelegramServer, ask: Ask) -> None:
    ended: list[Any] = []
    with Ask(server) as other:
        first = threading.Thread(target=lambda: ended.append(other("getUpdates", timeout=50)))
        first.start()
        server.waits_for_call("getUpdates")
        assert ask("getUpdates", timeout=0.05)["result"] == []
        first.join(SOON_S)
    assert ended[0]["error_code"] == 409
    assert ended[0]["description"] == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance "
        "is running"
    )


def test_with_a_webhook_there_are_no_updates_to_get(ada: Person, ask: Ask) -> None:
    ada.says("one")
    assert ask("getWebhookInfo")["result"]["pending_update_count"] == 1
    assert "HTTPS" in ask.error("setWebhook", url="http://a.example")
    ask("setWebhook", url="https://a.example")
    assert ask("getUpdates")["error_code"] == 409
    ask("deleteWebhook", drop_pending_updates=True)
    assert ask("getUpdates")["result"] == []


# -- sending and changing


def test_a_message_stands_in_the_chat_as_it_was_sent(ada: Person, ask: Ask) -> None:
    told = ask(
        "sendMessage", chat_id=7, text="Send *this*?", reply_markup=BUTTONS,
        entities=[{"type": "bold", "offset": 0, "length": 4}], disable_notification=True,
        reply_parameters={"message_id": 1},
    )["result"]  # fmt: skip
    message = ada.chat.message(told["message_id"])
    assert message and message is ada.chat.last and message.silent and message.reply_to == 1
    assert message.labels == [["Yes", "No"]] and message.data("No") == "n"
    assert message.marked("bold") == ["Send"]
    assert told["reply_to_message"]["text"] == "/start"
    assert told["reply_markup"] == BUTTONS
    assert told["from"]["is_bot"] is True and told["chat"]["id"] == 7
    assert abs(told["date"] - time.time()) < PATIENCE_S


def test_a_prompt_and_a_preview_are_kept_as_they_were_asked_for(ada: Person, ask: Ask) -> None:
    prompt = {"force_reply": True, "input_field_placeholder": "Why not?"}
    preview = {"is_disabled": True}
    sent = {"chat_id": 7, "text": "Why? https://a.example"}
    ask("sendMessage", **sent, reply_markup=prompt, link_preview_options=preview)
    message = ada.chat.last
    assert message and message.markup == prompt and message.preview == preview
    assert message.rows == () and not message.silent and message.reply_to is None


def test_what_cannot_be_sent_is_refused_with_the_reason(ada: Person, ask: Ask) -> None:
    assert ask.error("sendMessage", chat_id=7, text=" ") == "Bad Request: message text is empty"
    assert ask.error("sendMessage", chat_id=8, text="x") == "Bad Request: chat not found"
    assert ask.error("sendMessage", text="x") == "Bad Request: chat_id is empty"
    assert ask("sendMessage", chat_id=7, text="👍" * 2048)["ok"]
    too_long = "Bad Request: message is too long"
    assert ask.error("sendMessage", chat_id=7, text="👍" * 2048 + "x") == too_long
    markup = "<b>" + "x" * 4096 + "</b>"
    assert ask("sendMessage", chat_id=7, text=markup, parse_mode="HTML")["ok"]
    gone = "Bad Request: message to be replied not found"
    reply = {"message_id": 99}
    assert ask.error("sendMessage", chat_id=7, text="x", reply_parameters=reply) == gone
    assert ask.error("sendMessage", chat_id=7, text="x", reply_to_message_id=99) == gone
    lenient = {**reply, "allow_sending_without_reply": True}
    assert ask("sendMessage", chat_id=7, text="x", reply_parameters=lenient)["ok"]


def test_nobody_can_be_written_to_who_never_wrote_or_who_blocks(
    server: TelegramServer, ask: Ask
) -> None:
    bob = server.person(8, "Bob")
    told = ask("sendMessage", chat_id=8, text="x")
    assert told["error_code"] == 403
    assert told["description"] == "Forbidden: bot can't initiate conversation with a user"
    bob.starts()
    assert ask("sendMessage", chat_id=8, text="x")["ok"]
    bob.blocks()
    told = ask("sendMessage", chat_id=8, text="x")
    assert told["description"] == "Forbidden: bot was blocked by the user"
    bob.unblocks()
    assert ask("sendMessage", chat_id=8, text="x")["ok"]
    changes = [one for one in server.updates.told if "my_chat_member" in one]
    states = [one["my_chat_member"]["new_chat_member"]["status"] for one in changes]
    assert states == ["kicked", "member"]


def test_a_message_is_changed_in_place_and_remembers_what_it_said(ada: Person, ask: Ask) -> None:
    id = ask("sendMessage", chat_id=7, text="Send?", reply_markup=BUTTONS)["result"]["message_id"]
    edit = {"chat_id": 7, "message_id": id}
    same = ask.error("editMessageText", **edit, text="Send?", reply_markup=BUTTONS)
    assert same.startswith("Bad Request: message is not modified")
    told = ask("editMessageText", **edit, text="Sent.")["result"]
    assert told["text"] == "Sent." and told["edit_date"] and "reply_markup" not in told
    message = ada.chat.message(id)
    assert message and [one.text for one in message.edits] == ["Send?"]
    assert message.labels == [] and message.edits[0].rows[0][0]["text"] == "Yes"
    assert ask("editMessageReplyMarkup", **edit, reply_markup=BUTTONS)["ok"]
    again = ask.error("editMessageReplyMarkup", **edit, reply_markup=BUTTONS)
    assert again.startswith("Bad Request: message is not modified")
    assert message.text == "Sent." and message.labels == [["Yes", "No"]]


def test_what_is_gone_or_not_the_bots_cannot_be_changed(ada: Person, ask: Ask) -> None:
    hers = ada.says("mine").id
    id = ask("sendMessage", chat_id=7, text="x")["result"]["message_id"]
    assert ask("deleteMessage", chat_id=7, message_id=id)["result"] is True
    assert [one.text for one in ada.chat.deleted] == ["x"] and ada.chat.message(id) is None
    for method, error in [
        ("editMessageText", "Bad Request: message to edit not found"),
        ("editMessageReplyMarkup", "Bad Request: message to edit not found"),
        ("deleteMessage", "Bad Request: message to delete not found"),
        ("pinChatMessage", "Bad Request: message to pin not found"),
    ]:
        assert ask.error(method, chat_id=7, message_id=id, text="y") == error
    changed = ask.error("editMessageText", chat_id=7, message_id=hers, text="y")
    assert changed == "Bad Request: message can't be edited"
    asked = ask("sendMessage", chat_id=7, text="x", reply_markup={"force_reply": True})["result"]
    changed = ask.error("editMessageText", chat_id=7, message_id=asked["message_id"], text="y")
    assert changed == "Bad Request: message can't be edited"


def test_commands_actions_and_pins_are_kept(ada: Person, server: TelegramServer, ask: Ask) -> None:
    commands = [{"command": "stop", "description": "Stop everything"}]
    assert ask("setMyCommands", commands=commands)["ok"]
    assert ask("getMyCommands")["result"] == commands == server.commands
    wrong = [{"command": "Stop!", "description": "x"}]
    assert ask.error("setMyCommands", commands=wrong) == "Bad Request: BOT_COMMAND_INVALID"
    assert ask("sendChatAction", chat_id=7, action="typing")["ok"]
    assert "wrong parameter action" in ask.error("sendChatAction", chat_id=7, action="singing")
    assert ada.chat.actions == ["typing"]
    assert ask("pinChatMessage", chat_id=7, message_id=1)["ok"] and ada.chat.pinned == [1]
    assert ask("getChat", chat_id=7)["result"]["pinned_message"]["text"] == "/start"
