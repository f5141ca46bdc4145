"""From the bytes of an answer to a Reply, whatever they are: a Reply or a ModelError, no third.

Servers differ, and what models write is not to be relied on. What can be understood is taken;
a call that cannot be read is kept as a broken one, so that the model can be told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from factotum.agent.talk import Reply, Request, Usage, Wanted
from factotum.models.errors import Garbled
from factotum.models.price import BYTES_A_TOKEN, tokens_of

#: No answer has more tokens or costs more; a larger number is a mistake.
TOKENS_MOST = 10**9
COST_MOST_USD = 1000.0


def value_of(data: bytes) -> Any:
    """The JSON of an answer. Raises Garbled."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Garbled("the answer is no JSON") from None


def reply_of(value: Any, asked: Request, *, tells_cost: bool = False) -> Reply:
    """The reply that an answer's JSON holds. Raises Garbled if it holds none.

    `cost_usd` is only set where the answer `tells_cost`. Usage that is missing is estimated.
    """
    choices = value.get("choices") if isinstance(value, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise Garbled("the answer has no message in it")
    text = _text(message.get("content")) or _text(message.get("refusal"))
    calls = _calls(message.get("tool_calls"))
    finish = choice.get("finish_reason")
    reply = Reply(
        text=text,
        calls=calls,
        finish=_whole(finish) if isinstance(finish, str) and finish else "stop",
    )
    counted = value.get("usage")
    usage = counted if isinstance(counted, dict) else {}
    return replace(
        reply,
        usage=_usage(usage, reply, asked),
        cost_usd=_number(usage.get("cost"), COST_MOST_USD) if tells_cost else 0.0,
    )


def _text(content: Any) -> str:
    """The text of a content: a string, or parts of which those with text count."""
    if isinstance(content, str):
        return _whole(content)
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") if isinstance(part, dict) else part for part in parts)
    return _whole("".join(text for text in texts if isinstance(text, str)))


def _whole(text: str) -> str:
    """The text without halves of characters, which no file and no request can hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _calls(wanted: Any) -> tuple[Wanted, ...]:
    taken: set[str] = set()
    calls = []
    for index, one in enumerate(wanted if isinstance(wanted, list) else ()):
        call = _call(one)
        id = call.id
        while not id or id in taken:
            id = f"call_{index}_{len(taken)}" if not id else f"{id}_{index}"
        taken.add(id)
        calls.append(replace(call, id=id))
    return tuple(calls)


def _call(one: Any) -> Wanted:
    """A call, with "" for an id that is none."""
    call = one if isinstance(one, dict) else {}
    function = call.get("function")
    named = function if isinstance(function, dict) else {}
    id, name = call.get("id"), named.get("name")
    id = _whole(id) if isinstance(id, str) else ""
    if not isinstance(name, str) or not name:
        return Wanted(id, "", broken="it names no tool")
    args = named.get("arguments")
    if args is None or args == "":
        return Wanted(id, _whole(name))
    if isinstance(args, str):
        try:
            args = json.loads(args, parse_constant=_no_number)
        except (ValueError, RecursionError) as wrong:
            return Wanted(id, _whole(name), broken=f"its arguments are no JSON: {_short(wrong)}")
    if not isinstance(args, dict):
        return Wanted(id, _whole(name), broken="its arguments are no JSON object")
    try:
        json.dumps(args, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):  # UnicodeEncodeError is one
        return Wanted(id, _whole(name), broken="its arguments hold what JSON cannot")
    return Wanted(id, _whole(name), args)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _short(wrong: Exception) -> str:
    if isinstance(wrong, RecursionError):
        return "nested too deeply"
    return _whole(str(wrong))[:200]


def _usage(usage: Mapping[str, Any], reply: Reply, asked: Request) -> Usage:
    """As it was counted, or estimated where a count is missing or cannot be."""
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    if cached is None:
        cached = usage.get("prompt_cache_hit_tokens")  # DeepSeek's own
    written = len(reply.text.encode()) + sum(
        len(json.dumps([call.tool, call.args])) for call in reply.calls
    )
    sent = _count(usage.get("prompt_tokens")) or tokens_of(asked)
    answered = _count(usage.get("completion_tokens")) or -(-written // BYTES_A_TOKEN)
    return Usage(sent, answered, min(_count(cached), sent))


def _count(value: Any) -> int:
    """A number of tokens; 0 for what is none."""
    return int(_number(value, TOKENS_MOST))


def _number(value: Any, most: float) -> float:
    """The value if it is a number from 0 to `most`, else 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if 0 <= value <= most else 0.0
