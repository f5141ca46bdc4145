"""Free ports on loopback, and a host that takes a connection and never says a word."""

from __future__ import annotations

import functools
import itertools
import os
import random
import socket
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from tests.patience import PATIENCE_S

#: Below those that a system gives to whoever asks for any port at all (Linux from 32768 on, others
#: from 49152 on): else what is free now may be the near end of another test's connection in a
#: moment.
PORTS = range(20_000, 32_000)
#: So many belong to one process of tests, so that no two choose the same: whoever holds the first
#: one of a stretch takes of it, one after the other.
STRETCH = 400


@functools.cache
def _stretch(pid: int) -> tuple[socket.socket, Iterator[int]]:
    """What is held for as long as this process lives, and the ports that are its own for it."""
    firsts = list(PORTS[::STRETCH])
    random.SystemRandom().shuffle(firsts)
    for first in firsts:
        held = socket.socket()
        try:
            held.bind(("127.0.0.1", first))
        except OSError:
            held.close()
            continue
        return held, itertools.cycle(range(first + 1, first + STRETCH))
    raise OSError(f"no stretch of {STRETCH} ports is left from {PORTS.start} to {PORTS.stop}")


def free_port() -> int:
    """A port at which nobody listens, nor will by accident."""
    for port in itertools.islice(_stretch(os.getpid())[1], STRETCH):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue  # it is taken, or was a moment ago
            return port
    raise OSError("no port of this process is free")


def wait_for(port: int, limit_s: float = PATIENCE_S) -> None:
    """Returns when something listens there. Raises TimeoutError."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"nothing listens on port {port} after {limit_s:g} s")


class Silent:
    """Takes connections (the kernel does) and never answers."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._accepted: list[socket.socket] = []

    def hears(self) -> None:
        """Waits till somebody has said something."""
        self._socket.settimeout(PATIENCE_S)
        connection, _ = self._socket.accept()
        self._accepted.append(connection)
        connection.settimeout(PATIENCE_S)
        connection.recv(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for connection in (*self._accepted, self._socket):
            connection.close()
