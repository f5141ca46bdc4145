"""A real web server on loopback, with pages that a test puts there, and every bad habit.

with WebServer() as web:
    web.put("/feed", b"<rss>…", kind="application/rss+xml")   # an ETag comes by itself
    web.url("/feed"), web.asked, web.host
"""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass
class Page:
    """`wait_s` passes before each piece of `data`; `packed` sends it as gzip."""

    data: bytes = b""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: bool = True
    packed: bool = False
    wait_s: float = 0.0
    write: Callable[[Any], None] | None = None


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.asked.append(Asked("GET", self.path, dict(self.headers.items())))
        page = self.server.pages.get(self.path) or Page(b"nothing here", 404)
        tag = f'"{hashlib.sha256(page.data).hexdigest()[:12]}"'
        if page.etag and page.status == 200 and self.headers.get("If-None-Match") == tag:
            self.send_response(304)
            self.end_headers()
            return
        self.send_response(page.status)
        self.send_header("Content-Type", page.kind)
        if page.etag:
            self.send_header("ETag", tag)
        if page.packed:
            self.send_header("Content-Encoding", "gzip")
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self._write(page)
        except OSError:
            pass  # who asked has heard enough

    def _write(self, page: Page) -> None:
        if page.write is not None:
            page.write(self.wfile)
            return
        data = gzip.compress(page.data) if page.packed else page.data
        if not page.wait_s:
            self.wfile.write(data)
            return
        for n in range(0, len(data), 10):
            time.sleep(page.wait_s)
            self.wfile.write(data[n : n + 10])
            self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, Page] = {}
        self.asked: list[Asked] = []


class WebServer:
    def __init__(self) -> None:
        self._server = _Server()
        self.pages, self.asked = self._server.pages, self._server.asked
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def put(self, path: str, data: bytes = b"", **more: Any) -> None:
        self.pages[path] = Page(data, **more)

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


def zeros(mb: int) -> Callable[[Any], None]:
    """Writes so many MB of nothing, packed by gzip into a thousandth of that."""

    def write(line: Any) -> None:
        pack = zlib.compressobj(9, zlib.DEFLATED, 31)
        block = bytes(1024 * 1024)
        for _ in range(mb):
            line.write(pack.compress(block))
        line.write(pack.flush())

    return write
