"""Somebody else's idea of the Bot API: the emulator `telegram-test-api`, which runs in Node.

It knows few methods and no redelivery, offsets, files or errors; those are tried on our own
server. This one is here so that another view of the same description has agreed. Install it with
`npm install telegram-test-api@4.2.1`, and say in $TELEGRAM_EMULATOR where its node_modules is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import pytest

from tests.patience import PATIENCE_S
from tests.servers.ports import free_port

Found = TypeVar("Found")

WRAPPER = Path(__file__).with_name("telegram_emulator.js")
TOKEN = "666:TEST-not-a-real-token"


class TelegramEmulator:
    """One bot, and one person with a chat of their own. Needs Node; ends with the block."""

    def __init__(self, modules: Path, person_id: int = 7, first_name: str = "Ada") -> None:
        self.token = TOKEN
        self.port = free_port()
        self.user = {"id": person_id, "is_bot": False, "first_name": first_name}
        self.chat = {"id": person_id, "type": "private", "first_name": first_name}
        self._node = subprocess.Popen(
            ["node", str(WRAPPER), str(self.port)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env={**os.environ, "NODE_PATH": str(modules)},
        )  # fmt: skip
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", verify=False, timeout=PATIENCE_S
        )

    @property
    def base_url(self) -> str:
        """What telegram.Bot wants as its `base_url`."""
        return f"http://127.0.0.1:{self.port}/bot"

    def __enter__(self) -> Self:
        assert self._node.stdout
        if self._node.stdout.readline() != b"ready\n":
            self.__exit__(None, None, None)
            raise RuntimeError("the emulator did not start; what Node said stands above")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, tb: TracebackType | None
    ) -> None:
        self._client.close()
        assert self._node.stdin and self._node.stdout
        self._node.stdin.close()
        try:
            self._node.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._node.kill()
            self._node.wait()
        self._node.stdout.close()

    # -- the person

    def says(self, text: str) -> None:
        self._post("/sendMessage", text=text, chat=self.chat, date=int(time.time()))

    def taps(self, message_id: int, label: str) -> None:
        """Taps that button of a message of the bot. Raises LookupError."""
        found = next(one for one in self.messages() if one["messageId"] == message_id)
        rows = found["message"].get("reply_markup", {}).get("inline_keyboard", [])
        buttons = {one["text"]: one["callback_data"] for row in rows for one in row}
        if label not in buttons:
            raise LookupError(f"message {message_id} has no button {label!r}, only {list(buttons)}")
        message = {
            "message_id": message_id,
            "date": found["time"] // 1000,
            "chat": self.chat,
            "text": found["message"]["text"],
        }
        self._post("/sendCallback", data=buttons[label], message=message)

    def messages(self) -> list[dict[str, Any]]:
        """What the bot sent, as the emulator keeps it: `messageId`, `time` in milliseconds, and
        `message` as it is now."""
        told = self._client.post("/getUpdatesHistory", json={"token": self.token}).json()
        return [one for one in told["result"] if "chat_id" in one.get("message", {})]

    def texts(self) -> list[str]:
        return [one["message"]["text"] for one in self.messages()]

    def answers(self) -> list[dict[str, Any]]:
        """What the bot answered to taps."""
        found: list[dict[str, Any]] = self._client.get("/answers").json()
        return found

    def waits_for(self, true: Callable[[], Found | None], timeout_s: float = PATIENCE_S) -> Found:
        """What `true` says as soon as it says anything. Raises AssertionError."""
        until = time.monotonic() + timeout_s
        while not (found := true()):
            assert time.monotonic() < until, f"not within {timeout_s:g} s; there is {self.texts()}"
            time.sleep(0.02)
        return found

    def waits_to_see(self, words: str, timeout_s: float = PATIENCE_S) -> int:
        """The id of the newest message of the bot that has these words in it now."""

        def seen() -> int | None:
            fit = [one for one in self.messages() if words in one["message"]["text"]]
            return int(fit[-1]["messageId"]) if fit else None

        return self.waits_for(seen, timeout_s)

    def _post(self, path: str, **what: Any) -> None:
        body = {"botToken": self.token, "from": self.user, **what}
        told = self._client.post(path, json=body)
        assert told.json().get("ok"), told.text


def emulator_running() -> TelegramEmulator:
    """The emulator, for use in a `with`; skips the test where it is not installed."""
    modules = os.environ.get("TELEGRAM_EMULATOR", "")
    if not modules or not shutil.which("node"):
        pytest.skip(
            "the emulator is not installed: npm install telegram-test-api@4.2.1, and say in "
            "$TELEGRAM_EMULATOR where its node_modules is"
        )
    return TelegramEmulator(Path(modules))
