"""A transcript that no longer fits a model's window, made to fit.

Messages in, messages out, in the format of chat completions. What was ordered and what
happened last stays; what is left out is said. A call and its result are never parted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from factotum.agent.transcript import arguments

Message = Mapping[str, Any]
Turn = list[Message]

#: How many of the last turns stay whole as long as they fit alone.
LAST_TURNS = 2
#: What an image is counted as, in characters: about 1,500 tokens.
IMAGE_CHARS = 4_500
#: A result that is no longer than this stays: saying that it is gone would be as long.
RESULT_LEAST = 200
#: What the model wrote itself in one message or call is not cut to less than this.
WORDS_LEAST = 800
#: What one message costs beside its text, in characters.
FRAME_CHARS = 20


def shorten(messages: Sequence[Message], most_chars: int) -> list[Message]:
    """The messages, in at most `most_chars` characters where that can be had.

    First the results of older calls go, the oldest first, then older turns, then the middle
    of long results in the last turns, then that of the model's own words there. The system
    message and all that was said by the user stay as they are, so that `most_chars` must
    leave room for those.
    """
    turns = _turns(messages)
    excess = sum(map(_size, turns)) - most_chars
    older = [n for n, turn in enumerate(turns) if _is_models(turn)][:-LAST_TURNS]
    for n in older:
        if excess <= 0:
            break
        emptied = _without_results(turns[n])
        excess -= _size(turns[n]) - _size(emptied)
        turns[n] = emptied
    if excess > 0 and sum(_size(turns[n]) for n in older) > chars(_note(len(older))):
        turns, excess = _without_turns(turns, older, excess)
    if excess > 0:
        turns = _with_short_results(turns, excess)
        if sum(map(_size, turns)) > most_chars:
            turns = [_with_short_words(turn) if _is_models(turn) else turn for turn in turns]
    return [message for turn in turns for message in turn]


def chars(message: Message) -> int:
    """About how much of a window a message takes, in characters."""
    content = message.get("content")
    total = FRAME_CHARS + len(content) if isinstance(content, str) else FRAME_CHARS
    for part in content if isinstance(content, list) else ():
        total += len(part.get("text", "")) if part.get("type") == "text" else IMAGE_CHARS
    for call in message.get("tool_calls") or ():
        function = call.get("function", {})
        total += FRAME_CHARS + len(function.get("name", "")) + len(function.get("arguments", ""))
    return total


def _size(turn: Turn) -> int:
    return sum(map(chars, turn))


def _turns(messages: Sequence[Message]) -> list[Turn]:
    """The messages in groups: an answer of the model's with the results of its calls, or
    one message of anybody else."""
    turns: list[Turn] = []
    for message in messages:
        if message.get("role") == "tool" and turns:
            turns[-1].append(message)
        else:
            turns.append([message])
    return turns


def _is_models(turn: Turn) -> bool:
    return turn[0].get("role") == "assistant"


def _without_results(turn: Turn) -> Turn:
    return [_emptied(message) if message.get("role") == "tool" else message for message in turn]


def _emptied(message: Message) -> Message:
    held = chars(message) - FRAME_CHARS
    if held <= RESULT_LEAST:
        return message
    return {**message, "content": f"[{held:,} characters of this result are left out here.]"}


def _without_turns(
    turns: Sequence[Turn], older: Sequence[int], excess: int
) -> tuple[list[Turn], int]:
    """Leaves out older turns, the oldest first, until `excess` is gone; one line stands for
    them all. Returns what is left, and of the excess."""
    note = _note(len(older))
    excess += chars(note)
    gone = []
    for n in older:
        if excess <= 0:
            break
        excess -= _size(turns[n])
        gone.append(n)
    left = [turn for n, turn in enumerate(turns) if n not in set(gone)]
    return [*left[: gone[0]], [_note(len(gone))], *left[gone[0] :]], excess


def _note(count: int) -> Message:
    return {"role": "user", "content": f"[{count} earlier turns of yours are left out here.]"}


def _with_short_results(turns: Sequence[Turn], excess: int) -> list[Turn]:
    """Takes out the middle of results, of the longest the most, until `excess` is gone."""
    results = [m.get("content") for turn in turns for m in turn if m.get("role") == "tool"]
    level = _level([len(text) for text in results if isinstance(text, str)], excess)
    return [[_cut(m, level) if m.get("role") == "tool" else m for m in turn] for turn in turns]


def _level(lengths: Sequence[int], excess: int) -> int:
    """The length to which all longer ones are cut so that together they lose `excess`; not
    below RESULT_LEAST."""
    low, high = RESULT_LEAST, max([RESULT_LEAST, *lengths])
    while low < high:
        middle = (low + high + 1) // 2
        if sum(max(0, length - middle) for length in lengths) >= excess:
            low = middle
        else:
            high = middle - 1
    return low


def _with_short_words(turn: Turn) -> Turn:
    """Takes out the middle of what the model wrote itself, in words and in arguments."""
    first = dict(_cut(turn[0], WORDS_LEAST))
    if calls := first.get("tool_calls"):
        first["tool_calls"] = [_with_short_arguments(call) for call in calls]
    return [first, *turn[1:]]


def _with_short_arguments(call: Mapping[str, Any]) -> Mapping[str, Any]:
    function = call["function"]
    if len(function["arguments"]) <= WORDS_LEAST:
        return call
    short = arguments(json.loads(function["arguments"]), WORDS_LEAST)
    return {**call, "function": {**function, "arguments": short}}


def _cut(message: Message, most: int) -> Message:
    text = message.get("content")
    if not isinstance(text, str) or len(text) <= most:
        return message
    remark = f"\n[… {len(text):,} characters in all, the middle is left out here …]\n"
    room = most - len(remark)
    head = room * 2 // 3
    return {**message, "content": f"{text[:head]}{remark}{text[len(text) - (room - head) :]}"}
