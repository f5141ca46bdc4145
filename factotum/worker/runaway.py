"""A run that gets nowhere: to and fro, nothing new, the same again with one letter changed.

Pure. It stops nothing: it says what is odd, and a person is
asked, with what was done so far and what that has cost.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from factotum.agent.loop import FINISH, Limits, Turn, since_word
from factotum.agent.talk import Wanted
from factotum.agent.turn import Became
from factotum.gate import policy
from factotum.gate.rows import row_of
from factotum.ledger import dumps
from factotum.worker.turns import base

#: How many readings in a row may tell nothing that this run has not been told before.
NOTHING_NEW_MOST = 8
#: How many calls of one run may differ in figures and marks alone, and how many there may be
#: of one tool. Notes of our own, which may well be many, have a limit of their own.
ALIKE_MOST = 20
ONE_TOOL_MOST = 60
#: How many calls may be denied because a secret stands in them.
SECRETS_MOST = 5
#: Two turns that take their turns so often, both told the same as before, go to and fro.
TO_AND_FRO = 2
#: How many tools are named in what was done so far.
NAMED_MOST = 6

#: What became of each step, by its number in the run, and what is on record of it.
Steps = Mapping[int, tuple[Became, Mapping[str, Any]]]

#: What was told, by a call's number in the run: a mark that is equal for equal words.
Told = Mapping[int, str]


def told(steps: Steps) -> dict[int, str]:
    """What each reading of the run has told."""
    return {
        idx: hashlib.sha256(f"{became} {data.get('text') or data.get('why')}".encode()).hexdigest()
        for idx, (became, data) in steps.items()
    }


def held_secrets(steps: Steps) -> frozenset[int]:
    """The calls that were denied because a secret stood in them."""
    return frozenset(
        idx for idx, (_, data) in steps.items() if policy.GOES_NOWHERE in str(data.get("why"))
    )


def is_fresh(turns: Sequence[Turn]) -> bool:
    """Whether the last turn wants something that nobody has looked at yet."""
    last = turns[-1] if turns else None
    return bool(last and last.reply.calls and not last.became and last.word is None)


def worry(turns: Sequence[Turn], heard: Told, limits: Limits, secrets: Collection[int] = ()) -> str:
    """What is odd about going on, as a sentence; empty where nothing is. `secrets` are the calls
    that held one. A word of the owner's lets everything begin anew."""
    recent = since_word(turns)
    calls = recent[-1].reply.calls[: limits.calls] if recent else ()
    if not calls or any(call.tool == FINISH for call in calls):
        return ""
    checks = (
        _guessing(recent, secrets, limits),
        _to_and_fro(recent, heard),
        _nothing_new(recent, heard, limits),
        _alike(recent, limits),
    )
    return next(filter(None, checks), "")


def _guessing(turns: Sequence[Turn], secrets: Collection[int], limits: Limits) -> str:
    """Each denial says which secret it was: who asks often enough may find one out by guessing."""
    held = sum(idx in secrets for idx, _ in _made(turns[:-1], limits))
    return f"{held} of its calls held a secret of yours" if held >= SECRETS_MOST else ""


def _to_and_fro(turns: Sequence[Turn], heard: Told) -> str:
    *before, last = turns[-2 * TO_AND_FRO :]
    if len(before) < 2 * TO_AND_FRO - 1:
        return ""
    wants = [_exact(turn.reply.calls) for turn in (*before, last)]
    a, b = wants[-2], wants[-1]
    if a == b or wants[0::2] != [a] * TO_AND_FRO or wants[1::2] != [b] * TO_AND_FRO:
        return ""
    if _heard(before[-1], heard) != _heard(before[-3], heard):
        return ""  # it waits for something that changes
    tools = " and ".join(dict.fromkeys((_named(before[-1]), _named(last))))
    return f"it goes to and fro between {tools} and learns nothing new"


def _nothing_new(turns: Sequence[Turn], heard: Told, limits: Limits) -> str:
    known: set[tuple[str, str]] = set()
    row = 0
    for idx, call in _made(turns[:-1], limits):
        if idx in heard:
            mark = (call.tool, heard[idx])
            row = row + 1 if mark in known else 0
            known.add(mark)
    if row < NOTHING_NEW_MOST:
        return ""
    return f"its last {row} looks told it nothing that it had not been told before"


def _alike(turns: Sequence[Turn], limits: Limits) -> str:
    made = [call for _, call in _made(turns, limits) if not row_of(call.tool).writes_own]
    wanted = turns[-1].reply.calls[: limits.calls]
    shapes, tools = Counter(map(shape, made)), Counter(call.tool for call in made)
    for call in wanted:
        if shapes[shape(call)] > ALIKE_MOST:
            return f"{shapes[shape(call)]} calls of {call.tool} are almost the same"
        if tools[call.tool] > ONE_TOOL_MOST:
            return f"it wants {call.tool} for the {tools[call.tool]}th time"
    return ""


def shape(call: Wanted) -> str:
    """What is left of a call without figures, marks and single letters."""
    text = json.dumps(call.args, sort_keys=True, ensure_ascii=False, default=str).casefold()
    words = re.findall(r"[^\W\d_]{2,}", text)
    return f"{call.tool} {' '.join(words)}"


def _made(turns: Sequence[Turn], limits: Limits) -> Iterator[tuple[int, Wanted]]:
    for turn in turns:
        for place, call in enumerate(turn.reply.calls[: limits.calls]):
            yield base(turn.n) + place, call


def _exact(calls: Sequence[Wanted]) -> str:
    return dumps([[call.tool, dict(call.args)] for call in calls])


def _heard(turn: Turn, heard: Told) -> list[str]:
    places = range(len(turn.reply.calls))
    return [heard.get(base(turn.n) + place, "") for place in places]


def _named(turn: Turn) -> str:
    return ", ".join(dict.fromkeys(call.tool for call in turn.reply.calls))


def so_far(turns: Sequence[Turn], cost_usd: float) -> str:
    """What was done so far and what it cost, in one sentence."""
    done = Counter(
        turn.reply.calls[place].tool
        for turn in turns
        for place, became in turn.became.items()
        if became is Became.GOOD and place < len(turn.reply.calls)
    )
    named = [f"{tool} {n} times" for tool, n in done.most_common(NAMED_MOST)]
    more = len(done) - len(named)
    told = ", ".join([*named, *([f"{more} other tools"] if more > 0 else [])]) or "nothing was done"
    asked = f"the model was asked {len(turns)} times"
    return f"So far: {asked}, which cost {cost_usd:.4f} USD; {told}"
