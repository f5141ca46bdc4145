"""Of what a model says so much is taken as can be used, under the names that we know."""

from __future__ import annotations

import json

import pytest

from factotum.agent import heed
from factotum.agent.heed import heeded
from factotum.agent.talk import Reply, Usage, Wanted

KNOWN = ["finish", "recall", "mail__send"]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("finish", "finish"),
        ("Finish", "finish"),
        ("FINISH", "finish"),
        ("functions.finish", "finish"),
        ("functions.Mail__Send", "mail__send"),
        ("finished", "finished"),
        ("", ""),
    ],
)
def test_a_tool_is_known_by_its_name_however_it_is_spelt(said: str, meant: str) -> None:
    (call,) = heeded(Reply(calls=(Wanted("a", said, {"x": 1}),)), KNOWN).calls
    assert call == Wanted("a", meant, {"x": 1})


def test_a_usual_reply_stays_as_it_is() -> None:
    call = Wanted("a", "recall", {"query": "Ada"}, "broken")
    reply = Reply("Let me see.", (call,), "tool_calls", Usage(3, 2, 1), "test/x", 0.5)
    assert heeded(reply, KNOWN) == reply


def test_what_is_poured_out_is_not_kept() -> None:
    long = Wanted("a", "recall", {"query": "x" * 90_000})
    reply = Reply("y" * 6_000_000, (long,) * 5000)
    taken = heeded(reply, KNOWN)
    assert [bool(call.broken) for call in taken.calls[:4]] == [False, False, True, True]
    assert "200,000 characters together" in taken.calls[2].broken
    assert len(taken.calls) == heed.CALLS_KEPT
    assert len(json.dumps([vars(call) for call in taken.calls])) < 250_000
    assert len(taken.text) < heed.TEXT_MOST_CHARS + 100


def test_a_short_call_after_one_that_is_too_long_is_still_made() -> None:
    calls = (Wanted("a", "recall", {"query": "x" * 300_000}), Wanted("b", "finish", {"y": 1}))
    first, second = heeded(Reply(calls=calls), KNOWN).calls
    assert first.broken and first.args == {}
    assert second == calls[1]


def test_a_name_is_no_place_for_a_book() -> None:
    (call,) = heeded(Reply(calls=(Wanted("a", "z" * 6_000_000),)), KNOWN).calls
    assert len(call.tool) == heed.NAME_MOST_CHARS


def test_arguments_that_cannot_be_written_down_are_not_kept() -> None:
    deep: list[object] = []
    for _ in range(20_000):
        deep = [deep]
    (call,) = heeded(Reply(calls=(Wanted("a", "recall", {"query": deep}),)), KNOWN).calls
    assert "nested too deeply" in call.broken
    assert call.args == {}
