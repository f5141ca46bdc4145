"""From turns to messages that any provider takes."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from factotum.agent.loop import Turn
from factotum.agent.talk import Reply, Wanted
from factotum.agent.transcript import Heard, cut, messages


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
