"""What stands beside an office at Telegram: the channel by itself, and who takes the mail."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer

from bench import ROOT
from bench.office import Office, until
from factotum.ears import beats
from tests.servers.telegram import TelegramServer
from tests.servers.telegram.people import Person

OWNER = 4711


def at_telegram(server: TelegramServer) -> dict[str, str]:
    """The settings of an office whose owner is on the played Telegram."""
    return {
        "TELEGRAM_TOKEN": server.token,
        "TELEGRAM_API_URL": server.url,
        "TELEGRAM_CHAT_ID": str(OWNER),
    }


def owner_of(server: TelegramServer) -> Person:
    """The owner, who has opened the chat with the bot."""
    owner = server.person(OWNER, "Marco")
    if not owner.chat.messages:
        owner.starts()
    return owner


@contextmanager
def channel(office: Office) -> Iterator[int]:
    """The channel in a process of its own; its pid, at once."""
    with open(office.folder / "channel.txt", "ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "factotum.cli", "channels", "run", "telegram"],
            cwd=ROOT,
            env=office.environ(),
            stdout=out,
            stderr=out,
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def answered(office: Office) -> None:
    """Waits till Telegram has answered the channel of this office."""

    def well() -> bool:
        beat = beats.of(office.state, "telegram")
        return beat is not None and bool(beat.answered) and not beat.trouble

    until(well, "Telegram to answer", 0.05)


class Postman:
    """Takes mail on loopback, and knows when each client came."""

    def __init__(self) -> None:
        self.came: list[float] = []
        self.taken = 0
        self._server = ThreadingTCPServer(("127.0.0.1", 0), _talk_of(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def settings(self) -> dict[str, str]:
        port = self._server.server_address[1]
        return {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_SECURITY": "none"}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _talk_of(postman: Postman) -> type[StreamRequestHandler]:
    class Talk(StreamRequestHandler):
        def handle(self) -> None:
            postman.came.append(time.perf_counter())
            self.wfile.write(b"220 postman\r\n")
            inside = False
            for line in self.rfile:
                if inside and line != b".\r\n":
                    continue
                postman.taken += inside
                inside = line[:4].upper() == b"DATA"
                self.wfile.write(b"354 go on\r\n" if inside else b"250 OK\r\n")

    return Talk
