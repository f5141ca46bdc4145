"""From the turns of a run to the messages that the model is sent, whichever model it is.

The ids of calls are ours, so that another provider can go on where one left off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factotum.agent.loop import Turn, is_go_on
from factotum.agent.turn import Became

Message = dict[str, Any]

REPROMPT = (
    "You stopped without calling a tool. If everything is done, call `finish` with an honest "
    "summary. If you cannot go on, call `ask_owner`. Otherwise go on."
)

#: How much of one tool's answer, and of its own words, the model is shown, in characters.
RESULT_MOST_CHARS = 12_000
#: How much of the arguments of a call of its own it is told again, in characters.
ARGUMENTS_MOST_CHARS = 4000

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Heard:
    """A turn and what each of its calls led to, in words for the model, by place."""

    turn: Turn
    results: Mapping[int, str]


def call_id(turn: int, place: int) -> str:
    """Nine letters and digits: the strictest provider takes no other form."""
    return f"c{turn:05d}{place:03d}"


def messages(heard: Sequence[Heard], calls_most: int) -> list[Message]:
    """The turns as assistant and tool messages; every call has its result right after."""
    told: list[Message] = []
    for one in heard:
        told += _turn(one, calls_most)
    return told


def _turn(heard: Heard, calls_most: int) -> list[Message]:
    reply = heard.turn.reply
    calls = reply.calls[:calls_most]
    if not calls:
        said = [{"role": "assistant", "content": cut(reply.text) or "(nothing)"}]
        if word := heard.turn.word:
            said.append({"role": "user", "content": f"The owner says: {word}"})
        return said
    asked = [
        {
            "id": call_id(heard.turn.n, place),
            "type": "function",
            "function": {
                "name": call.tool if _NAME.fullmatch(call.tool) else "unknown_tool",
                "arguments": arguments(call.args),
            },
        }
        for place, call in enumerate(calls)
    ]
    first: Message = {"role": "assistant", "content": cut(reply.text) or None, "tool_calls": asked}
    answers = [
        {
            "role": "tool",
            "tool_call_id": call_id(heard.turn.n, place),
            "content": cut(heard.results.get(place, "No result.")),
        }
        for place in range(len(calls))
    ]
    left = len(reply.calls) - len(calls)
    if left > 0:
        answers[-1]["content"] += f"\n\n({left} more calls were not heeded: make fewer at once.)"
    return [first, *answers, *_word(heard.turn)]


def _word(turn: Turn) -> list[Message]:
    """What the owner said after the calls were made, and not instead of them."""
    instead = Became.SKIPPED in turn.became.values()
    if not turn.word or instead or is_go_on(turn.word):
        return []
    return [{"role": "user", "content": f"The owner says: {turn.word}"}]


def arguments(args: Mapping[str, Any], most_chars: int = ARGUMENTS_MOST_CHARS) -> str:
    """The arguments of a call as JSON; long ones with their middle left out, which is said."""
    told = json.dumps(args, ensure_ascii=False)
    for longest in (most_chars * 3 // 4, most_chars // 4, most_chars // 20):
        if len(told) <= most_chars:
            return told
        short = {name: _shorter(value, longest) for name, value in args.items()}
        told = json.dumps(short, ensure_ascii=False)
    return told if len(told) <= most_chars else json.dumps({"left_out": f"{len(args)} arguments"})


def _shorter(value: Any, most_chars: int) -> Any:
    if isinstance(value, str):
        return cut(value, most_chars)
    size = len(json.dumps(value, ensure_ascii=False))
    return value if size <= most_chars else f"[{size} characters left out]"


def cut(text: str, most_chars: int = RESULT_MOST_CHARS) -> str:
    """`text`, or its beginning and its end with a word of what was left out."""
    if len(text) <= most_chars:
        return text
    head, tail = most_chars * 3 // 4, most_chars // 4
    left = len(text) - head - tail
    return f"{text[:head]}\n\n[… {left} characters left out …]\n\n{text[-tail:]}"
