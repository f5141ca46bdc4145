"""Some hundred services as one channel, by the library apprise: told alone, each thing once.

Each address of FACTOTUM_NOTIFY_URLS is a chat. Nothing can be changed there, no button is shown,
and no file is sent. The addresses hold keys: no error says one, and only the process that tells
the service sees it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from factotum.channels import apprise_child as child
from factotum.channels.contract import Limits, Lost, Message, NotSent, Refused

NAME = "apprise"
TITLE = "Factotum"

#: How long one telling may take before it is given up, in seconds.
TELL_S = 60.0
#: How soon a service that was not reached, or that wants a pause, is tried again, in seconds.
AGAIN_S = 60.0

#: What the process that tells knows of our surroundings: how to get out, and no key.
ENVIRONMENT = (
    *("HOME", "LANG", "PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    "DBUS_SESSION_BUS_ADDRESS",
)


class Apprise:
    name = NAME
    limits = Limits(files=False)

    def __init__(
        self, urls: Sequence[str], python: str = sys.executable, tell_s: float = TELL_S
    ) -> None:
        """Asks nobody. `python` is where the library is installed."""
        self._urls = {f"{n} {_scheme(url)}": url for n, url in enumerate(urls, 1)}
        self._python = python
        self._tell_s = tell_s

    @property
    def chats(self) -> tuple[str, ...]:
        """One for each address, in order: its place and what it is of, “1 ntfy”."""
        return tuple(self._urls)

    async def send(self, chat: str, message: Message) -> str:
        if (url := self._urls.get(chat)) is None:
            raise Refused(f"no address of FACTOTUM_NOTIFY_URLS is {chat!r} any more")
        asked = json.dumps({"url": url, "title": TITLE, "text": message.words.text})
        became, why = await self._run(asked.encode())
        match became:
            case child.TOLD:
                return ""
            case child.NOT_SENT:
                raise NotSent(f"{chat}: {why}", AGAIN_S)
            case child.REFUSED:
                raise Refused(f"{chat}: {why}")
            case _:
                raise Lost(f"{chat}: {why}")

    async def edit(self, chat: str, id: str, message: Message) -> None:
        raise Refused("nothing can be changed there")

    async def check(self) -> None:
        """No service can be asked without telling it something."""

    async def busy(self, chat: str) -> None:
        """No service can show that."""

    async def close(self) -> None:
        """Nothing stays open."""

    async def _run(self, asked: bytes) -> tuple[str, str]:
        try:
            process = await asyncio.create_subprocess_exec(
                *(self._python, "-I", str(Path(child.__file__))),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
            )
        except OSError as failed:
            return child.NOT_SENT, f"no process can be started ({failed.strerror})"
        try:
            said, _ = await asyncio.wait_for(process.communicate(asked), self._tell_s)
        except TimeoutError:
            return child.LOST, f"nothing was heard for {self._tell_s:g} s"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        try:
            answer = json.loads(said)
            return str(answer["became"]), str(answer["why"])
        except (ValueError, KeyError, TypeError):
            return child.LOST, f"the process that told it ended with {process.returncode}"


def _scheme(url: str) -> str:
    """What an address is of, which is no secret."""
    scheme = url.partition("://")[0]
    return scheme if scheme.isalnum() and scheme.isascii() else "service"
