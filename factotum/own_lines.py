"""The lines of properties as we write them: `key: <json>`, each property on one of its own.

What is written here is read back by `strict_yaml.py` as the same; lines that are all of this form
are read here, without a YAML parser, which would cost more than all else that is done to a note.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BLOCK_MOST_BYTES = 16 * 1024
KEYS_MOST = 64

#: How much of a text and of a list is written when all of it would be more than a block may
#: hold: (characters of a text, items of a list), the first that fits.
_SHORTER = ((BLOCK_MOST_BYTES, BLOCK_MOST_BYTES), (500, 25), (200, 10), (100, 5))

_KEY = re.compile(r"[a-z_][a-z0-9_]*")

#: The lines of a block as we write them, `key: <json>`, are read without a YAML parser: for each
#: line (its key, a text as it stands, any other JSON), and what is no such line last.
_OWN_LINES = re.compile(
    r'([a-z_][a-z0-9_]*): (?:"([^"\\\n]*)"|(".*"|\[.*\]|true|false|null|-?\d+))[ \t]*(?:\n|\Z)'
    r"| *(?:\n|\Z)|(.+)"
)

#: Whole numbers as JSON and a spreadsheet keep them; anything longer is an account or a phone.
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,15}")

_WORDS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}

#: Characters that end a line for somebody, that nobody can see, or that are no text.
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")

#: Letters of ASCII that are never forbidden: a block of these alone need not be searched.
_PLAIN_BYTES = bytes([*range(0x20, 0x7F), *b"\t\n"])


@dataclass(frozen=True)
class Block:
    """`lines` says in which line of the block, from 0, each property begins."""

    values: dict[str, Any]
    lines: dict[str, int]


def own(block: str) -> dict[str, Any] | None:
    """What stands in the block when every line of it is one of ours, else None."""
    data = block.encode(errors="replace")
    odd = data.translate(None, _PLAIN_BYTES)
    if len(data) > BLOCK_MOST_BYTES or (odd and FORBIDDEN.search(block)):
        return None
    return _values(_OWN_LINES.findall(block))


def own_block(block: str) -> Block | None:
    """The same, with the line in which each property begins."""
    lines = _OWN_LINES.findall(block)
    values = _values(lines)
    if values is None:
        return None
    return Block(values, {key: n for n, (key, *_) in enumerate(lines) if key})


def _values(lines: list[tuple[str, str, str, str]]) -> dict[str, Any] | None:
    values: dict[str, Any] = {}
    for key, text, other, foreign in lines:
        if foreign or (key and key in values):
            return None
        if other:
            try:
                value = _JSON.decode(other)
            except ValueError:
                return None
            if not _flat(value):
                return None
            values[key] = value
        elif key:
            values[key] = text  # plain text, the block of which was looked through
    return values if len(values) <= KEYS_MOST else None


def _flat(value: Any) -> bool:
    """Whether this is a value of ours: no list in a list, no number with a point, all visible."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, list | dict | float):
            return False
        if isinstance(one, str) and FORBIDDEN.search(one):
            return False
    return True


def plain(text: str) -> str | int | bool | None:
    """What an unquoted value means."""
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _WHOLE.fullmatch(text) else text


#: One decoder for all: making one costs more than reading a line with it.
_JSON = json.JSONDecoder(parse_int=plain, parse_float=str)


def dump(props: Mapping[str, object]) -> str:
    """The lines of our own notes, in the order given, always such that they are read back: a
    text or list that would be too long is shortened. Raises ValueError like `dump_line`."""
    if len(props) > KEYS_MOST:
        raise ValueError(f"there are more than {KEYS_MOST} properties")
    for chars, items in _SHORTER:
        lines = [dump_line(key, _short(value, chars, items)) for key, value in props.items()]
        if sum(len(line) + 1 for line in lines) <= BLOCK_MOST_BYTES:
            return "\n".join(lines)
    raise ValueError(f"the properties are longer than {BLOCK_MOST_BYTES // 1024} KiB")


def dump_line(key: str, value: object) -> str:
    """`key: <json>`. Characters that no property may hold become U+FFFD.

    Raises ValueError for a name or a kind of value that is none of ours.
    """
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!a} is no name for a property")
    return f"{key}: {json.dumps(_clean(key, value), ensure_ascii=True)}"


def _clean(key: str, value: object) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return FORBIDDEN.sub("\ufffd", value.replace("\r\n", "\n"))
    if isinstance(value, list | tuple) and not any(isinstance(v, list | tuple) for v in value):
        return [_clean(key, one) for one in value]
    raise ValueError(f"the property {key!a} cannot hold a {type(value).__name__}")


def _short(value: object, chars: int, items: int) -> object:
    if isinstance(value, str) and len(value) > chars:
        return value[: chars - 1] + "…"
    if isinstance(value, list | tuple):
        return [_short(one, chars, items) for one in value[:items]]
    return value
