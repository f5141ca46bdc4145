"""One question to one web server, with bounds on all that may come back.

No cookie, no proxy of the environment, a login only where its owner put it. What comes packed is
unpacked here, so that a small answer cannot become a large one.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx

from factotum import __version__
from watchers.web.reach import Reach, Refused, host_of, port_of, url_of

MB = 1024 * 1024
#: How long one answer may take in all, and how long one step of it, in seconds.
LIMIT_S, STEP_S = 60.0, 20.0
REDIRECTS_MOST = 5
#: How much is taken from the line, and unpacked, at a time, in bytes.
PIECE_BYTES = 64 * 1024

AGENT = f"Factotum/{__version__} (a personal assistant; looks when its owner says so)"


class Unanswered(Exception):
    """It was asked, and nothing of use came of it; why, in words."""


class TooMuch(Unanswered):
    """What came is larger than what is read."""


@dataclass(frozen=True)
class Answer:
    """`url` is where it came from in the end; `moved` is that address when the server says that
    it is the right one from now on. The names of `headers` are lower-case."""

    url: str
    status: int
    headers: Mapping[str, str]
    data: bytes
    charset: str = ""
    moved: str = ""


@dataclass(frozen=True)
class Question:
    method: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    login: tuple[str, str] | None = None


@dataclass(frozen=True)
class Fetcher:
    """`most_bytes` is how large an answer may be, unpacked."""

    reach: Reach
    most_bytes: int
    limit_s: float = LIMIT_S

    def ask(self, address: str, question: Question) -> Answer:
        """Raises Refused or Unanswered. A question with a login goes to its own host alone."""
        until = time.monotonic() + self.limit_s
        url, moved, for_ever = url_of(address), "", True
        for _ in range(REDIRECTS_MOST + 1):
            answer, target = self._once(url, question, until)
            if target is None:
                return Answer(
                    answer.url, answer.status, answer.headers, answer.data, answer.charset, moved
                )
            before, url = url, url_of(str(target))
            self._may_follow(before, url, question)
            for_ever = for_ever and answer.status in (301, 308)
            moved = str(url) if for_ever else ""
        raise Unanswered(f"it sends from one address to the next more than {REDIRECTS_MOST} times")

    def _once(
        self, url: httpx.URL, question: Question, until: float
    ) -> tuple[Answer, httpx.URL | None]:
        host = host_of(url)
        try:
            address = self.reach.checked(url)
        except OSError as failed:
            raise Unanswered(f"the name {host} cannot be looked up ({failed.strerror})") from None
        try:
            with (
                _ends(until) as trace,
                httpx.Client(trust_env=False, timeout=STEP_S, verify=_trusted()) as client,
                client.stream(
                    question.method,
                    url.copy_with(host=address),
                    headers=_headers(url, question),
                    content=question.body or None,
                    auth=question.login,
                    extensions={"sni_hostname": host.rstrip("."), "trace": trace},
                ) as answer,
            ):
                return self._read(url, answer, until)
        except (httpx.InvalidURL, UnicodeError) as wrong:
            raise Unanswered(f"it sends to an address that is none ({wrong})") from None
        except httpx.TimeoutException:
            raise Unanswered(f"{host} gave no answer in time") from None
        except httpx.HTTPError as broken:
            if time.monotonic() > until:
                raise Unanswered(f"{host}: it took longer than {self.limit_s:g} s") from None
            raise Unanswered(f"{host}: {type(broken).__name__} {broken}") from None

    def _may_follow(self, before: httpx.URL, after: httpx.URL, question: Question) -> None:
        if before.scheme == "https" and after.scheme == "http":
            raise Unanswered(f"it sends from https to http, where anybody can listen: {after}")
        if self.reach.is_inside(after) and not self.reach.is_inside(before):
            raise Refused(f"it sends into your own network, where only you may look: {after}")
        same = (host_of(before), port_of(before)) == (host_of(after), port_of(after))
        if question.login and not same and not _up(before, after):
            raise Unanswered(f"it sends to another host, which does not get your password: {after}")

    def _read(
        self, url: httpx.URL, answer: httpx.Response, until: float
    ) -> tuple[Answer, httpx.URL | None]:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if answer.has_redirect_location:
            target = url.join(answer.headers["location"])
            return Answer(str(url), answer.status_code, headers, b""), target
        data = bytearray()
        for piece in _unpacked(answer):
            data += piece
            if len(data) > self.most_bytes:
                raise TooMuch(f"it is larger than {self.most_bytes // MB} MB")
            if time.monotonic() > until:
                break
        if time.monotonic() > until:  # cut off, it may look as if it had ended
            raise Unanswered(f"it took longer than {self.limit_s:g} s")
        charset = answer.charset_encoding or ""
        return Answer(str(url), answer.status_code, headers, bytes(data), charset), None


def _headers(url: httpx.URL, question: Question) -> dict[str, str]:
    return {
        "User-Agent": AGENT,
        "Accept-Encoding": "gzip",
        **question.headers,
        "Host": url.netloc.decode(),
    }


def _up(before: httpx.URL, after: httpx.URL) -> bool:
    """From http to https at the same host."""
    ports = (port_of(before), port_of(after))
    return host_of(before) == host_of(after) and ports == (80, 443)


def _unpacked(answer: httpx.Response) -> Iterator[bytes]:
    packing = answer.headers.get("content-encoding", "identity").strip().lower()
    if packing in ("identity", ""):
        yield from answer.iter_raw(PIECE_BYTES)
        return
    if packing not in ("gzip", "x-gzip"):
        raise Unanswered(f"it came packed as {packing[:40]!r}, which was not asked for")
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        for piece in answer.iter_raw(PIECE_BYTES):
            while piece:
                yield unpack.decompress(piece, PIECE_BYTES)
                piece = unpack.unconsumed_tail
    except zlib.error:
        raise Unanswered("it came packed and cannot be unpacked") from None
    if not unpack.eof:
        raise Unanswered("it ended in the middle")


@cache
def _trusted() -> ssl.SSLContext:
    """Who vouches for servers: the world's and this system's, as for a server at home. Made
    once: reading all of them takes longer than most answers."""
    trusted = httpx.create_ssl_context(trust_env=False)
    trusted.load_default_certs()
    return trusted


@contextmanager
def _ends(until: float) -> Iterator[Callable[[str, Mapping[str, Any]], None]]:
    """What cuts every connection that it is told of at that time: the steps of a slow answer
    may each be quick enough for ever."""
    cutters: list[tuple[threading.Timer, socket.socket]] = []

    def trace(name: str, info: Mapping[str, Any]) -> None:
        if name == "connection.connect_tcp.complete":
            line = info["return_value"].get_extra_info("socket").dup()  # outlives a change to TLS
            timer = threading.Timer(max(0.0, until - time.monotonic()), _cut, (line,))
            timer.daemon = True
            timer.start()
            cutters.append((timer, line))

    try:
        yield trace
    finally:
        for timer, line in cutters:
            timer.cancel()
            line.close()


def _cut(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it had ended by itself


__all__ = ["Answer", "Fetcher", "Question", "Refused", "TooMuch", "Unanswered"]
