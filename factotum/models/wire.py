"""The wire: one HTTP client for all models. Nothing here knows what is said over it.

It follows no redirect, keeps no cookie for anyone, takes no proxy from the environment unless
it is told to, and reads no more than ANSWER_BYTES_MOST. Cancelling a call closes its
connection. httpx is imported with the first call.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from factotum import __version__
from factotum.models.errors import Busy, Garbled, ModelError, Refusing

if TYPE_CHECKING:
    import httpx

#: A longer answer is none that we could use.
ANSWER_BYTES_MOST = 8 * 1024 * 1024
#: Who does not take the connection in this time is not there, in seconds.
CONNECT_S = 10.0


@dataclass(frozen=True)
class Answer:
    """What came back, with small names of headers."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    data: bytes = field(repr=False)


class Wire:
    """`proxies` says whether the environment's proxies are used, for addresses that are not
    local. Belongs to one event loop; close it there."""

    def __init__(self, *, proxies: bool = False) -> None:
        self._proxies = proxies
        self._clients: dict[bool, httpx.AsyncClient] = {}
        self._lock = asyncio.Lock()

    async def exchange(
        self,
        method: str,
        url: str,
        value: Any,
        headers: Mapping[str, str],
        *,
        name: str,
        timeout_s: float,
        local: bool,
    ) -> Answer:
        """Sends `value` as JSON (None: no body) and returns the whole answer, whatever its status.

        Raises Busy, Refusing or Garbled, in words about `name`.
        """
        data = None if value is None else json.dumps(value, default=dict).encode()
        headers = {"Content-Type": "application/json", **headers}
        return await self.send(
            method, url, data, headers, name=name, timeout_s=timeout_s, local=local
        )

    async def send(
        self,
        method: str,
        url: str,
        data: bytes | None,
        headers: Mapping[str, str],
        *,
        name: str,
        timeout_s: float,
        local: bool,
    ) -> Answer:
        """The same for bytes; the headers say what they are."""
        client = await self._client(proxied=self._proxies and not local)
        try:
            async with asyncio.timeout(timeout_s):
                sending = client.stream(
                    method,
                    url,
                    content=data,
                    headers=dict(headers),
                    timeout=_timeout(timeout_s),
                )
                return await _whole(sending, name, timeout_s)
        except TimeoutError:
            raise Busy(f"{name}: no answer within {timeout_s:g} s") from None

    async def close(self) -> None:
        clients = list(self._clients.values())
        self._clients.clear()
        for client in clients:
            await client.aclose()

    async def _client(self, *, proxied: bool) -> httpx.AsyncClient:
        async with self._lock:
            if proxied not in self._clients:
                # A thread, because it takes a tenth of a second to import, and more on a Pi.
                self._clients[proxied] = await asyncio.to_thread(_new_client, proxied)
            return self._clients[proxied]


async def listens(url: str, timeout_s: float) -> bool:
    """Whether anybody is there: cheaper than to import a whole HTTP client for a no."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _new_client(trust_env: bool) -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(
        trust_env=trust_env,
        follow_redirects=False,
        headers={"User-Agent": f"factotum/{__version__}", "Accept-Encoding": "identity"},
    )


def _timeout(timeout_s: float) -> httpx.Timeout:
    import httpx

    return httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s))


async def _whole(
    sending: AbstractAsyncContextManager[httpx.Response], name: str, timeout_s: float
) -> Answer:
    import httpx

    try:
        async with sending as response:
            got = bytearray()
            async for piece in response.aiter_bytes():
                got += piece
                if len(got) > ANSWER_BYTES_MOST:
                    raise Garbled(f"{name}: the answer is larger than {ANSWER_BYTES_MOST} bytes")
            return Answer(response.status_code, dict(response.headers), bytes(got))
    except (httpx.HTTPError, httpx.InvalidURL) as broken:
        raise _in_words(broken, name, timeout_s) from None


def _in_words(broken: Exception, name: str, timeout_s: float) -> ModelError:
    """What a failure of the connection means. Before it stood, nothing can have been charged."""
    import httpx

    why: BaseException | None = broken
    while why is not None:
        if isinstance(why, ssl.SSLCertVerificationError):
            return Refusing(f"{name}: its certificate is not to be trusted ({why.verify_message})")
        why = why.__cause__ or why.__context__
    match broken:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return Busy(f"{name}: no connection within {CONNECT_S:g} s", free=True)
        case httpx.ConnectError() | httpx.ProxyError():
            return Busy(f"{name}: it could not be reached", free=True)
        case httpx.TimeoutException():
            return Busy(f"{name}: no answer within {timeout_s:g} s")
        case httpx.DecodingError():
            return Garbled(f"{name}: the answer cannot be unpacked")
        case httpx.UnsupportedProtocol() | httpx.InvalidURL() | httpx.LocalProtocolError():
            return Refusing(f"{name}: its address or key cannot be sent. Correct it")
        case _:
            return Busy(f"{name}: the connection broke ({type(broken).__name__})")
