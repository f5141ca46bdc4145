"""What goes wrong at the tests' Bot API when it is ordered: refusals, lost answers, no network."""

from __future__ import annotations

import threading
import time

import httpx
import pytest
import telegram
from telegram.error import Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut

from tests.patience import PATIENCE_S, SOON_S
from tests.servers.telegram import TOKEN, TelegramServer, server_running
from tests.servers.telegram.people import Person
from tests.servers.telegram.trying import post, with_bot


# The library warns on whoever looks at how long to wait, also when it looks itself, unless
# PTB_TIMEDELTA says in which form.
@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
def test_a_library_of_others_meets_each_error_as_its_own(
    server: TelegramServer, ada: Person
) -> None:
    async def life(bot: telegram.Bot) -> None:
        server.person(8, "Bob")
        with pytest.raises(Forbidden, match="can't initiate conversation"):
            await bot.send_message(8, "x")
        server.fails("sendMessage", 502)
        with pytest.raises(NetworkError, match="Bad Gateway"):
            await bot.send_message(7, "x")
        server.fails("sendMessage", 429, retry_after_s=7)
        with pytest.raises(RetryAfter, match=r"Retry in (7 seconds|0:00:07)"):
            await bot.send_message(7, "x")
        await bot.set_webhook("https://a.example")
        with pytest.raises(Conflict, match="webhook is active"):
            await bot.get_updates()

    with_bot(server, life)
    with pytest.raises(InvalidToken):
        with_bot(server, lambda bot: bot.get_me(), token="42:other")
    assert ada.chat.from_bot == []


def test_failures_come_as_often_as_ordered_and_do_nothing(
    server: TelegramServer, ada: Person
) -> None:
    ordered = server.fails("sendMessage", 403, "Forbidden: bot was blocked by the user", times=2)
    answers = [post(server, "sendMessage", chat_id=7, text="x") for _ in range(3)]
    assert [one["ok"] for one in answers] == [False, False, True]
    assert answers[0]["error_code"] == 403 and ordered.met == 2
    assert len(ada.chat.from_bot) == 1
    assert [call.outcome for call in server.called("sendMessage")] == [403, 403, 200]


@pytest.mark.parametrize("done", [True, False])
def test_an_answer_is_lost_after_the_deed_or_before(
    server: TelegramServer, ada: Person, done: bool
) -> None:
    server.drops("sendMessage", done=done)
    with pytest.raises(httpx.RemoteProtocolError):
        post(server, "sendMessage", chat_id=7, text="x")
    assert len(ada.chat.from_bot) == done
    assert server.called("sendMessage")[0].outcome == "dropped"


def test_a_page_of_somebody_in_between_is_no_answer(server: TelegramServer, ada: Person) -> None:
    server.garbles("getMe")

    async def life(bot: telegram.Bot) -> None:
        assert (await bot.get_me()).id == 42

    with pytest.raises(telegram.error.TelegramError, match="Invalid server response"):
        with_bot(server, life)
    with_bot(server, life)
    assert server.called("getMe")[0].outcome == "garbled"


def test_a_server_that_hangs_is_given_up(server: TelegramServer, ada: Person) -> None:
    server.hangs("sendMessage", PATIENCE_S, done=True)

    async def life(bot: telegram.Bot) -> None:
        with pytest.raises(TimedOut):
            await bot.send_message(7, "x", read_timeout=0.1)

    with_bot(server, life)
    ada.waits_to_see("x")
    assert len(ada.chat.from_bot) == 1


def test_too_many_messages_are_told_to_wait(server: TelegramServer, ada: Person) -> None:
    bob = server.person(8, "Bob")
    bob.starts()
    server.limits(chat_s=60, burst=2, all_per_s=4)
    answers = [post(server, "sendMessage", chat_id=7, text="x") for _ in range(3)]
    assert [one["ok"] for one in answers] == [True, True, False]
    assert answers[2]["error_code"] == 429
    assert 1 < answers[2]["parameters"]["retry_after"] <= 60
    assert answers[2]["description"].startswith("Too Many Requests: retry after ")
    assert post(server, "sendMessage", chat_id=8, text="x")["ok"]
    server.no_limits()
    assert post(server, "sendMessage", chat_id=7, text="x")["ok"]


def test_a_cut_network_refuses_and_forgets_nothing(server: TelegramServer, ada: Person) -> None:
    port, broken = server.port, []

    def poll() -> None:
        with pytest.raises(httpx.TransportError):
            post(server, "getUpdates", timeout=50)
        broken.append(True)

    poller = threading.Thread(target=poll)
    poller.start()
    server.waits_for_call("getUpdates")
    server.cut()
    poller.join(SOON_S)
    assert broken
    with pytest.raises(httpx.ConnectError):
        post(server, "getMe")
    ada.says("meanwhile")
    server.mend()
    assert server.port == port
    assert post(server, "getUpdates")["result"][0]["message"]["text"] == "meanwhile"


def test_a_cut_ends_connections_that_were_kept_open(server: TelegramServer) -> None:
    kept = httpx.Limits(keepalive_expiry=60)
    with httpx.Client(
        base_url=f"{server.base_url}{TOKEN}/", limits=kept, timeout=PATIENCE_S
    ) as client:
        assert client.get("getMe").json()["ok"]
        server.cut()
        with pytest.raises(httpx.TransportError):
            client.get("getMe")


def test_it_starts_at_once_and_leaves_no_thread_behind() -> None:
    """Once in a few tries, for the machine may have much else to do; else each waits for long."""

    def start_s() -> float:
        before = set(threading.enumerate())
        begun = time.monotonic()
        with server_running() as server, httpx.Client(timeout=PATIENCE_S) as client:
            assert client.get(f"{server.base_url}{TOKEN}/getMe").json()["ok"]
            took_s = time.monotonic() - begun
            assert not set(threading.enumerate()) <= before
        assert set(threading.enumerate()) <= before
        return took_s

    assert min(start_s() for _ in range(3)) < 2
