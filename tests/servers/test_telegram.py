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

from tests.servers.telegram import TOKEN, TelegramServer, server_running
from tests.servers.telegram.people import Person


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with server_running() as server:
        yield server


@pytest.fixture
def ada(server: TelegramServer) -> Person:
    """Somebody who pressed Start, which the bot has heard."""
    ada = server.person(7, "Ada", "ada_r")
    ada.starts()
    server.updates.pending.clear()
    return ada


@pytest.fixture
def ask(server: TelegramServer) -> Iterator[Ask]:
    with Ask(server) as ask:
        yield ask


class Ask:
    """Plain requests: JSON in, the whole answer out."""

    def __init__(self, server: TelegramServer) -> None:
        self.client = httpx.Client(base_url=f"{server.base_url}{TOKEN}/", timeout=10)

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


BUTTONS = {
    "inline_keyboard": [
        [{"text": "Yes", "callback_data": "y"}, {"text": "No", "callback_data": "n"}]
    ]
}


# -- requests


def test_a_wrong_token_and_an_unknown_method_are_refused(server: TelegramServer) -> None:
    told = httpx.get(f"{server.url}/bot42:other/getMe")
    assert told.status_code == 401
    assert told.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert httpx.get(f"{server.base_url}{TOKEN}/getNothing").status_code == 404
    assert httpx.get(f"{server.url}/elsewhere").status_code == 404


def test_parameters_come_in_the_query_a_form_json_or_multipart(
    server: TelegramServer, ada: Person
) -> None:
    url = f"{server.base_url}{TOKEN}/sendMessage"
    httpx.get(url, params={"chat_id": 7, "text": "query"})
    httpx.post(url, data={"chat_id": "7", "text": "form & more"})
    httpx.post(url, json={"chat_id": 7, "text": "json"})
    httpx.post(url, data={"chat_id": "7", "text": "two\r\nlines"}, files={"x": b"y"})
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


def test_a_long_poll_returns_as_soon_as_something_comes(ada: Person, ask: Ask) -> None:
    timer = threading.Timer(0.1, ada.says, ["late"])
    timer.start()
    begun = time.monotonic()
    told = ask("getUpdates", timeout=9)["result"]
    assert 0.05 < time.monotonic() - begun < 5
    assert told[0]["message"]["text"] == "late"
    timer.join()


def test_an_empty_long_poll_ends_after_its_timeout(ask: Ask) -> None:
    begun = time.monotonic()
    assert ask("getUpdates", timeout=0.2)["result"] == []
    assert time.monotonic() - begun >= 0.2
