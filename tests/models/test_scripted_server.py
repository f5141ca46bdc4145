"""The scripted model server says its lines, and is as strict as the real service."""

from __future__ import annotations

import http.client
import json
import threading
import time
from typing import Any

import pytest

from tests.patience import PATIENCE_S, SOON_S, until
from tests.servers.model import (
    Answer,
    Call,
    Item,
    ScriptedModelServer,
    call,
    cut,
    huge,
    raw,
    slow,
    status,
)

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


def post(
    server: ScriptedModelServer, body: Any = None, path: str = "/v1/chat/completions"
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    try:
        connection.request("POST", path, json.dumps(ASK if body is None else body))
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def message(server: ScriptedModelServer) -> Any:
    return post(server)[1]["choices"][0]["message"]


def test_it_says_its_lines_in_order() -> None:
    with ScriptedModelServer(["Hello.", call("notes__read", path="a.md")]) as server:
        assert message(server)["content"] == "Hello."
        (wanted,) = message(server)["tool_calls"]
        assert wanted["function"] == {"name": "notes__read", "arguments": '{"path": "a.md"}'}
        assert server.requests == [ASK, ASK]
        code, said = post(server)
        assert (code, said["error"]["message"]) == (
            400, "the script of this server has no more lines",
        )  # fmt: skip


def test_text_and_calls_come_together() -> None:
    with ScriptedModelServer([["I look.", call("a"), Call("b", "{broken")]]) as server:
        said = message(server)
    assert said["content"] == "I look."
    assert [one["function"]["arguments"] for one in said["tool_calls"]] == ["{}", "{broken"]


def test_a_script_may_be_a_function() -> None:
    with ScriptedModelServer(lambda body: f"You said {body['messages'][-1]['content']}") as server:
        assert message(server)["content"] == "You said hello"


def test_errors_and_oddities_are_as_they_were_written() -> None:
    script: list[Item] = [
        status(429, headers={"Retry-After": "7"}, code="rate_limit"),
        raw(b"<html>"),
        huge(100_000),
        Answer("short", finish="length", sent=3, answered=1),
    ]
    with ScriptedModelServer(script) as server:
        assert post(server) == (429, {"error": {"message": "no", "code": "rate_limit"}})
        with pytest.raises(json.JSONDecodeError):
            post(server)
        assert len(message(server)["content"]) == 100_000
        said = post(server)[1]
        assert said["choices"][0]["finish_reason"] == "length"
        assert said["usage"]["total_tokens"] == 4


def test_a_connection_can_be_cut() -> None:
    with ScriptedModelServer([cut()]) as server, pytest.raises(http.client.IncompleteRead):
        post(server)


def test_who_does_not_wait_is_counted() -> None:
    with ScriptedModelServer([slow(PATIENCE_S)]) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("POST", "/v1/chat/completions", json.dumps(ASK))
        connection.close()
        until(lambda: server.hung_up)
        assert server.hung_up == 1


def test_leaving_does_not_wait_for_a_slow_answer() -> None:
    began = time.monotonic()
    with ScriptedModelServer([slow(PATIENCE_S)]) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("POST", "/v1/chat/completions", json.dumps(ASK))
    connection.close()
    assert time.monotonic() - began < SOON_S
    assert not any(thread.name == "scripted model" for thread in threading.enumerate())


CALLED = {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "a"}}]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"stream": True}, "does not stream"),
        ({"model": None}, "model parameter"),
        ({"messages": []}, "non-empty"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "invalid role"),
        ({"messages": [{"role": "user", "content": None}]}, "needs content"),
        ({"messages": [{"role": "tool", "tool_call_id": "c1", "content": ""}]}, "must answer"),
        ({"messages": [CALLED]}, "no tool message answers these tool_call_ids: ['c1']"),
        ({"messages": [CALLED, ASK["messages"][0]]}, "no tool message answers"),
        ({"tools": []}, "too short"),
        ({"tools": [{"type": "function", "function": {"name": "a.b"}}]}, "invalid tool 'a.b'"),
    ],
)
def test_what_the_real_service_refuses_is_refused(change: dict[str, Any], reason: str) -> None:
    with ScriptedModelServer(["never said"]) as server:
        code, said = post(server, ASK | change)
        assert code == 400
        assert reason in said["error"]["message"]
        assert reason in server.refused[0]


def test_it_can_be_an_ollama() -> None:
    tags = [{"name": "llama3.2:latest", "capabilities": ["completion", "tools"]}]
    with ScriptedModelServer(tags=tags) as server:
        assert post(server, {"model": "llama3.2:latest"}, "/api/show") == (200, tags[0])
        assert post(server, {"model": "other"}, "/api/show")[0] == 404
