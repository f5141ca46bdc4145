"""What the real service of chat completions would refuse a request for."""

from __future__ import annotations

import re
from typing import Any


def objection(body: Any) -> str:
    """What the real service would refuse this request for, or ""."""
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        return "you must provide a model parameter"
    if body.get("stream"):
        return "this server does not stream, and Factotum must not ask for it"
    for tool in body.get("tools", ()):
        name = tool.get("function", {}).get("name", "")
        if tool.get("type") != "function" or not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name):
            return f"invalid tool {name!r}"
    if body.get("tools") == []:
        return "[] is too short - 'tools'"
    return _objection_to(body.get("messages"))


def _objection_to(messages: Any) -> str:
    """Every call must be answered by a tool message before anybody else speaks."""
    if not isinstance(messages, list) or not messages:
        return "messages must be a non-empty list"
    open_calls: set[str] = set()
    for message in messages:
        role = message.get("role")
        if role not in {"system", "developer", "user", "assistant", "tool"}:
            return f"invalid role {role!r}"
        if role == "tool":
            if message.get("tool_call_id") not in open_calls:
                return "a message with role 'tool' must answer a preceding 'tool_calls'"
            open_calls.remove(message["tool_call_id"])
            continue
        if open_calls:
            return f"no tool message answers these tool_call_ids: {sorted(open_calls)}"
        if role == "assistant":
            open_calls = {one["id"] for one in message.get("tool_calls") or ()}
        elif not isinstance(message.get("content"), str | list):
            return f"a {role} message needs content"
    return f"no tool message answers these tool_call_ids: {sorted(open_calls)}" * bool(open_calls)


def objection_of_ollama(body: Any) -> str:
    """What Ollama would refuse, or do in another way than we want."""
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        return "model is required"
    if body.get("stream") is not False:
        return "Ollama streams unless stream is false, and Factotum must not let it"
    for message in body.get("messages") or ():
        if not isinstance(message.get("content"), str):
            return "json: cannot unmarshal into Go struct field ChatRequest.messages.content"
        for one in message.get("tool_calls") or ():
            if not isinstance(one["function"]["arguments"], dict):
                return "json: cannot unmarshal into Go struct field ToolCallFunction.arguments"
    return "" if body.get("messages") else "messages must not be empty"
