"""A JSON file, laid out one value a line. No number is read as a number: no digit is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

#: Values that lie deeper than this are no longer something a person reads.
DEPTH_MOST = 60

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def read(data: bytes, most: int, until_s: float) -> dict[str, Any]:
    """`text`, laid out, up to `most` characters, and what is at the `top`; or why not, as
    `error`: deep or wrong, with the `line` of the fault."""
    source = data.decode("utf-8", errors="replace")
    if _depth(source) > DEPTH_MOST:
        return {"error": "deep"}
    try:
        top = json.loads(source, parse_int=str, parse_float=str)
    except json.JSONDecodeError as wrong:
        return {"error": "wrong", "line": wrong.lineno}
    return {"text": _laid_out(source, most), "top": _about(top)}


def _about(top: Any) -> str:
    match top:
        case dict():
            return f"an object with {len(top):,} names"
        case list():
            return f"a list of {len(top):,} values"
    return "a single value"


def _depth(source: str) -> int:
    """How deep the brackets go, counted without any recursion."""
    depth = deepest = 0
    for token in _TOKEN.finditer(source):
        if (char := token[0]) in "{[":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > DEPTH_MOST:
                break
        elif char in "}]":
            depth -= 1
    return deepest


def _laid_out(source: str, most: int) -> str:
    out: list[str] = []
    length = 0
    for piece in _pieces(source):
        out.append(piece)
        length += len(piece)
        if length > most:
            break
    return "".join(out)


def _pieces(source: str) -> Iterator[str]:
    depth, before = 0, ""
    for found in _TOKEN.finditer(source):
        word = found[0]
        if word in "}]":
            depth -= 1
            if before not in "{[":
                yield "\n" + "  " * depth
        elif before and before in "{[,":
            yield "\n" + "  " * depth
        if word in "{[":
            depth += 1
        if word == ":":
            yield ": "
        elif word.startswith('"'):
            yield json.dumps(json.loads(word, strict=False), ensure_ascii=False)
        else:
            yield word
        before = word
