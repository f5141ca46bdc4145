"""An Ollama is spoken to in its own words, and told how much it must take in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.agent.talk import Reply, Request
from factotum.models import Busy, Garbled, ModelError, Refusing, TooLong
from factotum.models.ollama_route import OllamaRoute, in_usual_words
from factotum.models.parse import reply_of
from factotum.models.price import Facts, Price
from factotum.models.wire import Wire
from tests.models.talking import HELLO, way
from tests.patience import PATIENCE_S
from tests.servers.model import Answer, Call, ScriptedModelServer, call, cut, raw, slow, status

TOOL = {"type": "function", "function": {"name": "notes__read", "parameters": {"type": "object"}}}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def chat(
    server: ScriptedModelServer,
    request: Request = HELLO,
    *,
    sees: bool = False,
    timeout_s: float = PATIENCE_S,
) -> Reply:
    async def whole() -> Reply:
        wire = Wire()
        there = way("ollama/qwen3:8b", {"OLLAMA_HOST": server.origin})
        facts = Facts(Price(0.0, 0.0), 8192, sees)
        try:
            return await OllamaRoute(there, lambda: facts, wire, timeout_s).chat(request)
        finally:
            await wire.close()

    return asyncio.run(whole())


def test_it_is_told_its_window_and_not_to_cut() -> None:
    with ScriptedModelServer([Answer("hi", sent=12, answered=3, finish="length")]) as server:
        reply = chat(server, Request(HELLO.messages, max_tokens=77, temperature=0.2))
        assert server.requests == [
            {
                "model": "qwen3:8b",
                "messages": list(HELLO.messages),
                "stream": False,
                "truncate": False,
                "options": {"num_ctx": 8192, "num_predict": 77, "temperature": 0.2},
            }
        ]
    assert (reply.text, reply.finish) == ("hi", "length")
    assert (reply.usage.sent, reply.usage.answered) == (12, 3)


def test_calls_and_their_results_go_there_and_back() -> None:
    said = [
        *HELLO.messages,
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "a", "type": "function",
             "function": {"name": "notes__read", "arguments": '{"path": "a.md"}'}},
            {"id": "b", "type": "function", "function": {"name": "other", "arguments": "{broken"}},
            {"id": "c", "type": "function", "function": {"name": "other", "arguments": "[1]"}},
        ]},
        {"role": "tool", "tool_call_id": "a", "content": "hello"},
        {"role": "tool", "tool_call_id": "b", "content": "no"},
        {"role": "tool", "tool_call_id": "c", "content": "no"},
    ]  # fmt: skip
    with ScriptedModelServer([[call("notes__read", path="b.md"), Call("other", {})]]) as server:
        reply = chat(server, Request(said, [TOOL]))
        sent = server.requests[0]
        assert server.refused == []
    assert sent["tools"] == [TOOL]
    assert sent["messages"][2] == {
        "role": "assistant",
        "content": "",
        "tool_calls": [
            {"function": {"name": "notes__read", "arguments": {"path": "a.md"}}},
            {"function": {"name": "other", "arguments": {}}},
            {"function": {"name": "other", "arguments": {}}},
        ],
    }
    assert [message["tool_name"] for message in sent["messages"][3:]] == [
        "notes__read", "other", "other",
    ]  # fmt: skip
    assert [(one.tool, dict(one.args)) for one in reply.calls] == [
        ("notes__read", {"path": "b.md"}), ("other", {}),
    ]  # fmt: skip
    assert len({one.id for one in reply.calls}) == 2
    assert reply.finish == "tool_calls"


@pytest.mark.parametrize("sees", [True, False])
def test_pictures_go_beside_the_words(sees: bool) -> None:
    asked = Request([{"role": "user", "content": [{"type": "text", "text": "this?"}, PICTURE]}])
    with ScriptedModelServer(["a cat"]) as server:
        chat(server, asked, sees=sees)
        (message,) = server.requests[0]["messages"]
    assert message.get("images") == (["AAAA"] if sees else None)
    assert ("cannot see" in message["content"]) is not sees


@pytest.mark.parametrize(
    ("item", "kind", "words"),
    [
        (status(404, "model 'qwen3:8b' not found"), Refusing, "ollama pull qwen3:8b"),
        (status(400, "registry.ollama.ai/x does not support tools"), Refusing, "not support tools"),
        (status(400, "the input length exceeds the context length"), TooLong, "too long"),
        (status(500, "model runner has unexpectedly stopped"), Busy, "trouble at its end"),
        (status(503, "server busy"), Busy, "overloaded"),
        (raw(b"{"), Garbled, "no JSON"),
        (raw({"done": True}), Garbled, "no message"),
        (raw({"error": "no"}), Garbled, "no message"),
        (cut(), Busy, "the connection broke"),
        (slow(30), Busy, r"no answer within 0\.5 s"),
    ],
)
def test_what_goes_wrong_says_so(item: Any, kind: type[ModelError], words: str) -> None:
    with ScriptedModelServer([item]) as server, pytest.raises(ModelError, match=words) as wrong:
        chat(server, timeout_s=0.5 if words.startswith("no answer") else PATIENCE_S)
    assert type(wrong.value) is kind
    assert str(wrong.value).startswith("ollama/qwen3:8b: ")


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    junk
    | st.fixed_dictionaries(
        {},
        optional={
            "message": junk
            | st.fixed_dictionaries({}, optional={"tool_calls": junk, "content": junk}),
            "done_reason": junk,
            "eval_count": junk,
        },
    )
)
def test_whatever_it_answers_is_a_reply_or_an_error_of_ours(value: Any) -> None:
    try:
        assert isinstance(reply_of(in_usual_words(value), HELLO), Reply)
    except ModelError:
        pass
