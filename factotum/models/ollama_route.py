"""The route to an Ollama, in Ollama's own words.

It understands chat completions too, but only in its own can it be told how large its window
must be. Left alone it has a small one, and cuts off without a word what does not fit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from factotum.agent.talk import Reply, Request
from factotum.models.body import body_of
from factotum.models.errors import Garbled
from factotum.models.parse import reply_of, value_of
from factotum.models.refusal import refusal
from factotum.models.route import Wired


class OllamaRoute(Wired):
    """A model of an Ollama."""

    async def chat(self, request: Request) -> Reply:
        usual = body_of(request, self.way, sees=self.sees)
        answer = await self._wire.exchange(
            "POST",
            f"{self.way.base_url}/api/chat",
            _in_its_words(usual, self.context_tokens),
            {},
            name=self.name,
            timeout_s=self._timeout_s,
            local=self.local,
        )
        if answer.status != 200:
            raise refusal(answer.status, answer.headers, answer.data, self.way, self._now())
        try:
            return reply_of(in_usual_words(value_of(answer.data)), request)
        except Garbled as garbled:
            raise Garbled(f"{self.name}: {garbled}") from None


def _in_its_words(usual: Mapping[str, Any], context_tokens: int) -> dict[str, Any]:
    """The body of a chat completion as Ollama's own."""
    names: dict[str, str] = {}
    body: dict[str, Any] = {
        "model": usual["model"],
        "messages": [_message(message, names) for message in usual["messages"]],
        "stream": False,  # it streams unless it is told not to
        "truncate": False,
        "options": {
            "num_ctx": context_tokens,
            "num_predict": usual["max_tokens"],
            "temperature": usual["temperature"],
        },
    }
    return body | ({"tools": usual["tools"]} if "tools" in usual else {})


def _message(usual: Mapping[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """One message. `names` remembers the tool of each call, for the results that follow."""
    content = usual.get("content")
    parts: Any = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
    said: dict[str, Any] = {
        "role": usual["role"],
        "content": "\n".join(part["text"] for part in parts if part["type"] == "text"),
    }
    pictures = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    if pictures:
        said["images"] = [url.partition(";base64,")[2] for url in pictures]
    if calls := usual.get("tool_calls"):
        names |= {call["id"]: call["function"]["name"] for call in calls}
        said["tool_calls"] = [{"function": _call(call["function"])} for call in calls]
    if usual["role"] == "tool":
        said["tool_name"] = names.get(usual["tool_call_id"], "")
    return said


def _call(function: Mapping[str, Any]) -> dict[str, Any]:
    """A call whose arguments are an object; a broken one goes back as an empty one."""
    try:
        args = json.loads(function["arguments"] or "{}")
    except ValueError:
        args = {}
    return {"name": function["name"], "arguments": args if isinstance(args, dict) else {}}


def in_usual_words(value: Any) -> Any:
    """Ollama's answer as a chat completion, as far as it is one."""
    if not isinstance(value, dict) or not isinstance(value.get("message"), dict):
        return value
    finish = "tool_calls" if value["message"].get("tool_calls") else value.get("done_reason")
    return {
        "choices": [{"message": value["message"], "finish_reason": finish}],
        "usage": {
            "prompt_tokens": value.get("prompt_eval_count"),
            "completion_tokens": value.get("eval_count"),
        },
    }
