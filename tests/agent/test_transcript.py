"""From turns to messages that any provider takes."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from factotum.agent.loop import Turn
from factotum.agent.talk import Reply, Wanted
from factotum.agent.transcript import ARGUMENTS_MOST_CHARS, Heard, arguments, cut, messages


def heard(n: int, reply: Reply, **results: str) -> Heard:
    return Heard(Turn(n, reply), {int(place[1:]): text for place, text in results.items()})


def test_every_call_has_its_result_right_after_it() -> None:
    reply = Reply("Let me see.", (Wanted("a", "notes__read", {"note": "x"}), Wanted("a", "recall")))
    told = messages([heard(1, reply, _0="the note", _1="nothing")], 16)
    assert [one["role"] for one in told] == ["assistant", "tool", "tool"]
    asked = [one["id"] for one in told[0]["tool_calls"]]
    assert [one["tool_call_id"] for one in told[1:]] == asked and len(set(asked)) == 2
    assert json.loads(told[0]["tool_calls"][0]["function"]["arguments"]) == {"note": "x"}
    assert [one["content"] for one in told[1:]] == ["the note", "nothing"]


def test_ids_and_names_are_of_a_form_that_the_strictest_provider_takes() -> None:
    reply = Reply("", (Wanted("", "rm -rf /; \u202e", {}, "broken"),))
    (asked, _) = messages([heard(25, reply)], 16)
    (call,) = asked["tool_calls"]
    assert re.fullmatch("[A-Za-z0-9]{9}", call["id"])
    assert call["function"]["name"] == "unknown_tool"


def test_calls_beyond_the_most_are_told_as_left_out() -> None:
    reply = Reply("", tuple(Wanted(str(n), "recall") for n in range(5)))
    told = messages([heard(1, reply)], 2)
    assert len(told) == 3 and "3 more calls were not heeded" in told[-1]["content"]


def test_an_empty_answer_is_no_empty_message() -> None:
    assert messages([heard(1, Reply())], 16) == [{"role": "assistant", "content": "(nothing)"}]


@given(st.text(max_size=400), st.integers(8, 200))
def test_what_is_cut_keeps_its_beginning_and_its_end(text: str, most: int) -> None:
    short = cut(text, most)
    if len(text) <= most:
        assert short == text
    else:
        assert short.startswith(text[: most * 3 // 4]) and short.endswith(text[-(most // 4) :])


def test_what_it_said_itself_is_not_told_again_at_length() -> None:
    text, long = "y" * 100_000, {"text": "x" * 100_000, "about": "z", "sources": ["s"] * 9000}
    (asked, _) = messages([heard(1, Reply(text, (Wanted("a", "remember", long),)))], 16)
    (plain,) = messages([heard(1, Reply(text))], 16)
    assert len(asked["content"]) == len(plain["content"]) < 13_000
    told = json.loads(asked["tool_calls"][0]["function"]["arguments"])
    assert told["about"] == "z"
    assert "characters left out" in told["text"] and "characters left out" in told["sources"]


values = st.text(max_size=3000) | st.lists(st.text(max_size=30), max_size=100) | st.integers()


@given(st.dictionaries(st.text(max_size=20), values, max_size=6))
def test_arguments_stay_json_and_keep_their_names(args: dict[str, object]) -> None:
    told = arguments(args)
    assert len(told) <= ARGUMENTS_MOST_CHARS
    assert json.loads(told).keys() == args.keys() or "left_out" in told
    if len(json.dumps(args, ensure_ascii=False)) <= ARGUMENTS_MOST_CHARS:
        assert json.loads(told) == args
