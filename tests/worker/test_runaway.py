"""A run that gets nowhere is told from one that works on, by what it wants and was told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from factotum.agent.loop import Limits, Turn
from factotum.agent.talk import Reply, Wanted
from factotum.agent.turn import Became
from factotum.worker import runaway
from factotum.worker.runaway import ALIKE_MOST, NOTHING_NEW_MOST, ONE_TOOL_MOST, so_far, worry
from factotum.worker.turns import base

LIMITS = Limits(calls=16)


def call(tool: str, **args: object) -> Wanted:
    return Wanted("x", tool, args)


def a_run(*turns: list[Wanted], told: list[str] | None = None) -> str:
    """What is odd about the last of these turns; the ones before it were done, and each call
    of theirs told the same as `told` says, else something new each time."""
    made, heard, n = [], {}, 0
    for number, calls in enumerate(turns, 1):
        last = number == len(turns)
        became = {} if last else dict.fromkeys(range(len(calls)), Became.GOOD)
        made.append(Turn(number, Reply("", tuple(calls)), became))
        for place in range(0 if last else len(calls)):
            heard[base(number) + place] = told[n % len(told)] if told else f"new {n}"
            n += 1
    return worry(made, heard, LIMITS)


A, B, C = call("notes__read", note="a"), call("notes__search", query="b"), call("recall", query="c")


def test_to_and_fro_with_the_same_answers_is_odd() -> None:
    assert "to and fro between notes__read and notes__search" in a_run(
        [A], [B], [A], [B], told=["this", "that"]
    )
    assert a_run([A], [B], [A], [B]) == ""  # it waits for something that changes
    assert a_run([A], [B], [A], told=["this", "that"]) == ""
    assert a_run([A], [B], [C], [B], told=["this", "that"]) == ""
    assert a_run([A], [A], [A], [A], told=["this"]) == ""  # that is counted by the loop itself


def test_looks_that_tell_nothing_new_are_odd() -> None:
    looks = [
        [call("recall", query=word)]
        for word in "one two three four five six seven eight nine".split()
    ]
    assert "told it nothing" in a_run(*looks, [B], told=["Nothing found."])
    assert a_run(*looks[: NOTHING_NEW_MOST - 1], [B], told=["Nothing found."]) == ""
    assert a_run(*looks, [B]) == ""


def test_many_calls_that_differ_in_a_figure_are_odd() -> None:
    def page(n: int) -> Wanted:
        return call("web__read", url=f"https://example.org/list?page={n}&x={chr(97 + n % 26)}")

    pages = [[page(n)] for n in range(ALIKE_MOST + 1)]
    assert f"{ALIKE_MOST + 1} calls of web__read are almost the same" in a_run(*pages)
    assert a_run(*pages[:-1]) == ""
    assert a_run(*pages[:-1], [call("recall", query="something else")]) == ""
    drafts = [[call("notes__write", title=f"{n}")] for n in range(ALIKE_MOST + 9)]
    assert a_run(*drafts) == ""
    assert "almost the same" in a_run([page(n) for n in range(16)], [page(n) for n in range(16)])


def test_one_tool_again_and_again_is_odd_whatever_it_is_asked() -> None:
    letters = [f"{chr(97 + n % 26)}{chr(97 + n // 26)}zz" for n in range(ONE_TOOL_MOST + 1)]
    assert f"for the {ONE_TOOL_MOST + 1}th time" in a_run(
        *[[call("recall", query=w)] for w in letters]
    )
    assert a_run(*[[call("recall", query=word)] for word in letters[:-1]]) == ""


def test_a_word_of_the_owner_lets_it_begin_anew() -> None:
    turns = [Turn(n, Reply("", ((A, B)[n % 2],)), {0: Became.GOOD}) for n in range(1, 5)]
    heard = {base(n): str(n % 2) for n in range(1, 5)}
    last = Turn(5, Reply("", (B,)))
    assert "to and fro" in worry([*turns, last], heard, LIMITS)
    said = Turn(4, turns[-1].reply, {0: Became.GOOD}, "go on")
    assert worry([*turns[:-1], said, last], heard, LIMITS) == ""


def test_a_turn_that_finishes_is_not_held_up() -> None:
    looks = [
        [call("recall", query=word)]
        for word in "one two three four five six seven eight nine".split()
    ]
    assert a_run(*looks, [call("finish", summary="Done.")], told=["Nothing found."]) == ""


def test_what_was_done_so_far_is_told_in_one_sentence() -> None:
    turns = [Turn(n, Reply("", (A, B)), {0: Became.GOOD, 1: Became.FAILED}) for n in (1, 2)]
    assert so_far(turns, 0.0123) == (
        "So far: the model was asked 2 times, which cost 0.0123 USD; notes__read 2 times"
    )
    many = tuple(call(f"t{n}") for n in range(9))
    told = so_far([Turn(1, Reply("", many), dict.fromkeys(range(9), Became.GOOD))], 0.0)
    assert told.endswith(", 3 other tools")
    assert so_far([], 0.0).endswith("nothing was done")


@given(st.lists(st.lists(st.sampled_from([A, B, C]), max_size=3), max_size=8))
def test_no_run_breaks_it(turns: list[list[Wanted]]) -> None:
    assert isinstance(a_run(*turns), str)


def test_only_what_nobody_has_looked_at_yet_is_looked_at() -> None:
    assert runaway.is_fresh([Turn(1, Reply("", (A,)))])
    assert not runaway.is_fresh([])
    assert not runaway.is_fresh([Turn(1, Reply("Hello."))])
    assert not runaway.is_fresh([Turn(1, Reply("", (A,)), {0: Became.GOOD})])
    assert not runaway.is_fresh([Turn(1, Reply("", (A,)), {}, "")])
