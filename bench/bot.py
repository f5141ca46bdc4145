"""The plain bot that Telegram's figures stand beside: the standard library, and nothing kept.

python bench/bot.py PORT TOKEN    polls, and answers each tap at once, until it is killed
"""

from __future__ import annotations

import http.client
import json
import sys
from typing import Any


class Bot:
    """One connection, kept open."""

    def __init__(self, port: int, token: str) -> None:
        self._to = http.client.HTTPConnection("127.0.0.1", port)
        self._path = f"/bot{token}/"

    def ask(self, method: str, **params: Any) -> Any:
        body = json.dumps(params)
        self._to.request("POST", self._path + method, body, {"Content-Type": "application/json"})
        return json.loads(self._to.getresponse().read())["result"]


def main(port: int, token: str) -> None:
    ears, mouth = Bot(port, token), Bot(port, token)
    mouth.ask("getMe")
    offset = 0
    while True:
        for update in ears.ask("getUpdates", offset=offset, timeout=50):
            offset = update["update_id"] + 1
            if tap := update.get("callback_query"):
                mouth.ask("answerCallbackQuery", callback_query_id=tap["id"], text="Approved.")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
