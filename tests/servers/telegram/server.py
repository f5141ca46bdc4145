"""The server: answers the bot over HTTP, and gives tests the other side of it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from tests.patience import PATIENCE_S
from tests.servers.telegram.chats import Chat, Office
from tests.servers.telegram.facts import ApiError, Call, Dropped, Garbled, Upload, bad, typed
from tests.servers.telegram.faults import Fault, Faults, Limit
from tests.servers.telegram.methods import Methods
from tests.servers.telegram.people import Channel, Group, Person
from tests.servers.telegram.taps import Taps
from tests.servers.telegram.updates import Updates
from tests.servers.telegram.wire import Answer, Wire

#: Looks like a token, and is good for nothing but these tests.
TOKEN = "42:TEST-not-a-real-token"
BOT_NAME = "factotum_test_bot"
JSON = {"Content-Type": "application/json"}


class TelegramServer:
    """One bot's Bot API. All its methods may be called from any thread."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self._office = Office(int(token.partition(":")[0]), BOT_NAME)
        self.updates = Updates(self._office)
        self.taps = Taps(self._office)
        self._methods = Methods(self._office, self.updates, self.taps)
        self._faults = Faults(self._office)
        self._people: dict[int, Person] = {}
        #: What the bot asked for, the oldest first.
        self.calls: list[Call] = []
        self._wire = Wire(self._respond)

    @property
    def port(self) -> int:
        return self._wire.port

    @property
    def url(self) -> str:
        """Where the server is, without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """What telegram.Bot wants as its `base_url`; the token comes right behind it."""
        return f"{self.url}/bot"

    @property
    def base_file_url(self) -> str:
        return f"{self.url}/file/bot"

    @property
    def me(self) -> dict[str, Any]:
        return self._office.me

    @property
    def commands(self) -> list[dict[str, Any]]:
        """What setMyCommands set."""
        return self._office.commands

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, tb: TracebackType | None
    ) -> None:
        self._end_all()
        self._wire.close()

    # -- who is there

    def person(self, id: int, first_name: str = "Ada", username: str = "") -> Person:
        """Somebody who has a Telegram account; the same one for the same id."""
        with self._office.changed:
            if id not in self._people:
                self._people[id] = Person(
                    self._office, self.updates, self.taps, id, first_name, username
                )
            return self._people[id]

    def group(self, id: int, title: str) -> Group:
        """A group that the bot is in, and sees all messages of. Its id is negative."""
        chat = Chat(id, "supergroup", {"title": title})
        return Group(self._office, self.updates, self.taps, chat)

    def channel(self, id: int, title: str) -> Channel:
        chat = Chat(id, "channel", {"title": title})
        return Channel(self._office, self.updates, self.taps, chat)

    # -- what goes wrong

    def fails(
        self, method: str, status: int, description: str = "", *, times: int = 1,
        retry_after_s: int = 0,
    ) -> Fault:  # fmt: skip
        """The next calls of that method ("*" is any) are answered so, and nothing is done."""
        texts = {429: f"Too Many Requests: retry after {retry_after_s}", 502: "Bad Gateway",
                 500: "Internal Server Error"}  # fmt: skip
        error = ApiError(status, description or texts.get(status, "Bad Request"), retry_after_s)
        return self._faults.order(Fault(method, times, error))

    def drops(self, method: str, *, times: int = 1, done: bool = True) -> Fault:
        """Closes the connection without an answer, having done it or not."""
        return self._faults.order(Fault(method, times, done=done))

    def hangs(self, method: str, silent_s: float, *, times: int = 1, done: bool = False) -> Fault:
        """Says nothing for so long, then closes the connection; having done it or not."""
        return self._faults.order(Fault(method, times, silent_s=silent_s, done=done))

    def garbles(self, method: str, *, times: int = 1, done: bool = False) -> Fault:
        """Answers with a web page, as the network of a hotel does before one has signed in."""
        return self._faults.order(Fault(method, times, Garbled(), done=done))

    def limits(self, *, chat_s: float = 1.0, burst: int = 3, all_per_s: int = 30) -> None:
        """From now on too many messages and changes are answered by 429: in each chat one every
        `chat_s` seconds, `burst` of them at once, and in all chats `all_per_s` a second."""
        with self._office.changed:
            self._faults.limits = [
                Limit(chat_s, burst, each_chat=True),
                Limit(1 / all_per_s, all_per_s, each_chat=False),
            ]

    def no_limits(self) -> None:
        with self._office.changed:
            self._faults.limits = []

    def cut(self) -> None:
        """The network is gone: connections end, new ones are refused. Nothing is forgotten."""
        self._end_all()
        self._wire.cut()

    def mend(self) -> None:
        """The network is back, on the same port."""
        with self._office.changed:
            self._faults.closing = False
        self._wire.mend()

    def _end_all(self) -> None:
        with self._office.changed:
            self._faults.closing = True
            self.updates.end_waiting("")

    # -- what came

    def called(self, method: str) -> list[Call]:
        """The calls of one method, the oldest first."""
        with self._office.changed:
            return [one for one in self.calls if one.method == method]

    def waits_for_call(self, method: str, count: int = 1, timeout_s: float = PATIENCE_S) -> Call:
        """The `count`-th call of that method, as soon as it came. Raises AssertionError."""
        found = self._office.wait(lambda: self.called(method)[count - 1 : count], timeout_s)
        assert found, f"{method} was called {len(self.called(method))} times in {timeout_s:g} s"
        return found[0]

    # -- answering

    def _respond(self, path: str, params: dict[str, Any], files: dict[str, Upload]) -> Answer:
        try:
            if path.startswith("/file/bot"):
                return self._download(path.removeprefix("/file/bot"))
            result = self._call(path, params, files)
        except ApiError as error:
            headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s else {}
            return Answer(error.status, json.dumps(error.body()).encode(), {**JSON, **headers})
        except Garbled:
            return Answer(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})
        return Answer(200, json.dumps({"ok": True, "result": result}).encode(), JSON)

    def _admit(self, path: str) -> str:
        """What stands behind the token. Raises ApiError."""
        token, slash, rest = path.partition("/")
        if not slash or not rest:
            raise ApiError(404, "Not Found")
        if token != self.token:
            raise ApiError(401, "Unauthorized")
        return rest

    def _call(self, path: str, params: dict[str, Any], files: dict[str, Upload]) -> Any:
        if not path.startswith("/bot"):
            raise ApiError(404, "Not Found")
        name = self._methods.name(self._admit(path.removeprefix("/bot")))
        call = Call(name, dict(params), time.monotonic(), files)
        with self._office.changed:
            self.calls.append(call)
            self._office.changed.notify_all()
            try:
                call.params = typed(params)
                result = self._play(call)
            except ApiError as error:
                call.outcome = error.status
                raise
            except (Dropped, Garbled) as odd:
                call.outcome = type(odd).__name__.lower()
                raise
            except (TypeError, ValueError, AttributeError, KeyError) as odd:
                call.outcome = 400
                raise bad(f"can't parse the request: {odd!r}") from odd
            call.outcome = 200
            return result

    def _play(self, call: Call) -> Any:
        fault = self._faults.next_for(call)
        if fault and not fault.done:
            self._faults.meet(fault)
        self._faults.check_limits(call)
        result = self._methods(call)
        if fault:
            self._faults.meet(fault)
        return result

    def _download(self, path: str) -> Answer:
        id = self._admit(path).partition("/")[2]
        with self._office.changed:
            call = Call("download", {"file_id": id}, time.monotonic())
            self.calls.append(call)
            fault = self._faults.next_for(call)
            if fault:
                self._faults.meet(fault)
            file = self._office.files.get(id)
        if file is None:
            raise ApiError(404, "Not Found")
        return Answer(200, file.data, {"Content-Type": "application/octet-stream"})


@contextlib.contextmanager
def server_running(token: str = TOKEN) -> Iterator[TelegramServer]:
    """A server for as long as the block lasts."""
    with TelegramServer(token) as server:
        yield server
