"""Which addresses may be asked: the public Internet, and what the owner named besides.

A name is looked up once and every address of it is checked; the connection then goes to an
address that was checked, so that no second look-up leads into the owner's own network. The web
tools keep to the same rule in `mcp/web_fetch.py`, which may import nothing from here.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import httpx

#: The longest address, in characters.
ADDRESS_MOST = 2000
#: A host as it is looked up: a name, or an address of either kind.
HOST = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")
#: Where NAT64 hides an address of the old kind in one of the new.
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Refused(Exception):
    """Nothing was asked: the address may not be asked; why, in words."""


def addresses_of(host: str, port: int) -> list[str]:
    """Every address that the name has. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


@dataclass(frozen=True)
class Reach:
    """`inside` are hosts of the owner's own network that may be asked, as `name` or
    `name:port`."""

    inside: Collection[str] = ()
    resolve: Callable[[str, int], Sequence[str]] = addresses_of

    def checked(self, url: httpx.URL) -> str:
        """An address of the url's host that may be asked. Raises Refused, and OSError when the
        name cannot be looked up."""
        host, port = host_of(url), port_of(url)
        try:
            found = list(self.resolve(host, port))
        except UnicodeError:
            found = []
        if not found:
            raise Refused(f"there is no host {host}")
        if self.is_inside(url):
            return found[0]
        for address in found:
            if not is_public(address):
                raise Refused(
                    f"{host} lies in your own network ({address}). To allow it, name it in "
                    f"FACTOTUM_WEB_INSIDE"
                )
        return found[0]

    def is_inside(self, url: httpx.URL) -> bool:
        """Whether the owner named that host as one of their own network."""
        host = host_of(url)
        return bool({host, f"{host}:{port_of(url)}"} & set(self.inside))


def inside_of(setting: str) -> tuple[str, ...]:
    """The hosts that FACTOTUM_WEB_INSIDE names."""
    return tuple(host.strip() for host in setting.split(",") if host.strip())


def url_of(address: str) -> httpx.URL:
    """The address, taken apart. Raises Refused."""
    if len(address) > ADDRESS_MOST or not address.isprintable() or " " in address.strip():
        raise Refused(f"an address has up to {ADDRESS_MOST} characters and no blanks")
    try:
        url = httpx.URL(address.strip())
    except (httpx.InvalidURL, TypeError, ValueError) as wrong:
        raise Refused(f"this is no address of a page: {wrong}") from None
    if url.scheme not in ("http", "https") or not url.raw_host:
        raise Refused("only addresses that begin with http:// or https:// are asked")
    if url.userinfo:
        raise Refused("an address with a name or password in it is not asked")
    if not HOST.fullmatch(host_of(url)) or url.port == 0:
        raise Refused(f"this is no name of a host: {host_of(url)[:60]}")
    return url.copy_with(fragment=None)


def host_of(url: httpx.URL) -> str:
    """The host as it is on the wire: what is looked up is what is asked and what is proved."""
    return url.raw_host.decode().strip("[]")


def port_of(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


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
