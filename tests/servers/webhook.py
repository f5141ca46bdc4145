"""A webhook as Discord has them, on loopback, and anything that takes a POST of JSON.

with Webhooks() as there:
    there.url              # the address of the webhook; with ?wait=true it says the id
    there.messages         # what stands there now, by id: what was said, with `files`
    there.json_url         # the same machine for apprise: json://…; what came is in there.told
    there.fails.append(Fails(429, {"retry_after": 0.2}))   # for the next request, then it is over
    there.cut(), there.mend()                              # nobody listens for a while
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

ID, TOKEN = "1100", "tEsT-not-a-real-token"
MOST_CHARS = 2000


@dataclass(frozen=True)
class Fails:
    """How one request fares: it is answered so, `done` all the same or not; with `drop` the
    line breaks before the answer."""

    status: int = 500
    said: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    done: bool = False
    drop: bool = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def _answer(self) -> None:
        there = self.server.there
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        there.asked.append((self.command, self.path))
        fails = there.fails.popleft() if there.fails else None
        status, said = 0, None
        if fails is None or fails.done:
            status, said = there.take(
                self.command, self.path, self.headers.get("Content-Type", ""), body
            )
        if fails is not None:
            if fails.drop:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, said = fails.status, fails.said
        data = b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        for name, value in (fails.headers if fails else {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    there: Webhooks


class Webhooks:
    def __init__(self) -> None:
        self.messages: dict[str, dict[str, Any]] = {}
        self.told: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str]] = []
        self.fails: deque[Fails] = deque()
        self.port = 0
        self._n = 100
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/webhooks/{ID}/{TOKEN}"

    @property
    def json_url(self) -> str:
        return f"json://127.0.0.1:{self.port}/told"

    @property
    def texts(self) -> list[str]:
        return [str(one["content"]) for one in self.messages.values()]

    def __enter__(self) -> Self:
        self.mend()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self.cut()

    def cut(self) -> None:
        """Nobody listens there any more."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        self._server = None

    def mend(self) -> None:
        """Somebody listens again, at the same port."""
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.there = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self, method: str, path: str, kind: str, body: bytes) -> tuple[int, Any]:
        """What is done with a request, and the answer to it."""
        parts = urlsplit(path)
        if method == "POST" and parts.path.rstrip("/") == "/told":
            self.told.append(json.loads(body))
            return 200, {}
        found = re.fullmatch(r"/api/webhooks/(\w+)/([\w-]+)(?:/messages/(\w+))?", parts.path)
        if found is None or found[1] != ID:
            return 404, {"message": "Unknown Webhook", "code": 10015}
        if found[2] != TOKEN:
            return 401, {"message": "Invalid Webhook Token", "code": 50027}
        if method == "GET":
            return 200, {"id": ID, "name": "Factotum"}
        said = _said(kind, body)
        if not said.get("content") and not said["files"]:
            return 400, {"message": "Cannot send an empty message", "code": 50006}
        if len(said.get("content", "")) > MOST_CHARS:
            return 400, {"message": "Invalid Form Body", "code": 50035}
        if method == "PATCH":
            if found[3] not in self.messages:
                return 404, {"message": "Unknown Message", "code": 10008}
            self.messages[found[3]] = said
            return 200, {"id": found[3]}
        self._n += 1
        self.messages[str(self._n)] = said
        waits = parse_qs(parts.query).get("wait") == ["true"]
        return (200, {"id": str(self._n)}) if waits else (204, None)


def _said(kind: str, body: bytes) -> dict[str, Any]:
    if not kind.startswith("multipart/form-data"):
        return {**json.loads(body), "files": {}}
    parts = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    said: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    for part in parts.get_payload():
        assert not isinstance(part, str)
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        if name := part.get_filename():
            files[name] = data
        else:
            said |= json.loads(data)
    return {**said, "files": files}
