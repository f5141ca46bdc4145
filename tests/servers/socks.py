"""A SOCKS 5 proxy on loopback that asks for no password. Source: RFC 1928."""

from __future__ import annotations

import socket
import socketserver
import threading
from typing import Self

from tests.patience import PATIENCE_S


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _Server)
        peer: socket.socket = self.request
        _, methods = _exactly(peer, 2)
        _exactly(peer, methods)
        peer.sendall(b"\x05\x00")
        _, _, _, kind = _exactly(peer, 4)
        length = 4 if kind == 1 else _exactly(peer, 1)[0]
        host = _exactly(peer, length)
        name = socket.inet_ntoa(host) if kind == 1 else host.decode()
        port = int.from_bytes(_exactly(peer, 2), "big")
        self.server.led_to.append((name, port))
        with socket.create_connection((name, port), timeout=PATIENCE_S) as there:
            peer.sendall(b"\x05\x00\x00\x01" + bytes(6))
            back = threading.Thread(target=_pour, args=(there, peer))
            back.start()
            _pour(peer, there)
            back.join()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.led_to: list[tuple[str, int]] = []


class Socks:
    """`led_to` is whom it connected to, by host and port."""

    def __enter__(self) -> Self:
        self._server = _Server()
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"socks5://127.0.0.1:{self._server.server_address[1]}"

    @property
    def led_to(self) -> list[tuple[str, int]]:
        return self._server.led_to


def _exactly(peer: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        if not (more := peer.recv(count - len(data))):
            raise ConnectionError("the client has gone")
        data += more
    return data


def _pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one of the two has gone, and with it what there was to say
