"""The loop's rules: from what was said and done to the next step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from factotum.agent.loop import (
    PLAIN,
    Act,
    AskWhether,
    Finish,
    GiveUp,
    Leave,
    Limits,
    Think,
    Turn,
    next_step,
    since_word,
)
from factotum.agent.talk import Reply, Wanted
from factotum.agent.turn import Became

LIMITS = Limits(turns=5, reprompts=2, repeats=3, calls=4)
GOOD, OPEN, FAILED = Became.GOOD, Became.OPEN, Became.FAILED


def said(n: int, *calls: Wanted, text: str = "", became: Became | None = GOOD) -> Turn:
    made = {} if became is None else dict.fromkeys(range(len(calls)), became)
    return Turn(n, Reply(text, calls), made)


def call(tool: str, **args: object) -> Wanted:
    return Wanted("x", tool, args)


FINISH = call("finish", summary="All done.")


def test_it_begins_by_asking_the_model() -> None:
    assert next_step([], LIMITS) == Think()


def test_calls_are_done_before_the_model_is_asked_again() -> None:
    turn = said(1, call("notes__read", note="a"), became=None)
    assert next_step([turn], LIMITS) == Act(turn)
    waiting = said(1, call("mail__send"), became=OPEN)
    assert next_step([waiting], LIMITS) == Act(waiting)
    assert next_step([said(1, call("notes__read", note="a"))], LIMITS) == Think()


def test_a_finish_ends_it_with_its_summary() -> None:
    assert next_step([said(1, FINISH)], LIMITS) == Finish("All done.")


def test_a_finish_beside_a_call_that_went_wrong_finishes_nothing() -> None:
    turn = Turn(1, Reply("", (call("mail__send"), FINISH)), {0: FAILED, 1: GOOD})
    assert next_step([turn], LIMITS) == Think()


def test_a_finish_whose_arguments_are_broken_finishes_nothing() -> None:
    turn = said(1, Wanted("x", "finish", {}, "no JSON"), became=FAILED)
    assert next_step([turn], LIMITS) == Think()


def test_it_is_told_to_go_on_so_often_and_then_stopped() -> None:
    silent = [said(n, text=t) for n, t in ((1, "I am done, I think."), (2, ""), (3, ""))]
    assert next_step(silent[:2], LIMITS) == Think(reprompt=True)
    match next_step(silent, LIMITS):
        case GiveUp(reason):
            assert "3 times" in reason and "I am done, I think." in reason
        case other:
            raise AssertionError(other)


def test_an_empty_answer_counts_as_silence() -> None:
    assert next_step([said(1)], LIMITS) == Think(reprompt=True)
    assert next_step([said(1)], LIMITS, talks=True) == Think(reprompt=True)


def test_in_a_conversation_a_plain_answer_is_the_answer() -> None:
    assert next_step([said(1, text="It is noon.")], LIMITS, talks=True) == Finish("It is noon.")


def test_after_so_many_turns_the_owner_is_asked() -> None:
    turns = [said(n, call("notes__read", note=str(n))) for n in range(1, 6)]
    assert isinstance(next_step(turns[:4], LIMITS), Think)
    asked = next_step(turns, LIMITS)
    assert asked == AskWhether(turns[-1], "5 turns and no end. Shall I go on?")
    last = turns[-1]
    for word, step in [
        ("", AskWhether),
        ("go on", Think),
        ("stop", GiveUp),
        ("look into the other folder", Think),
    ]:
        again = [*turns[:-1], Turn(last.n, last.reply, last.became, word)]
        assert isinstance(next_step(again, LIMITS), step), word
    gone_on = [*turns[:-1], Turn(last.n, last.reply, last.became, "go on")]
    gone_on += [said(n, call("notes__read", note=str(n))) for n in range(6, 11)]
    assert isinstance(next_step(gone_on[:-1], LIMITS), Think)
    assert isinstance(next_step(gone_on, LIMITS), AskWhether)


def test_what_is_odd_about_a_turn_is_asked_before_it_is_done() -> None:
    turn = said(1, call("notes__read", note="a"), became=None)
    asked = next_step([turn], LIMITS, worry="it goes to and fro")
    assert isinstance(asked, AskWhether) and "it goes to and fro" in asked.question
    for word, step in [("go on", Act), ("stop", Leave), ("", AskWhether)]:
        again = Turn(1, turn.reply, {}, word)
        assert isinstance(next_step([again], LIMITS, worry="it goes to and fro"), step)
    begun = Turn(1, Reply("", (call("a"), call("b"))), {0: GOOD})
    assert isinstance(next_step([begun], LIMITS, worry="odd"), Act)  # asked once, not in between


def circling(times: int) -> list[Turn]:
    turns = [said(n, call("notes__read", note="a", lines=3)) for n in range(1, times)]
    return [*turns, said(times, call("notes__read", lines=3, note="a"), became=None)]


def test_the_same_call_once_too_often_asks_the_owner() -> None:
    limits = Limits(turns=25, repeats=3)
    assert isinstance(next_step(circling(3), limits), Act)
    asked = next_step(circling(4), limits)
    assert isinstance(asked, AskWhether) and "notes__read" in asked.question


def test_what_the_owner_says_then_is_heeded() -> None:
    limits = Limits(turns=25, repeats=3)
    turns = circling(4)
    last = turns.pop()
    for word, step in [
        ("", AskWhether),
        ("Go on", Act),
        ("yes.", Act),
        ("stop", Leave),
        ("read the other one", Leave),
    ]:
        again = Turn(last.n, last.reply, {}, word)
        assert isinstance(next_step([*turns, again], limits), step), word
    stopped = Turn(last.n, last.reply, {0: Became.SKIPPED}, "stop")
    assert next_step([*turns, stopped], limits) == GiveUp("You said to stop.")
    other = Turn(last.n, last.reply, {0: Became.SKIPPED}, "read the other one")
    assert next_step([*turns, other], limits) == Think()


def test_after_a_go_on_it_may_call_as_often_again() -> None:
    limits = Limits(turns=25, repeats=3)
    turns = circling(4)
    turns[-1] = Turn(4, turns[-1].reply, {0: GOOD}, "go on")
    turns += [said(n, call("notes__read", note="a", lines=3)) for n in (5, 6)]
    turns.append(said(7, call("notes__read", note="a", lines=3), became=None))
    assert isinstance(next_step(turns, limits), AskWhether)
    assert isinstance(next_step([*turns[:-1], said(7, call("x"), became=None)], limits), Act)


def test_calls_beyond_the_most_of_one_turn_are_not_waited_for() -> None:
    calls = [call("notes__read", note=str(n)) for n in range(9)]
    turn = Turn(1, Reply("", tuple(calls)), dict.fromkeys(range(4), GOOD))
    assert next_step([turn], LIMITS) == Think()


CALLS = st.builds(
    Wanted,
    st.text(max_size=3),
    st.sampled_from(["finish", "notes__read", "mail__send", "?"]),
    st.dictionaries(st.text(max_size=2), st.integers() | st.text(max_size=3), max_size=2),
    st.sampled_from(["", "", "broken"]),
)


@st.composite
def any_turns(draw: st.DrawFn) -> list[Turn]:
    turns = []
    for n in range(1, draw(st.integers(0, 7)) + 1):
        calls = tuple(draw(st.lists(CALLS, max_size=5)))
        last = draw(st.booleans())
        became = {}
        for place in range(len(calls)):
            what = draw(st.sampled_from([*Became, None] if last else list(Became)))
            if what is not None:
                became[place] = what
        word = draw(st.sampled_from([None, None, "", "go on", "stop", "else"]))
        turns.append(Turn(n, Reply(draw(st.text(max_size=4)), calls), became, word))
    return turns


@given(any_turns(), st.booleans())
def test_it_always_has_a_next_step_and_never_a_turn_too_many(
    turns: list[Turn], talks: bool
) -> None:
    step = next_step(turns, LIMITS, talks=talks)
    assert step == next_step(turns, LIMITS, talks=talks)
    if isinstance(step, Think) and turns and turns[-1].word is None:
        assert len(since_word(turns)) < LIMITS.turns
    if isinstance(step, Finish) and not talks:
        assert any(one.tool == "finish" for one in turns[-1].reply.calls)
        assert set(turns[-1].became.values()) == {GOOD}


def plain(n: int, word: str | None = None) -> Turn:
    return Turn(n, Reply("The key hangs in the hall."), {}, word)


def test_an_answer_in_plain_words_again_and_again_is_put_to_the_owner() -> None:
    limits = Limits(turns=25)
    assert next_step([plain(1), plain(2)], limits) == Think(reprompt=True)
    assert isinstance(next_step([plain(1), plain(2), plain(3)], limits), AskWhether)
    for word, step in [
        ("", AskWhether(plain(3, ""), PLAIN)),
        ("That is it.", Finish("The key hangs in the hall.")),
        ("stop", GiveUp("You said to stop.")),
        ("go on", Think(reprompt=True)),
        ("and the other one?", Think(reprompt=True)),
    ]:
        assert next_step([plain(1), plain(2), plain(3, word)], limits) == step, word
    again = [plain(1), plain(2), plain(3, "go on"), plain(4), plain(5)]
    assert next_step(again, limits) == Think(reprompt=True)
    assert isinstance(next_step([*again, plain(6)], limits), AskWhether)
