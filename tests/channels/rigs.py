"""The same hands and eyes on every channel: a test says what a person does, not by what."""

from __future__ import annotations

import asyncio
import io
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

from factotum.channels.at_terminal import at_terminal
from factotum.channels.contract import Heard, Tapped
from orchestrator import open_rooms
from tests.channels.live import OWNER
from tests.office import TestOffice
from tests.patience import PATIENCE_S
from tests.servers.telegram import TelegramServer


class Rig(Protocol):
    """`who` is as whom the person is on record there."""

    who: str

    def says(self, text: str) -> None: ...

    def reads(self, text: str) -> None:
        """Waits till this is shown, from what was read last on."""

    def chooses(self, label: str) -> None: ...

    def replies(self, to: str, text: str) -> None:
        """Answers the newest message with these words."""

    def choices(self) -> list[str]: ...


class OnTelegram:
    who = f"Marco ({OWNER})"

    def __init__(self, server: TelegramServer) -> None:
        self.person = server.person(OWNER, "Marco")
        self.person.starts()

    def says(self, text: str) -> None:
        self.person.says(text)

    def reads(self, text: str) -> None:
        self.person.waits_to_see(text)

    def _asks(self, label: str) -> int:
        def there(_: object) -> int:
            for message in reversed(self.person.chat.messages):
                if any(label in one for row in message.labels for one in row):
                    return message.id
            return 0

        self.person.waits_for(lambda chat: there(chat) > 0)
        return there(None)

    def chooses(self, label: str) -> None:
        id = self._asks(label)
        found = self.person.chat.message(id)
        rows = found.labels if found else []
        (whole,) = [one for row in rows for one in row if label in one][:1]
        self.person.waits_for_answer(self.person.taps(id, whole))

    def replies(self, to: str, text: str) -> None:
        self.person.says(text, reply_to=self.person.waits_to_see(to).id)

    def choices(self) -> list[str]:
        asking = [one for one in self.person.chat.messages if one.labels]
        return [one for row in asking[-1].labels for one in row] if asking else []


class AtTerminal:
    """The terminal's end of a channel, without the keyboard."""

    who = "marco"

    def __init__(self, office: TestOffice) -> None:
        self.office = office
        self.out = io.StringIO()
        self._ids = itertools.count(1)
        self._read = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="terminal")

    async def _main(self) -> None:
        rooms = open_rooms(self.office.settings(), self.office.root, guest=True)
        self.loop, self.stop = asyncio.get_running_loop(), asyncio.Event()
        async with at_terminal(rooms, self.out, asks=True) as here:
            self.channel, self.service, self.chat = here.channel, here.service, here.window.chat
            self._ready.set()
            await self.stop.wait()
        rooms.close()

    def __enter__(self) -> AtTerminal:
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.stop.set)
        self._thread.join(PATIENCE_S)

    def _do(self, deed: Callable[[], object]) -> None:
        done = threading.Event()

        def do() -> None:
            try:
                deed()
            finally:
                done.set()

        self.loop.call_soon_threadsafe(do)
        assert done.wait(PATIENCE_S)

    def says(self, text: str, reply_to: str = "") -> None:
        id, now = f"you {next(self._ids)}", datetime.now(UTC)
        heard = Heard(self.chat, id, "", self.who, text, now, reply_to)
        self._do(lambda: self.service.hear(heard))

    def reads(self, text: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while text not in self.out.getvalue()[self._read :]:
            assert time.monotonic() < until, self.out.getvalue()[self._read :]
            time.sleep(0.02)
        self._read = self.out.getvalue().index(text, self._read)

    def _token(self, label: str) -> tuple[str, str]:
        until = time.monotonic() + PATIENCE_S
        while True:
            if found := self.channel.current():
                for row in found[1].rows:
                    for one in row:
                        if label in one.label:
                            return found[0], one.token
            assert time.monotonic() < until, self.out.getvalue()
            time.sleep(0.02)

    def chooses(self, label: str) -> None:
        id, token = self._token(label)
        self._do(lambda: self.service.tap(Tapped("", self.chat, id, "", self.who, token)))

    def replies(self, to: str, text: str) -> None:
        self.reads(to)
        found = self.channel.current()
        assert found is not None
        self.says(text, reply_to=found[0])

    def choices(self) -> list[str]:
        found = self.channel.current()
        return [one.label for row in found[1].rows for one in row] if found else []


@contextmanager
def rig_of(kind: str, office: TestOffice, server: TelegramServer) -> Iterator[Rig]:
    """A person at this channel of the office, which is at work."""
    if kind == "telegram":
        yield OnTelegram(server)
    else:
        with AtTerminal(office) as rig:
            yield rig
