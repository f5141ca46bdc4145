"""Whatever a server answers becomes a reply or one of our errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from factotum.agent.talk import Request, Usage, Wanted
from factotum.models import Garbled, ModelError
from factotum.models.parse import reply_of, value_of
from factotum.models.price import tokens_of
from tests.models.talking import HELLO


def answer(message: Any, finish: Any = "stop", **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": finish}], **more}


def called(*calls: Any) -> tuple[Wanted, ...]:
    return reply_of(answer({"content": None, "tool_calls": list(calls)}), HELLO).calls


def function(name: Any = "notes__read", arguments: Any = "{}", id: Any = "c1") -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("hello", "hello"),
        ("", ""),
        (None, ""),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab"),
        ([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "b"}], "b"),
        (["a", "b"], "ab"),
        ({"text": "a"}, ""),
        (7, ""),
        ("half \ud83d of it", "half � of it"),
    ],
)
def test_a_text_in_any_form(content: Any, text: str) -> None:
    assert reply_of(answer({"content": content}), HELLO).text == text


def test_what_a_model_will_not_say_is_its_answer() -> None:
    assert reply_of(answer({"content": None, "refusal": "I can not."}), HELLO).text == "I can not."


def test_thoughts_are_no_part_of_the_answer() -> None:
    message = {"content": "yes", "reasoning": "long", "reasoning_content": "thoughts"}
    assert reply_of(answer(message), HELLO).text == "yes"


@pytest.mark.parametrize(
    ("finish", "said"),
    [("tool_calls", "tool_calls"), ("length", "length"), (None, "stop"), (3, "stop")],
)
def test_why_it_stopped_is_passed_on(finish: Any, said: str) -> None:
    assert reply_of(answer({"content": ""}, finish), HELLO).finish == said


@pytest.mark.parametrize(
    ("arguments", "args"),
    [
        ('{"path": "a.md", "n": 1}', {"path": "a.md", "n": 1}),
        ({"path": "a.md"}, {"path": "a.md"}),  # as an object, where a text belongs
        ("", {}),
        (None, {}),
        ('{"text": "\\ud83d\\ude00"}', {"text": "😀"}),
    ],
)
def test_arguments_in_any_form(arguments: Any, args: dict[str, Any]) -> None:
    assert called(function(arguments=arguments)) == (Wanted("c1", "notes__read", args),)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ('{"path": ', "no JSON"),
        ("[1]", "no JSON object"),
        ('"text"', "no JSON object"),
        ("null", "no JSON object"),
        (3, "no JSON object"),
        ('{"n": NaN}', "NaN"),
        ('{"n": -Infinity}', "Infinity"),
        ('{"n": 1e999}', "what JSON cannot"),
        ('{"t": "\\ud83d"}', "what JSON cannot"),
        ({"n": float("nan")}, "what JSON cannot"),
        ("[" * 100_000, "nested too deeply"),
        ('{"n": ' + "1" * 5000 + "}", "no JSON"),
    ],
)
def test_arguments_that_cannot_be_read_are_kept_as_broken(arguments: Any, why: str) -> None:
    (call,) = called(function(arguments=arguments))
    assert (call.tool, dict(call.args)) == ("notes__read", {})
    assert why in call.broken
    assert len(call.broken) < 300


@pytest.mark.parametrize("one", [None, 1, "x", {}, {"function": None}, function(name=None),
                                 function(name=""), function(name=5)])  # fmt: skip
def test_a_call_without_a_name_is_broken(one: Any) -> None:
    (call,) = called(one)
    assert (call.tool, call.broken) == ("", "it names no tool")
    assert call.id


def test_names_are_kept_as_they_are() -> None:
    names = ["notes.read", "../x", "a b", "é\n", "x" * 500]
    assert [call.tool for call in called(*(function(name) for name in names))] == names


def test_ids_are_made_up_where_they_are_missing_or_twice() -> None:
    ids = [None, "a", "a", "", 7, "a", "call_0_0", "a_2"]
    calls = called(*(function(id=id) for id in ids))
    found = [call.id for call in calls]
    assert len(set(found)) == len(ids)
    assert all(found)
    assert found[1] == "a"


@pytest.mark.parametrize("calls", [None, [], {}, "x", 3, True])
def test_no_calls_in_any_form(calls: Any) -> None:
    assert reply_of(answer({"content": "x", "tool_calls": calls}), HELLO).calls == ()


def test_usage_is_taken_as_counted() -> None:
    counted = {"prompt_tokens": 10, "completion_tokens": 2.0, "total_tokens": 12}
    openai = counted | {"prompt_tokens_details": {"cached_tokens": 8}}
    deepseek = counted | {"prompt_cache_hit_tokens": 4}
    for usage, expected in ((counted, (10, 2, 0)), (openai, (10, 2, 8)), (deepseek, (10, 2, 4))):
        assert reply_of(answer({"content": "x"}, usage=usage), HELLO).usage == Usage(*expected)


@pytest.mark.parametrize("bad", [None, 0, -5, "10", True, float("nan"), float("inf"), 10**400, []])
def test_usage_that_cannot_be_is_estimated(bad: Any) -> None:
    usage = {"prompt_tokens": bad, "completion_tokens": bad, "prompt_tokens_details": bad}
    found = reply_of(answer({"content": "x" * 300}, usage=usage), HELLO).usage
    assert found == Usage(tokens_of(HELLO), 100, 0)


def test_more_cannot_be_read_again_than_was_sent() -> None:
    usage = {"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 1000}}
    assert reply_of(answer({"content": "x"}, usage=usage), HELLO).usage.cached == 10


@pytest.mark.parametrize(
    ("cost", "taken"),
    [(0.002, 0.002), (-1, 0.0), ("1", 0.0), (float("nan"), 0.0), (1e9, 0.0), (10**400, 0.0)],
)
def test_a_cost_is_taken_from_who_tells_it(cost: Any, taken: float) -> None:
    value = answer({"content": "x"}, usage={"cost": cost})
    assert reply_of(value, HELLO, tells_cost=True).cost_usd == taken
    assert reply_of(value, HELLO).cost_usd == 0.0


@pytest.mark.parametrize(
    "value",
    [None, [], {}, 3, "x", {"choices": None}, {"choices": []}, {"choices": [None]},
     {"choices": [{"message": "x"}]}, {"choices": {"0": {}}}, {"choices": [{"text": "old"}]}],
)  # fmt: skip
def test_without_a_message_it_is_garbled(value: Any) -> None:
    with pytest.raises(Garbled, match="no message"):
        reply_of(value, HELLO)


@pytest.mark.parametrize("data", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000, b'{"a": 1'])
def test_what_is_no_json_is_garbled(data: bytes) -> None:
    with pytest.raises(Garbled, match="no JSON"):
        value_of(data)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
call_like = st.fixed_dictionaries(
    {},
    optional={
        "id": junk,
        "function": junk
        | st.fixed_dictionaries({}, optional={"name": junk, "arguments": junk | st.text()}),
    },
)
answer_like = st.fixed_dictionaries(
    {},
    optional={
        "choices": junk
        | st.lists(
            junk
            | st.fixed_dictionaries(
                {},
                optional={
                    "finish_reason": junk,
                    "message": junk
                    | st.fixed_dictionaries(
                        {},
                        optional={
                            "content": junk,
                            "refusal": junk,
                            "tool_calls": junk | st.lists(call_like | junk, max_size=3),
                        },
                    ),
                },
            ),
            max_size=2,
        ),
        "usage": junk
        | st.dictionaries(
            st.sampled_from(
                ["prompt_tokens", "completion_tokens", "cost", "prompt_tokens_details"]
            ),
            junk,
        ),
    },
)


@given(answer_like | junk, st.booleans())
@example({"choices": [{"message": {"tool_calls": [{"id": "\ud800"}]}}]}, True)
def test_whatever_comes_is_a_reply_or_an_error_of_ours(value: Any, tells: bool) -> None:
    try:
        reply = reply_of(value, HELLO, tells_cost=tells)
    except ModelError:
        return
    # It can be written down and sent again.
    whole = [
        reply.text,
        reply.finish,
        *([c.id, c.tool, c.broken, dict(c.args)] for c in reply.calls),
    ]
    json.dumps(whole, ensure_ascii=False, allow_nan=False).encode()
    assert len({call.id for call in reply.calls}) == len(reply.calls)
    assert 0 <= reply.usage.cached <= reply.usage.sent
    assert 0 <= reply.cost_usd <= 1000


@given(st.binary(max_size=200))
def test_whatever_bytes_come_are_json_or_garbled(data: bytes) -> None:
    try:
        value_of(data)
    except Garbled:
        pass


def test_a_request_without_content_can_be_counted() -> None:
    called = {"role": "assistant", "content": None, "tool_calls": [function()]}
    assert tokens_of(Request([called])) > 10
