"""A model behind OpenAI's chat completions, on loopback, that says what a test wrote down.

with ScriptedModelServer([call("notes__read", path="a.md"), "It says hello."]) as server:
    ...  # FACTOTUM_MODEL_BASE_URL=server.base_url
assert server.requests[1]["messages"][-1]["role"] == "tool"

An item of a script is a text, a `call`, a list of both, or one of `status`, `slow`, `raw`,
`cut` and `huge`. A script may be a function from the request's body to an item. It is as
strict as the real service: what that would refuse is refused here, with 400 and a reason.
"""

from __future__ import annotations

import itertools
import json
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.servers.model_rules import objection, objection_of_ollama
from tests.servers.model_script import (
    Answer,
    Body,
    Call,
    Item,
    Raw,
    Script,
    Slow,
    Status,
    call,
    completion,
    cut,
    huge,
    ollama_answer,
    raw,
    slow,
    status,
)

__all__ = [
    "Answer",
    "Call",
    "Item",
    "Script",
    "ScriptedModelServer",
    "call",
    "completion",
    "cut",
    "huge",
    "raw",
    "slow",
    "status",
]

#: How often a slow answer looks whether somebody still waits for it, in seconds.
LOOK_S = 0.01


@dataclass
class _Play:
    """What was asked and what is said, shared by the threads of one server."""

    script: Callable[[Body], Item]
    tags: Sequence[Mapping[str, Any]]
    requests: list[Body] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    hung_up: int = 0
    connections: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


def _in_order(script: Iterable[Item]) -> Callable[[Body], Item]:
    items = iter(script)
    over = status(400, "the script of this server has no more lines")
    return lambda body: next(items, over)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    play: _Play  # set by the server's own subclass

    def setup(self) -> None:
        super().setup()
        self.play.connections += 1

    def do_GET(self) -> None:
        if self.path == "/api/tags":
            self._send(200, {"models": list(self.play.tags)})
        else:
            self._send(404, {"error": {"message": "no such page"}})

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            body = json.loads(data)
        except ValueError:
            body = None
        if self.path == "/api/show" and isinstance(body, dict):
            found = [one for one in self.play.tags if one["name"] == body.get("model")]
            self._send(200, found[0]) if found else self._send(404, {"error": "no such model"})
        elif self.path not in ("/v1/chat/completions", "/api/chat"):
            self._send(404, {"error": {"message": f"no such page: {self.path}"}})
        else:
            self._answer(body)

    def _is_ollama(self) -> bool:
        return self.path == "/api/chat"

    def _answer(self, body: Any) -> None:
        with self.play.lock:
            self.play.requests.append(body)
            self.play.headers.append({name.lower(): text for name, text in self.headers.items()})
            wrong = objection_of_ollama(body) if self._is_ollama() else objection(body)
            if wrong:
                self.play.refused.append(wrong)
            item = (
                status(400, wrong, type="invalid_request_error")
                if wrong
                else self.play.script(body)
            )
            number = len(self.play.requests)
        self._say(item, body, number)

    def _say(self, item: Item, body: Body, number: int) -> None:
        match item:
            case Slow(seconds, then):
                if self._wait(seconds):
                    self._say(then, body, number)
            case Status(code, headers, error):
                said = error["message"] if self._is_ollama() else dict(error)
                self._send(code, {"error": said}, headers)
            case Raw(data, cut):
                self._send_bytes(200, data, {}, len(data) // 2 if cut else len(data))
            case Answer() if self._is_ollama():
                self._send(200, ollama_answer(item, body))
            case Answer():
                self._send(200, completion(item, body, number))
            case str():
                self._say(Answer(item), body, number)
            case Call():
                self._say(Answer(None, [item]), body, number)
            case parts:
                text = "\n".join(part for part in parts if isinstance(part, str)) or None
                calls = [part for part in parts if isinstance(part, Call)]
                self._say(Answer(text, calls), body, number)

    def _wait(self, seconds: float) -> bool:
        """Whether somebody still listens after so long."""
        for _ in itertools.repeat(None, round(seconds / LOOK_S)):
            if self.play.over.wait(LOOK_S):
                return False
            if select.select([self.connection], [], [], 0)[0]:
                try:
                    gone = self.connection.recv(1, socket.MSG_PEEK) == b""
                except ConnectionError:
                    gone = True
                if gone:
                    self.play.hung_up += 1
                    return False
        return True

    def _send(self, code: int, value: Any, headers: Mapping[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        self._send_bytes(code, data, headers or {}, len(data))

    def _send_bytes(self, code: int, data: bytes, headers: Mapping[str, str], until: int) -> None:
        self.send_response(code)
        for name, text in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data[:until])
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read `requests`; nobody reads a log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # who asked has hung up
            super().handle_error(request, client_address)


class ScriptedModelServer:
    """Listens while its `with` block runs. With OLLAMA_HOST=server.origin it is an Ollama, of
    which `tags` are the models:
    `[{"name": "llama3.2:latest", "capabilities": ["completion", "tools"]}]`."""

    def __init__(self, script: Script = (), tags: Sequence[Mapping[str, Any]] = ()) -> None:
        self._play = _Play(script if callable(script) else _in_order(script), tags)
        handler = type("_Handler", (_Handler,), {"play": self._play})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), name="scripted model"
        )
        self.port: int = self._server.server_address[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.base_url = f"{self.origin}/v1"

    @property
    def requests(self) -> list[Body]:
        """The bodies that were asked with, in order."""
        return self._play.requests

    @property
    def headers(self) -> list[dict[str, str]]:
        """Their headers, with small names."""
        return self._play.headers

    @property
    def refused(self) -> list[str]:
        """What the real service would have refused, too."""
        return self._play.refused

    @property
    def connections(self) -> int:
        """How often somebody came at all."""
        return self._play.connections

    @property
    def hung_up(self) -> int:
        """How many did not wait for a slow answer."""
        return self._play.hung_up

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._play.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
