"""Getting one page from the public Internet, and from nowhere else.

The name is looked up once, every address of it is checked, and the connection goes to an
address that was checked: no second look-up can lead into the owner's own network. It follows
a page only within its site. It sends no cookie, no login, nothing but the address.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

#: The largest page, in bytes; what is beyond it is not read.
PAGE_MOST_BYTES = 2 * 1024 * 1024
#: How long a page may take in all, and how long one step of it, in seconds.
LIMIT_S, STEP_S = 30.0, 10.0
REDIRECTS_MOST = 5
#: The longest address, in characters: a person must be able to read it whole.
ADDRESS_MOST = 900

ACCEPTED = ("text/", "application/json", "application/xml", "application/xhtml+xml")
HEADERS = {
    "User-Agent": "Factotum (reads a page when its owner says so)",
    "Accept": "text/html, text/*;q=0.9, application/json;q=0.8",
    "Accept-Encoding": "identity",  # a small answer cannot become a large page
}

#: A host as it is looked up: a name, or an address of either kind.
HOST = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")

#: Where NAT64 hides an address of the old kind in one of the new.
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Refused(Exception):
    """Nothing was asked: the address may not be read; why, in words."""


class Unanswered(Exception):
    """It was asked, and no page came of it; why, in words."""


@dataclass(frozen=True)
class Page:
    """What came. `elsewhere` is the address of another site that it sends to, or empty."""

    url: str
    status: int
    kind: str
    charset: str
    data: bytes
    cut: bool
    elsewhere: str = ""


def addresses_of(host: str, port: int) -> list[str]:
    """Every address that the name has. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


@dataclass(frozen=True)
class Fetcher:
    """`inside` are hosts of the owner's own network that may be read, as `name` or
    `name:port`."""

    inside: Collection[str] = ()
    resolve: Callable[[str, int], Sequence[str]] = addresses_of
    limit_s: float = LIMIT_S

    def page(self, address: str) -> Page:
        """The page at `address`. Raises Refused or Unanswered."""
        until = time.monotonic() + self.limit_s
        url = _url(address)
        for _ in range(REDIRECTS_MOST + 1):
            page, target = self._ask(url, until)
            if target is None:
                return page
            if not _same_site(url, target):
                elsewhere = str(target)[:ADDRESS_MOST]
                return Page(str(url), page.status, "", "", b"", False, elsewhere)
            url = _url(str(target))
        raise Unanswered(f"it sends from one address to the next more than {REDIRECTS_MOST} times")

    def _ask(self, url: httpx.URL, until: float) -> tuple[Page, httpx.URL | None]:
        host = _host(url)
        to = url.copy_with(host=self._checked(url))
        headers = {**HEADERS, "Host": url.netloc.decode()}
        try:
            with (
                _ends(until) as trace,
                httpx.Client(trust_env=False, timeout=STEP_S) as client,
                client.stream(
                    "GET",
                    to,
                    headers=headers,
                    extensions={"sni_hostname": host.rstrip("."), "trace": trace},
                ) as answer,
            ):
                return self._read(url, answer, until)
        except (httpx.InvalidURL, UnicodeError) as wrong:
            raise Unanswered(f"it sends to an address that is none ({wrong})") from None
        except httpx.TimeoutException:
            raise Unanswered(f"{host} was asked and gave no answer in time") from None
        except httpx.HTTPError as broken:
            if time.monotonic() > until:
                raise Unanswered(f"{host}: it took longer than {self.limit_s:g} s") from None
            raise Unanswered(f"{host} was asked: {type(broken).__name__} {broken}") from None

    def _checked(self, url: httpx.URL) -> str:
        """An address of the host that may be asked. Raises Refused."""
        host, port = _host(url), _port(url)
        try:
            found = list(self.resolve(host, port))
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise Refused(f"there is no host {host}")
        if {host, f"{host}:{port}"} & set(self.inside):
            return found[0]
        for address in found:
            if not is_public(address):
                raise Refused(
                    f"{host} lies in your own network ({address}). To allow it, name it in "
                    f"FACTOTUM_WEB_INSIDE"
                )
        return found[0]

    def _read(
        self, url: httpx.URL, answer: httpx.Response, until: float
    ) -> tuple[Page, httpx.URL | None]:
        if answer.has_redirect_location:
            target = url.join(answer.headers["location"])
            return Page(str(url), answer.status_code, "", "", b"", False), target
        kind = answer.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
        if not kind.startswith(ACCEPTED) and not kind.endswith(("+json", "+xml")):
            raise Unanswered(f"it is no text but {kind[:60]!r}")
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            raise Unanswered("it came packed although that was not asked for")
        data = bytearray()
        for part in answer.iter_raw(16384):
            data += part
            if len(data) > PAGE_MOST_BYTES:
                break
            if time.monotonic() > until:
                break
        if time.monotonic() > until:  # cut off, it may look as if it had ended
            raise Unanswered(f"it took longer than {self.limit_s:g} s")
        whole = bytes(data[:PAGE_MOST_BYTES])
        charset = answer.charset_encoding or ""
        cut = len(data) > PAGE_MOST_BYTES
        return Page(str(url), answer.status_code, kind, charset, whole, cut), None


def _url(address: str) -> httpx.URL:
    if len(address) > ADDRESS_MOST or not address.isprintable() or " " in address.strip():
        raise Refused(f"an address has up to {ADDRESS_MOST} characters and no blanks")
    try:
        url = httpx.URL(address.strip())
    except (httpx.InvalidURL, TypeError, ValueError) as wrong:
        raise Refused(f"this is no address of a page: {wrong}") from None
    if url.scheme not in ("http", "https") or not url.raw_host:
        raise Refused("only addresses that begin with http:// or https:// are read")
    if url.userinfo:
        raise Refused("an address with a name or password in it is not read")
    if not HOST.fullmatch(_host(url)) or url.port == 0:
        raise Refused(f"this is no name of a host: {_host(url)[:60]}")
    return url.copy_with(fragment=None)


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


def _same_site(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether `other` is of the same host and door, and no less protected."""
    if _bare(one) != _bare(other):
        return False
    up = (one.scheme, _port(one), other.scheme, _port(other)) == ("http", 80, "https", 443)
    return up or (one.scheme, _port(one)) == (other.scheme, _port(other))


def _host(url: httpx.URL) -> str:
    """The host as it is on the wire: what is looked up is what is asked and what is proved."""
    return url.raw_host.decode().strip("[]")


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _bare(url: httpx.URL) -> str:
    return _host(url).rstrip(".").removeprefix("www.")


def is_public(address: str) -> bool:
    """Whether it is an address of the public Internet, however it is written."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if found in NAT64:
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
        if found.sixtofour is not None or found.teredo is not None or found.is_site_local:
            return False
    return found.is_global and not found.is_multicast
