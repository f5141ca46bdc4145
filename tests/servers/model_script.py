"""What a scripted model says, and how that looks on the wire: the items of a script."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One tool call. `args` are an object, or the text that stands in its place."""

    name: str
    args: Mapping[str, Any] | str


@dataclass(frozen=True)
class Answer:
    """A whole answer, where a text or a call alone does not do."""

    text: str | None = None
    calls: Sequence[Call] = ()
    finish: str = ""
    sent: int = 100
    answered: int = 20


@dataclass(frozen=True)
class Status:
    code: int
    headers: Mapping[str, str]
    error: Mapping[str, Any]


@dataclass(frozen=True)
class Slow:
    seconds: float
    then: Item


@dataclass(frozen=True)
class Raw:
    """These bytes with status 200; `cut` ends the connection after half of them."""

    data: bytes
    cut: bool = False


Item = str | Call | Answer | Status | Slow | Raw | Sequence[str | Call]
Script = Iterable[Item] | Callable[[Body], Item]


def call(name: str, /, **args: Any) -> Call:
    """The model calls this tool with these arguments."""
    return Call(name, args)


def status(
    code: int, /, message: str = "no", headers: Mapping[str, str] | None = None, **more: Any
) -> Status:
    """An error such as `status(429, headers={"Retry-After": "1"})`; `more` joins its object."""
    return Status(code, headers or {}, {"message": message, **more})


def slow(seconds: float, then: Item = "Sorry, that took long.") -> Slow:
    """The answer comes this much later."""
    return Slow(seconds, then)


def raw(data: bytes | Any) -> Raw:
    """Status 200 with these bytes, or with this value as JSON."""
    return Raw(data if isinstance(data, bytes) else json.dumps(data).encode())


def cut() -> Raw:
    """The connection ends in the middle of an answer."""
    return Raw(json.dumps(completion(Answer("half"), {}, 0)).encode(), cut=True)


def huge(size_bytes: int) -> Raw:
    """A valid answer of about this size."""
    return Raw(json.dumps(completion(Answer("x" * size_bytes), {}, 0)).encode())


def completion(answer: Answer, body: Body, number: int) -> Body:
    """The answer in the service's format."""
    calls = [
        {
            "id": f"call_{number}_{index}",
            "type": "function",
            "function": {
                "name": one.name,
                "arguments": one.args if isinstance(one.args, str) else json.dumps(one.args),
            },
        }
        for index, one in enumerate(answer.calls)
    ]
    message: Body = {"role": "assistant", "content": answer.text, "refusal": None}
    if calls:
        message["tool_calls"] = calls
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": body.get("model", ""),
        "choices": [
            {
                "index": 0,
                "message": message,
                "finish_reason": answer.finish or ("tool_calls" if calls else "stop"),
            }
        ],
        "usage": {
            "prompt_tokens": answer.sent,
            "completion_tokens": answer.answered,
            "total_tokens": answer.sent + answer.answered,
        },
    }


def ollama_answer(answer: Answer, body: Body) -> Body:
    """The answer in Ollama's own format; a call's arguments are an object there."""
    message: Body = {"role": "assistant", "content": answer.text or ""}
    if answer.calls:
        message["tool_calls"] = [
            {"function": {"name": one.name, "arguments": one.args}} for one in answer.calls
        ]
    return {
        "model": body["model"],
        "created_at": "2026-11-21T11:00:00.0Z",
        "message": message,
        "done": True,
        "done_reason": answer.finish or "stop",
        "prompt_eval_count": answer.sent,
        "eval_count": answer.answered,
    }
