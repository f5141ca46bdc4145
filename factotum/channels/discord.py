"""A webhook of Discord as a channel: it is told, and hears nothing.

Messages are sent and changed in place; there are no buttons. Nobody is mentioned, and nothing
that an address leads to is shown. The webhook's address is a secret: whoever has it can write
there; no error says it.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import httpx

from factotum.blobs import BlobError, Blobs
from factotum.channels.contract import (
    ChannelError,
    Gone,
    Limits,
    Lost,
    Message,
    NotSent,
    Refused,
)
from factotum.channels.discord_words import markdown
from factotum.channels.split import split
from factotum.channels.ways import DISCORD
from factotum.inert import one_line
from factotum.words import size

#: How long is waited for a connection, and for each part of an answer, in seconds.
CONNECT_S, ANSWER_S = 10.0, 20.0
#: The largest file that is taken, in bytes.
FILE_MOST_BYTES = 10 * 1024 * 1024
#: How long is waited at least and at most when too much is said, in seconds.
FLOOD_LEAST_S, FLOOD_MOST_S = 0.5, 3600.0

#: How long the next part of a long message waits at most, in seconds.
PART_S = 5.0

#: What a message may be flagged with: it shows nothing of what addresses lead to; no sound.
SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS = 1 << 2, 1 << 12
#: What it says of a message that is there no more.
UNKNOWN_MESSAGE = 10008

#: Answers that say that nothing was done, whatever else is broken there.
NOTHING_DONE = (503, 521, 522, 523)

ANEW = (
    "make a new one in Discord (the channel's settings, Integrations, Webhooks) and put its "
    "address into FACTOTUM_DISCORD_WEBHOOK_URL"
)


class Discord:
    name = DISCORD
    limits = Limits(units=1500, chat_s=0.5, burst=5)

    def __init__(self, url: str, blobs: Blobs) -> None:
        """Asks nobody. Use it in one event loop, and close it there."""
        self._url = httpx.URL(url)
        self._blobs = blobs
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def send(self, chat: str, message: Message) -> str:
        """A long one as several; the id is that of the first."""
        parts = split(message.words, self.limits.units) or [message.words]
        id = await self._post(replace(message, words=parts[0]))
        for part in parts[1:]:
            try:
                await self._post_on(Message(part, silent=True))
            except ChannelError as failed:
                raise Lost(f"only its beginning stands in Discord: {failed}") from None
        return id

    async def _post_on(self, message: Message) -> None:
        try:
            await self._post(message)
        except NotSent as failed:
            if not failed.flood or failed.again_s > PART_S:
                raise
            await asyncio.sleep(failed.again_s)
            await self._post(message)

    async def _post(self, message: Message) -> str:
        url = self._url.copy_merge_params({"wait": "true"})
        answer = await self._ask("POST", url, message, again=False)
        try:
            return str(answer.json()["id"])
        except (ValueError, KeyError, TypeError):
            raise Lost("Discord took it and did not say as what, so it may stand there") from None

    async def edit(self, chat: str, id: str, message: Message) -> None:
        path = f"{self._url.path.rstrip('/')}/messages/{id}"
        await self._ask("PATCH", self._url.copy_with(path=path), message, again=True)

    async def check(self) -> None:
        try:
            await self._http().get(self._url)
        except httpx.HTTPError as failed:
            raise NotSent(f"Discord is not reached ({type(failed).__name__})") from None

    async def busy(self, chat: str) -> None:
        """A webhook cannot show that."""

    async def _ask(
        self, method: str, url: httpx.URL, message: Message, *, again: bool
    ) -> httpx.Response:
        """The answer, if it is good. `again`: asked twice is asked once, so nothing is lost."""
        try:
            answer = await self._http().request(method, url, **self._body(message))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as failed:
            raise NotSent(f"Discord is not reached ({type(failed).__name__})") from None
        except httpx.HTTPError as failed:
            what = f"the line to Discord broke ({type(failed).__name__})"
            raise NotSent(what) if again else Lost(f"{what} before its answer came") from None
        if not answer.is_success:
            raise _refusal(answer, again)
        return answer

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            waits = httpx.Timeout(ANSWER_S, connect=CONNECT_S)
            self._client = httpx.AsyncClient(timeout=waits, follow_redirects=False)
        return self._client

    def _body(self, message: Message) -> dict[str, Any]:
        """Raises Refused for a file that cannot be sent."""
        quiet = SUPPRESS_NOTIFICATIONS if message.silent else 0
        said = {
            "content": markdown(message.words),
            "allowed_mentions": {"parse": []},
            "flags": SUPPRESS_EMBEDS | quiet,
        }
        if message.file is None:
            return {"json": said}
        file = message.file
        if file.size_bytes > FILE_MOST_BYTES:
            much, most = size(file.size_bytes), size(FILE_MOST_BYTES)
            raise Refused(f"{file.name} has {much}, and Discord takes {most} at most")
        try:
            data = self._blobs.path(file.sha256).read_bytes()
        except (BlobError, OSError) as gone:
            raise Refused(f"{file.name} cannot be read: {gone}") from None
        return {
            "data": {"payload_json": json.dumps(said)},
            "files": {"files[0]": (file.name, data)},
        }


def _refusal(answer: httpx.Response, again: bool) -> Exception:
    """What an answer other than a good one means."""
    status, said = answer.status_code, _said(answer)
    if status == 429:
        return NotSent("Discord wants a pause", _pause_s(answer, said), flood=True)
    if status == 404 and said.get("code") == UNKNOWN_MESSAGE:
        return Gone("the message is not in Discord any more")
    if status in (401, 403, 404):
        return Refused(f"Discord does not know the webhook any more ({status}): {ANEW}")
    if answer.is_redirect:
        return Refused(f"Discord's webhook has moved ({status}), which it never does: {ANEW}")
    if answer.is_server_error:
        broken = f"Discord is broken ({status})"
        certain = again or status in NOTHING_DONE
        return NotSent(broken) if certain else Lost(f"{broken}: it may stand there")
    why = one_line(str(said.get("message") or ""), 100)
    return Refused(f"Discord does not take it ({status}{f', {why}' if why else ''})")


def _said(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _pause_s(answer: httpx.Response, said: dict[str, Any]) -> float:
    """How long it wants nothing to be said, in seconds: it says so in two places."""
    wanted = FLOOD_LEAST_S
    for value in (said.get("retry_after"), answer.headers.get("Retry-After")):
        try:
            wanted = max(wanted, float(value or 0))
        except (TypeError, ValueError):
            continue
    return min(wanted, FLOOD_MOST_S)
