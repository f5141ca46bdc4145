"""A request in the words of one server: its name for the model, its fields, its limits."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from factotum.agent.talk import Request
from factotum.models.way import Way

#: What a blind model is told in a picture's place.
UNSEEN = "[a picture, which this model cannot see]"

#: How a server says that it does not know a field.
_UNKNOWN = re.compile(
    r"unsupported|not support|unrecognized|unknown|not permitted|does not accept|deprecated", re.I
)
#: The fields that some models refuse, and the one that stands in for it.
INSTEAD = {
    "temperature": None,
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_tokens",
}


def body_of(request: Request, way: Way, *, sees: bool) -> dict[str, Any]:
    """The body of the call. It never asks for a stream."""
    messages = [_message(message, way, sees=sees) for message in request.messages]
    body: dict[str, Any] = {
        "model": way.model,
        "messages": messages,
        way.provider.limit: request.max_tokens,
        "temperature": request.temperature,
    }
    if request.tools:
        body["tools"] = [dict(tool) for tool in request.tools]
    if way.provider.tells_cost:
        body["usage"] = {"include": True}
    return body


def without(body: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    """The body without these fields, or with those that stand in for them."""
    kept = {key: value for key, value in body.items() if key not in fields}
    for field in fields:
        if field in body and (instead := INSTEAD[field]) and instead not in fields:
            kept[instead] = body[field]
    return kept


def disliked(status: int, data: bytes, body: Mapping[str, Any]) -> str:
    """The field of `body` that this answer objects to, if one can do without it; else ""."""
    if status not in (400, 422):
        return ""
    try:
        error = json.loads(data[:10_000]).get("error") or {}
        message, param = str(error.get("message")), error.get("param")
    except (ValueError, AttributeError, RecursionError):
        return ""
    named = re.findall(rf"\b({'|'.join(INSTEAD)})\b", message)
    field = param if param in INSTEAD else next(iter(named), "")  # the other may be its advice
    return field if field in body and _UNKNOWN.search(message) else ""


def _message(message: Mapping[str, Any], way: Way, *, sees: bool) -> dict[str, Any]:
    said = dict(message)
    content = said.get("content")
    if not sees and isinstance(content, list):
        said["content"] = [
            {"type": "text", "text": UNSEEN} if part.get("type") == "image_url" else part
            for part in content
        ]
    if way.provider.short_ids:
        if said.get("tool_calls"):
            said["tool_calls"] = [{**one, "id": _short(one["id"])} for one in said["tool_calls"]]
        if "tool_call_id" in said:
            said["tool_call_id"] = _short(said["tool_call_id"])
    return said


def _short(id: str) -> str:
    """Nine letters and digits, the same for the same id: a call may have been another model's."""
    if re.fullmatch(r"[a-zA-Z0-9]{9}", id):
        return id
    return hashlib.sha256(id.encode(errors="replace")).hexdigest()[:9]
