"""One call over a real connection: what is sent, and what becomes of every kind of answer."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from factotum.agent.talk import Reply, Request
from factotum.models import Busy, Garbled, ModelError, Refusing, TooLong
from factotum.models.price import Facts, Price
from factotum.models.route import HttpRoute
from factotum.models.way import Way
from factotum.models.wire import ANSWER_BYTES_MOST, Wire
from tests.models.talking import CANARY, FREE, HELLO, way
from tests.patience import PATIENCE_S, until
from tests.servers.certificate import Pair, self_signed
from tests.servers.model import (
    Answer,
    Item,
    ScriptedModelServer,
    call,
    completion,
    cut,
    huge,
    raw,
    slow,
    status,
)
from tests.servers.ports import Silent, free_port

TOOL = {"type": "function", "function": {"name": "notes__read", "parameters": {"type": "object"}}}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def chat(
    way: Way,
    request: Request = HELLO,
    facts: Facts = FREE,
    *,
    timeout_s: float = PATIENCE_S,
    times: int = 1,
) -> Reply:
    """The last of so many replies on one route."""

    async def whole() -> Reply:
        wire = Wire()
        route = HttpRoute(way, lambda: facts, wire, timeout_s)
        try:
            for _ in range(times - 1):
                await route.chat(request)
            return await route.chat(request)
        finally:
            await wire.close()

    return asyncio.run(whole())


def own(server: ScriptedModelServer, name: str = "openai/m", key: str = CANARY) -> Way:
    return way(name, MODEL_BASE_URL=server.base_url, MODEL_API_KEY=key)


def at(server: ScriptedModelServer, name: str, **environ: str) -> Way:
    """A provider of the table, but its address is the server's."""
    real = way(name, environ)
    return Way(real.name, real.model, real.provider, server.base_url, real.key, real.key_name)


def test_a_request_is_sent_whole_and_never_as_a_stream() -> None:
    asked = Request(HELLO.messages, [TOOL], max_tokens=77, temperature=0.2)
    with ScriptedModelServer([call("notes__read", path="a.md")]) as server:
        reply = chat(own(server), asked)
        assert server.requests == [
            {
                "model": "m",
                "messages": list(HELLO.messages),
                "max_tokens": 77,
                "temperature": 0.2,
                "tools": [TOOL],
            }
        ]
        assert server.headers[0]["authorization"] == f"Bearer {CANARY}"
        # Packed, a small answer could unpack to more than fits into the memory.
        assert server.headers[0]["accept-encoding"] == "identity"
    assert (reply.calls[0].tool, dict(reply.calls[0].args)) == ("notes__read", {"path": "a.md"})
    assert (reply.finish, reply.usage.sent) == ("tool_calls", 100)


def test_without_a_key_none_is_sent() -> None:
    with ScriptedModelServer(["hi"]) as server:
        chat(way("openai/m", MODEL_BASE_URL=server.base_url))
        assert "authorization" not in server.headers[0]


def test_who_cannot_see_is_told_that_there_was_a_picture() -> None:
    asked = Request([{"role": "user", "content": [{"type": "text", "text": "this?"}, PICTURE]}])
    with ScriptedModelServer(["a", "b"]) as server:
        chat(own(server), asked)
        chat(own(server), asked, Facts(Price(0, 0), 8192, True))
        blind, seeing = (one["messages"][0]["content"] for one in server.requests)
    assert blind[1] == {"type": "text", "text": "[a picture, which this model cannot see]"}
    assert seeing[1] == PICTURE


def test_what_a_model_dislikes_is_left_out_from_then_on() -> None:
    temperature = status(400, "Unsupported value: 'temperature' does not support 0.7 with this "
                         "model.", param="temperature", code="unsupported_value")  # fmt: skip
    limit = status(400, "Unsupported parameter: 'max_completion_tokens' is not supported. Use "
                   "'max_tokens'.")  # fmt: skip
    with ScriptedModelServer([temperature, limit, "one", "two"]) as server:
        assert chat(at(server, "openai/gpt-5-mini", OPENAI_API_KEY="k"), times=2).text == "two"
        first, _, third, fourth = server.requests
    assert (first["max_completion_tokens"], first["temperature"]) == (4096, 0.7)
    assert third == fourth
    assert third["max_tokens"] == 4096
    assert not {"temperature", "max_completion_tokens"} & set(third)


def test_a_call_is_never_sent_without_a_limit() -> None:
    script: list[Item] = [
        status(400, "unsupported: max_tokens"),
        status(400, "unsupported: max_completion_tokens"),
        "hi",
    ]
    with ScriptedModelServer(script) as server:
        with pytest.raises(Refusing, match="unsupported: max_completion_tokens"):
            chat(own(server))
        assert len(server.requests) == 2


def test_an_objection_to_something_else_is_not_repeated() -> None:
    with ScriptedModelServer([status(400, "tools are not supported")]) as server:
        with pytest.raises(Refusing, match="tools are not supported"):
            chat(own(server))
        assert len(server.requests) == 1


def test_openrouter_tells_what_it_cost() -> None:
    answer = completion(Answer("hi"), {}, 0)
    answer["usage"]["cost"] = 0.0123
    with ScriptedModelServer([raw(answer)]) as server:
        reply = chat(at(server, "openrouter/openai/gpt-5-mini", OPENROUTER_API_KEY="sk-or-k"))
        assert server.requests[0]["usage"] == {"include": True}
        assert server.requests[0]["model"] == "openai/gpt-5-mini"
    assert reply.cost_usd == 0.0123


def test_mistral_gets_ids_that_it_takes() -> None:
    said: list[dict[str, Any]] = [
        {"role": "user", "content": "read"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "a", "arguments": "{}"}},
            {"id": "nine00000", "type": "function", "function": {"name": "a", "arguments": "{}"}},
        ]},
        {"role": "tool", "tool_call_id": "call_1", "content": "x"},
        {"role": "tool", "tool_call_id": "nine00000", "content": "y"},
    ]  # fmt: skip
    with ScriptedModelServer(["ok"]) as server:
        chat(at(server, "mistral/mistral-medium-latest", MISTRAL_API_KEY="k"), Request(said))
        messages = server.requests[0]["messages"]
        assert server.refused == []
    ids = [one["id"] for one in messages[1]["tool_calls"]]
    assert [len(id) for id in ids] == [9, 9]
    assert ids[1] == "nine00000"
    assert said[2]["tool_call_id"] == "call_1"  # what was given is as it was


@pytest.mark.parametrize(
    ("item", "kind", "free", "words"),
    [
        (status(429, headers={"Retry-After": "7"}), Busy, True, "too many requests"),
        (status(503), Busy, False, "overloaded"),
        (status(401, f"Incorrect key {CANARY}"), Refusing, True, "key in FACTOTUM_MODEL_API_KEY"),
        (status(404, "The model does not exist"), Refusing, True, "does not exist"),
        (status(302, headers={"Location": "http://127.0.0.1:1/"}), Refusing, True, "leads to"),
        (status(400, code="context_length_exceeded"), TooLong, True, "too long"),
        (raw(b"<html>hello</html>"), Garbled, False, "no JSON"),
        (raw([1]), Garbled, False, "no message"),
        (raw({"error": {"code": 429}}), Busy, False, "too many requests"),
        (cut(), Busy, False, "the connection broke"),
        (huge(ANSWER_BYTES_MOST), Garbled, False, "larger than"),
        (slow(30), Busy, False, "no answer within 0.5 s"),
    ],
)
def test_what_goes_wrong_says_so_without_the_key(
    item: Any, kind: type[ModelError], free: bool, words: str
) -> None:
    with ScriptedModelServer([item]) as server, pytest.raises(ModelError, match=words) as wrong:
        chat(own(server), timeout_s=0.5 if words.startswith("no answer") else PATIENCE_S)
    assert type(wrong.value) is kind
    assert wrong.value.free is free
    assert str(wrong.value).startswith("openai/m: ")
    assert CANARY not in f"{wrong.value!r} {wrong.value} {wrong.value.__cause__}"


def test_a_long_answer_is_taken() -> None:
    with ScriptedModelServer([huge(ANSWER_BYTES_MOST - 10_000)]) as server:
        assert len(chat(own(server)).text) == ANSWER_BYTES_MOST - 10_000


def test_nobody_there_costs_nothing() -> None:
    with pytest.raises(Busy, match="could not be reached") as busy:
        chat(way("openai/m", MODEL_BASE_URL=f"http://127.0.0.1:{free_port()}/v1"))
    assert busy.value.free


def test_who_never_answers_is_left() -> None:
    with Silent() as silent, pytest.raises(Busy, match=r"no answer within 0\.2 s") as busy:
        chat(way("openai/m", MODEL_BASE_URL=f"http://127.0.0.1:{silent.port}/v1"), timeout_s=0.2)
    assert not busy.value.free


class Dripping(BaseHTTPRequestHandler):
    """Sends a blank every now and then, as long as somebody takes it."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "3000")
        self.end_headers()
        try:
            for _ in range(3000):
                self.wfile.write(b" ")
                time.sleep(0.02)
        except ConnectionError:
            pass

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


class Quiet(HTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asks hangs up; that is what is tested."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], pair: Pair | None = None) -> Iterator[int]:
    """The port where it listens, with TLS if there is a certificate."""
    server = Quiet(("127.0.0.1", 0), handler)
    if pair:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_answer_in_drops_is_left_too() -> None:
    """A time-out for each read alone would never end it."""
    with serving(Dripping) as port, pytest.raises(Busy, match=r"no answer within 0\.3 s"):
        chat(way("openai/m", MODEL_BASE_URL=f"http://127.0.0.1:{port}/v1"), timeout_s=0.3)


def test_a_strange_certificate_is_refused(tmp_path: Path) -> None:
    pair = self_signed(tmp_path)
    with (
        serving(BaseHTTPRequestHandler, pair) as port,
        pytest.raises(Refusing, match="its certificate is not to be trusted"),
    ):
        chat(way("openai/m", MODEL_BASE_URL=f"https://127.0.0.1:{port}"))


def test_no_proxy_of_the_environment_is_asked_unless_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A proxy sees a whole request to http://; here the scripted server plays it."""

    async def through(*, proxies: bool, local: bool) -> int:
        wire = Wire(proxies=proxies)
        try:
            answer = await wire.exchange(
                "POST", f"{server.base_url}/chat/completions", {}, {}, name="m",
                timeout_s=PATIENCE_S, local=local,
            )  # fmt: skip
            return answer.status
        finally:
            await wire.close()

    with ScriptedModelServer() as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")  # nobody there
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        for proxies, local in ((False, False), (False, True), (True, True)):
            assert asyncio.run(through(proxies=proxies, local=local)) == 400  # it was reached
        with pytest.raises(Busy, match="could not be reached"):
            asyncio.run(through(proxies=True, local=False))


def test_cancelling_hangs_up() -> None:
    async def whole(server: ScriptedModelServer) -> None:
        wire = Wire()
        route = HttpRoute(own(server), lambda: FREE, wire, 30.0)
        task = asyncio.create_task(route.chat(HELLO))
        while not server.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(until, lambda: server.hung_up)
        await wire.close()

    with ScriptedModelServer([slow(30)]) as server:
        asyncio.run(whole(server))
        assert server.hung_up == 1


def test_no_key_is_logged_at_any_level() -> None:
    said: list[str] = []

    class Everything(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(f"{record.getMessage()} {record.args} {vars(record)}")

    handler = Everything()
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with ScriptedModelServer(["hi", status(401, CANARY)]) as server:
            route_way = own(server)
            chat(route_way)
            with pytest.raises(Refusing):
                chat(route_way)
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    assert any("httpx" in line or "httpcore" in line for line in said)
    assert not any(CANARY in line for line in said)
