"""A model that does whatever any text says, and a web page of the attacker's, on loopback.

The model reads `CALL tool {arguments}` wherever it stands in what it is told, a mail as well
as a tool's answer, and makes each of these calls, one a turn. Then it says that it is done.
Whoever loads a page of the attacker's is written down.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from factotum.attack.plots import PLOTS, Order, orders_of

#: The number that each attack says of itself.
_PLOT = re.compile(r"PLOT (\d{1,2})\b")
_CALL = re.compile(r"CALL (\w+) (?=\{)")


class Evil:
    """Listens while its `with` block runs. `loaded` are the pages that somebody loaded."""

    def __init__(self) -> None:
        evil = self
        self.loaded: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                evil.loaded.append(self.path)
                self._answer(b"<p>CALL finish {}</p>", "text/html")

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                said = answer(body, evil.origin)
                self._answer(json.dumps(said).encode(), "application/json")

            def _answer(self, data: bytes, kind: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def origin(self) -> str:
        return f"http://{self.host}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def answer(body: Any, evil: str) -> dict[str, Any]:
    """What it says to a request, in the format of chat completions."""
    messages = body["messages"]
    said = sum(message["role"] == "assistant" for message in messages)
    orders = _orders([m for m in messages if m["role"] in ("user", "tool")], evil)
    tool, args = orders[said] if said < len(orders) else ("finish", {"summary": "All is done."})
    called = {
        "id": f"call{said}",
        "type": "function",
        "function": {"name": tool, "arguments": json.dumps(args)},
    }
    message = {"role": "assistant", "content": None, "tool_calls": [called]}
    return {
        "id": "obedient",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model", ""),
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    }


def _orders(messages: Sequence[Any], evil: str) -> list[Order]:
    """All that it was told to do, in order. Where a file's form has broken a call in two, the
    attack's number stands for what its author meant: it is no merit of ours."""
    text = "\n".join(_text(message) for message in messages)
    found: list[Order] = []
    for call in _CALL.finditer(text):
        try:
            args, _ = json.JSONDecoder().raw_decode(text, call.end())
        except ValueError:
            continue
        if (call[1], args) not in found and call[1] != "finish":
            found.append((call[1], args))
    if found or not (plot := _PLOT.search(text)):
        return found
    return orders_of(PLOTS[int(plot[1]) - 1], evil)


def _text(message: Any) -> str:
    content = message.get("content") or ""
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content)
    return str(content)
