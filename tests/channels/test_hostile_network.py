"""What stands between us and Telegram is not believed: it is told the token by nobody but the
server that the settings name, nothing of this machine is read for it, and no error says it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from factotum import log, redaction
from factotum.blobs import Blobs
from factotum.channels.contract import ChannelError, Message, Refused
from factotum.channels.telegram import me
from factotum.channels.telegram.channel import TelegramChannel
from factotum.channels.telegram.line import line_of
from factotum.channels.words import Words
from factotum.settings import Settings, load
from tests.servers.telegram import TelegramServer

TOKEN = "4242424242:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"

#: What is answered: a status, a body, and where else to look.
Said = tuple[int, bytes, str]


class Between:
    """A server of somebody else's, which answers everything alike."""

    def __init__(self, say: Callable[[str], Said]) -> None:
        between = self
        self.asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                between.asked.append(self.path)
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, body, elsewhere = say(self.path)
                self.send_response(status)
                if elsewhere:
                    self.send_header("Location", elsewhere + self.path)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def log_message(self, format: str, *args: Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def listening(self) -> Iterator[Between]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


def settings_of(url: str, **more: str) -> Settings:
    named = {"FACTOTUM_TELEGRAM_TOKEN": TOKEN, "FACTOTUM_TELEGRAM_API_URL": url}
    return load({**named, **{f"FACTOTUM_{name}": value for name, value in more.items()}}, [])


def tries(settings: Settings, folder: Path) -> list[ChannelError]:
    """All that is asked of a server, and how each ends."""

    async def all_of_it() -> list[ChannelError]:
        line = line_of(settings)
        channel = TelegramChannel(line.bot, Blobs(folder))
        deeds = (
            channel.check,
            lambda: channel.send("4711", Message(Words.of("hello"))),
            lambda: channel.edit("4711", "5", Message(Words.of("hello"))),
            lambda: channel.fetch("a-file"),
        )
        failed = []
        await line.begin()
        for deed in deeds:
            try:
                await deed()
            except ChannelError as error:
                failed.append(error)
        await line.end()
        return failed

    return asyncio.run(all_of_it())


def named(where: str) -> Callable[[str], Said]:
    """A Bot API that says of every file that it lies at `where`."""
    found = {"file_id": "a", "file_unique_id": "b", "file_path": where}
    return lambda path: (200, json.dumps({"ok": True, "result": found}).encode(), "")


def test_no_file_of_this_machine_is_read_whatever_the_server_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents/file_0.pdf").write_bytes(b"mine")
    monkeypatch.chdir(tmp_path)
    for where in (str(tmp_path / "documents/file_0.pdf"), "documents/file_0.pdf"):
        with Between(named(where)).listening() as server:
            settings = settings_of(server.url)

            async def fetch(settings: Settings = settings) -> bytes:
                line = line_of(settings)
                await line.begin()
                try:
                    return await TelegramChannel(line.bot, Blobs(tmp_path)).fetch("a")
                finally:
                    await line.end()

            with pytest.raises(Refused, match="no place from which"):
                asyncio.run(fetch())


def test_what_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    with Between(lambda _: (200, b"{}", "")).listening() as thief:
        for status in (301, 302, 307, 308):
            with Between(lambda _, s=status: (s, b"", thief.url)).listening() as server:  # type: ignore[misc]
                assert len(tries(settings_of(server.url), tmp_path)) == 4
                assert len(server.asked) >= 4
        assert thief.asked == []


def test_the_proxy_of_the_surroundings_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Between(lambda _: (200, b"{}", "")).listening() as proxy, TelegramServer() as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        settings = load({"FACTOTUM_TELEGRAM_API_URL": server.url}, [])
        assert me.ask(settings, server.token).username
        tries(settings_of(server.url), tmp_path)
        assert proxy.asked == []


REFUSALS: dict[str, Said] = {
    "unauthorized": (401, b'{"ok":false,"error_code":401,"description":"Unauthorized"}', ""),
    "not found": (404, b'{"ok":false,"error_code":404,"description":"Not Found"}', ""),
    "a login page": (200, b"<html>Sign in</html>", ""),
    "broken": (500, b"", ""),
    "no result": (200, b'{"ok":true}', ""),
    "another result": (200, b'{"ok":true,"result":[7,{"update_id":"x"}]}', ""),
    "an echo": (400, json.dumps({"ok": False, "error_code": 400,
                                 "description": f"Bad Request: /bot{TOKEN}/"}).encode(), ""),
    "elsewhere": (302, b"", "http://127.0.0.1:1"),
}  # fmt: skip


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return f"http://127.0.0.1:{one.getsockname()[1]}"


@pytest.fixture
def lines() -> io.StringIO:
    """What the log says, secrets known as every process of ours knows them."""
    written = io.StringIO()
    log.start("debug", written)
    redaction.hide([TOKEN])
    return written


@pytest.mark.parametrize("way", [*REFUSALS, "closed", "no tls", "a proxy that is closed"])
def test_no_error_and_no_line_of_the_log_says_the_token(
    tmp_path: Path, lines: io.StringIO, way: str
) -> None:
    with Between(lambda _: REFUSALS.get(way, (200, b"{}", ""))).listening() as server:
        settings = {
            "closed": settings_of(closed_port()),
            "no tls": settings_of(server.url.replace("http:", "https:")),
            "a proxy that is closed": settings_of(server.url, TELEGRAM_PROXY=closed_port()),
        }.get(way, settings_of(server.url))
        failed: list[Exception] = list(tries(settings, tmp_path))
        try:
            me.ask(settings, TOKEN)
        except me.NoBot as no:
            failed.append(no)
    assert len(failed) >= 4
    for error in failed:
        logging.getLogger("factotum.channels").error(
            "it broke", exc_info=error, extra={"reason": str(error)}
        )
    secret = TOKEN.partition(":")[2]
    assert "it broke" in lines.getvalue() and secret not in lines.getvalue()
    if way != "an echo":  # there the server says it; it is blacked out wherever it is shown
        assert secret not in " ".join(map(str, failed))
