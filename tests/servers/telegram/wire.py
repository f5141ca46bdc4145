"""HTTP on loopback: connections that can be cut and mended, forms, JSON and files that come in.

Knows nothing of Telegram: it hands each request to one function and sends back what that says.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.patience import PATIENCE_S
from tests.servers.telegram.facts import Dropped, Upload

#: How long a thread may take to end once its connection is closed, in seconds.
END_S = PATIENCE_S


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]


#: The path of a request, its parameters as they came, its files.
Respond = Callable[[str, dict[str, Any], dict[str, Upload]], Answer]


class Wire:
    """Listens on one port of loopback, a thread for each connection."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = socket.create_server(("127.0.0.1", 0))
        self._held: socket.socket | None = None
        self.port: int = self._listener.getsockname()[1]
        self._accepting = self._begin(self._listener)

    def cut(self) -> None:
        """Nobody can connect any more, and every connection ends at once."""
        listener = self._listener
        if listener is None:
            return
        self._listener = None
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=END_S).close()
        self._accepting.join(END_S)
        listener.close()
        # Bound and not listening: the port refuses connections, and nobody else gets it.
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind(("127.0.0.1", self.port))
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            threads = list(self._threads)
        for thread in threads:
            thread.join(END_S)

    def mend(self) -> None:
        """Listens again on the same port."""
        if self._listener is not None:
            return
        self._release()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._accepting = self._begin(self._listener)

    def close(self) -> None:
        self.cut()
        self._release()

    def _release(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None

    def _begin(self, listener: socket.socket) -> threading.Thread:
        thread = threading.Thread(
            target=self._accept, args=(listener,), name="bot-api", daemon=True
        )
        thread.start()
        return thread

    def _accept(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            thread = threading.Thread(
                target=self._serve, args=(connection,), name="bot-api", daemon=True
            )
            with self._lock:
                if self._listener is not listener:
                    connection.close()
                    return
                self._connections.add(connection)
                self._threads = [one for one in self._threads if one.is_alive()] + [thread]
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _Handler(connection, self._respond)
        except (OSError, Dropped, ValueError):
            pass  # whoever asked has hung up, or is not to get an answer
        finally:
            with self._lock:
                self._connections.discard(connection)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one go: else each answer waits for an acknowledgement

    def __init__(self, connection: socket.socket, respond: Respond) -> None:
        self._respond = respond
        super().__init__(connection, ("127.0.0.1", 0), None)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._play()

    def do_POST(self) -> None:
        self._play()

    def _play(self) -> None:
        told = urlsplit(self.path)
        size_bytes = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size_bytes)
        if len(body) < size_bytes:
            raise Dropped  # whoever asked went away in the middle of it
        params, files = read_body(self.headers, body)
        query = dict(parse_qsl(told.query, keep_blank_values=True))
        answer = self._respond(unquote(told.path), {**query, **params}, files)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def read_body(headers: Message, body: bytes) -> tuple[dict[str, Any], dict[str, Upload]]:
    """Parameters and files of a request body: a form, JSON, or multipart."""
    kind = headers.get_content_type()
    if not body:
        return {}, {}
    if kind == "application/json":
        try:
            found = json.loads(body)
        except ValueError:
            found = {}
        return (found if isinstance(found, dict) else {}), {}
    if kind == "multipart/form-data":
        return _parts(body, str(headers.get_param("boundary")))
    return dict(parse_qsl(body.decode(), keep_blank_values=True)), {}


def _parts(body: bytes, boundary: str) -> tuple[dict[str, Any], dict[str, Upload]]:
    params: dict[str, Any] = {}
    files: dict[str, Upload] = {}
    # The first boundary stands at the beginning, each later one after a line break.
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:-1]:
        head, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        text = head.decode()
        name = _quoted(text, "name")
        if "filename=" in text:
            mime = re.search(r"(?im)^content-type:\s*([^\r\n;]+)", text)
            kind = mime[1].strip() if mime else "application/octet-stream"
            files[name] = Upload(_quoted(text, "filename"), kind, data)
        else:
            params[name] = data.decode()
    return params, files


def _quoted(head: str, name: str) -> str:
    found = re.search(rf'[;\s]{name}="([^"]*)"', head)
    return unquote(found[1]) if found else ""
