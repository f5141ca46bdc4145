"""What the settings of Telegram do: nothing is asked without a token, and all goes by the proxy."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

from tests.channels.live import OWNER, at_work, telegram
from tests.office import TestOffice
from tests.servers.telegram import server_running


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def channels() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == "telegram"]


def test_without_a_token_nothing_is_asked(tmp_path: Path) -> None:
    with server_running() as server:
        settings = telegram(server)
        del settings["FACTOTUM_TELEGRAM_TOKEN"]
        office = TestOffice(tmp_path, env=settings)
        with at_work(office) as live:
            office.type("Buy milk.\n\ngo")
            live.waits(lambda: office.files("Pending_Approval"))
            assert channels() == []
        assert server.calls == []


def test_all_that_is_asked_goes_by_the_proxy(tmp_path: Path) -> None:
    with server_running() as server:
        owner = server.person(OWNER, "Marco")
        owner.starts()
        settings = telegram(server)
        settings["FACTOTUM_TELEGRAM_API_URL"] = f"http://127.0.0.1:{closed_port()}"
        settings["FACTOTUM_TELEGRAM_PROXY"] = f"http://127.0.0.1:{server.port}"
        office = TestOffice(tmp_path, env=settings)
        with at_work(office):
            owner.says("/help")
            owner.waits_to_see("/status")
            assert channels() == ["telegram"]
            owner.sends_document(b"Buy milk.", "a.txt", caption="Do it")
            owner.waits_to_see("Do it")  # the question that came of it
        asked = {call.method for call in server.calls}
        assert {"getMe", "getUpdates", "sendMessage", "getFile"} <= asked
