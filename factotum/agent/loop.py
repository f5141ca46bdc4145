"""The loop, as pure rules: from what was said and done so far to the next step.

It calls no model and no tool. Killed anywhere and asked again with the same turns, it
answers the same, so a restart neither pays nor acts twice.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from factotum.agent.talk import Reply, Wanted
from factotum.agent.turn import Became

FINISH = "finish"

#: How often in a row it may answer in plain words before the owner is asked whether that is it.
PLAIN_MOST = 3

#: What a person says to a loop that runs in circles.
GO_ON, STOP, THAT_IS_IT = "go on", "stop", "that is it"
#: Why it has ended then: it is no failure, but what the owner wanted.
AS_SAID = "You said to stop."
_YES = frozenset({GO_ON, "yes", "y", "ok", "okay", "go", "continue"})


@dataclass(frozen=True)
class Limits:
    """`turns` is how often the model is asked in one run before the owner is; `reprompts` how
    often it is told to go on after it stopped without `finish`; `repeats` how often it may make
    the same call; `calls` how many calls of one turn are heeded."""

    turns: int = 25
    reprompts: int = 10
    repeats: int = 3
    calls: int = 16


@dataclass(frozen=True)
class Turn:
    """One answer of the model and what became of its calls, by place.

    `word` is what the owner said when the loop asked whether to go on: None if it was not
    asked, empty while nobody has answered.
    """

    n: int
    reply: Reply
    became: Mapping[int, Became] = field(default_factory=dict)
    word: str | None = None


@dataclass(frozen=True)
class Think:
    """Ask the model. `reprompt`: it had stopped without saying that it was done."""

    reprompt: bool = False


@dataclass(frozen=True)
class Act:
    """Do what the turn's calls want; `over` when each of them has an end."""

    turn: Turn


@dataclass(frozen=True)
class Leave:
    """Leave the turn's open calls undone: the owner said `word` instead."""

    turn: Turn
    word: str


@dataclass(frozen=True)
class AskWhether:
    """It runs in circles: ask the owner whether to go on with this turn."""

    turn: Turn
    question: str


@dataclass(frozen=True)
class Finish:
    summary: str


@dataclass(frozen=True)
class GiveUp:
    reason: str


Step = Think | Act | Leave | AskWhether | Finish | GiveUp


def next_step(
    turns: Sequence[Turn], limits: Limits, *, talks: bool = False, worry: str = ""
) -> Step:
    """What to do after `turns`. `talks`: a plain answer is what the owner waits for, as in
    a conversation; else a task ends with a call of `finish` only. `worry` is what is odd
    about what the last turn wants: then the owner is asked first."""
    if not turns:
        return Think()
    last = turns[-1]
    calls = last.reply.calls[: limits.calls]
    if len(last.became) < len(calls) or _open(last):
        return _work(turns, last, calls, limits, worry)
    summary = _finished(last, calls)
    if summary is not None:
        return Finish(summary)
    if talks and not calls and last.reply.text.strip():
        return Finish(last.reply.text.strip())
    if last.word is not None and last.word.strip().casefold() == STOP:
        return GiveUp(AS_SAID)
    return _plain(turns, last) or _again(turns, limits)


def _plain(turns: Sequence[Turn], last: Turn) -> Step | None:
    """What to do about an answer in plain words, however often it is told to go on."""
    if last.word is not None:
        said = last.word.strip(" .!").casefold()
        if said == THAT_IS_IT:
            return Finish(last.reply.text.strip())
        return AskWhether(last, PLAIN) if not said else None
    run = turns[-PLAIN_MOST:]
    words = [turn for turn in run if turn.word is None and not turn.reply.calls]
    if len(words) == PLAIN_MOST and all(turn.reply.text.strip() for turn in words):
        return AskWhether(last, PLAIN)
    return None


PLAIN = "it answers in plain words and does not say that it is done. Is that it?"


def is_go_on(word: str) -> bool:
    """Whether the owner's word lets the loop go on as it would."""
    return word.strip(" .!").casefold() in _YES


def _work(
    turns: Sequence[Turn], last: Turn, calls: Sequence[Wanted], limits: Limits, worry: str
) -> Step:
    if last.word is not None and not is_go_on(last.word):
        return Leave(last, last.word) if last.word else AskWhether(last, _circles(last, calls))
    if last.word is None and not last.became and _repeats(turns, calls, limits):
        return AskWhether(last, _circles(last, calls))
    if last.word is None and not last.became and worry:
        return AskWhether(last, f"I seem to get nowhere: {worry}. Shall I go on?")
    return Act(last)


def _open(turn: Turn) -> bool:
    return Became.OPEN in turn.became.values()


def _finished(turn: Turn, calls: Sequence[Wanted]) -> str | None:
    """The summary, if the turn finished the task: a `finish` beside a call that was refused
    or failed finishes nothing, for it was said before that was known."""
    if any(what is not Became.GOOD for what in turn.became.values()):
        return None
    for call in calls:
        if call.tool == FINISH and not call.broken:
            return str(call.args.get("summary") or turn.reply.text).strip()
    return None


def _again(turns: Sequence[Turn], limits: Limits) -> Step:
    said = _last_words(turns)
    if turns[-1].word is None and len(since_word(turns)) >= limits.turns:
        return AskWhether(turns[-1], f"{len(turns)} turns and no end. Shall I go on?")
    silent = sum(1 for turn in turns if not turn.reply.calls)
    if silent > limits.reprompts:
        return GiveUp(f"It stopped {silent} times without saying that it was done.{said}")
    return Think(reprompt=not turns[-1].reply.calls)


def since_word(turns: Sequence[Turn]) -> Sequence[Turn]:
    """The turns since the owner last said something, who then lets everything begin anew."""
    said = [i for i, turn in enumerate(turns[:-1]) if turn.word is not None]
    return turns[said[-1] + 1 :] if said else turns


def _last_words(turns: Sequence[Turn]) -> str:
    for turn in reversed(turns):
        if text := " ".join(turn.reply.text.split()):
            return f" Its last words: {text[:300]}"
    return ""


def _repeats(turns: Sequence[Turn], calls: Sequence[Wanted], limits: Limits) -> bool:
    """Whether a call of the last turn was made too often since the owner last said go on."""
    since = max((i for i, turn in enumerate(turns[:-1]) if turn.word is not None), default=0)
    made = Counter(
        _same(call) for turn in turns[since:] for call in turn.reply.calls[: limits.calls]
    )
    return any(made[_same(call)] > limits.repeats for call in calls)


def _same(call: Wanted) -> str:
    exact = json.dumps(call.args, sort_keys=True, ensure_ascii=False, default=str)
    return f"{call.tool} {exact} {call.broken}"


def _circles(turn: Turn, calls: Sequence[Wanted]) -> str:
    tools = ", ".join(dict.fromkeys(call.tool for call in calls))
    return f"I seem to run in circles: the same call of {tools} again. Shall I go on?"
