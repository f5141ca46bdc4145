"""What a third-party server says of its tools, made safe to show to a model and to check by.

Descriptions and schemas are words of outsiders: characters that cannot be seen are taken out,
everything is bounded, and of a schema only what describes arguments is kept. A pattern could
keep our checker busy for ever and a reference could make it ask the network, so neither stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from factotum.gate.known import UNSEEN
from factotum.tooling.tools import Tool, pin_of

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
#: The longest description of a tool or an argument, the longest other text, in characters.
DESCRIPTION_MOST, TEXT_MOST = 1000, 200
#: The largest schema, in characters, and how deep it goes.
SCHEMA_MOST, DEEP = 20_000, 8

#: The words of a schema that are kept, by what kind of thing they hold.
PLAIN = frozenset(
    "additionalProperties const default deprecated enum examples exclusiveMaximum"
    " exclusiveMinimum maxItems maxLength maxProperties maximum minItems minLength"
    " minProperties minimum required title type uniqueItems".split()
)
ONE = frozenset({"items", "not"})
MANY = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})


def cleaned(server: str, listed: Any) -> Tool | None:
    """The tool that a server listed (an `mcp_types.Tool`), or None for one that cannot be used:
    its name is odd or its schema too large."""
    if not NAME.fullmatch(listed.name) or "__" in listed.name:
        return None
    name = f"{server}__{listed.name}"
    description = text(listed.description or "", DESCRIPTION_MOST)
    given = listed.input_schema if isinstance(listed.input_schema, Mapping) else {}
    schema = {"type": "object", **_schema(given, given.get("$defs"), DEEP)}
    schema["additionalProperties"] = False
    if len(json.dumps(schema)) > SCHEMA_MOST:
        return None
    return Tool(name, description, schema, pin_of(name, description, schema))


def text(said: str, most: int) -> str:
    """Without unseen and control characters, cut to `most` characters."""
    seen = UNSEEN.sub("", said)
    seen = "".join(c if c.isprintable() or c == "\n" else " " for c in seen).strip()
    return seen if len(seen) <= most else f"{seen[: most - 1]}…"


def _schema(given: Any, shared: Any, deep: int) -> dict[str, Any]:
    """The words of a schema that are kept. References to its own `$defs` are written out."""
    if not isinstance(given, Mapping) or deep == 0:
        return {}
    kept: dict[str, Any] = {}
    reference = given.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        target = shared.get(reference[8:]) if isinstance(shared, Mapping) else None
        kept = _schema(target, shared, deep - 1)
    for word, value in given.items():
        if word == "description" and isinstance(value, str):
            kept[word] = text(value, DESCRIPTION_MOST)
        elif word == "properties" and isinstance(value, Mapping):
            kept[word] = {
                text(str(name), TEXT_MOST): _schema(one, shared, deep - 1)
                for name, one in value.items()
            }
        elif word in ONE and isinstance(value, Mapping):
            kept[word] = _schema(value, shared, deep - 1)
        elif word in MANY and isinstance(value, list):
            kept[word] = [_schema(one, shared, deep - 1) for one in value]
        elif word in PLAIN:
            kept[word] = _plain(value, deep)
    return kept


def _plain(value: Any, deep: int) -> Any:
    match value:
        case str():
            return text(value, TEXT_MOST)
        case list() if deep:
            return [_plain(one, deep - 1) for one in value]
        case dict() if deep:
            return {text(str(key), TEXT_MOST): _plain(one, deep - 1) for key, one in value.items()}
        case bool() | int() | float() | None:
            return value
        case _:
            return None
