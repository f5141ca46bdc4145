"""JSON of others: read whole or not at all, its names in either spelling."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factotum import disk

JSON_MOST_BYTES = 8 * 1024 * 1024
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Unreadable(Exception):
    """The file cannot be taken as it is; the message says why."""


def load(path: Path) -> Any:
    """Raises Unreadable, and FileNotFoundError."""
    data = whole(path, JSON_MOST_BYTES)
    try:
        return json.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    except ValueError as broken:
        # what stands there may be a key: only the place is told
        where = f", line {broken.lineno}" if isinstance(broken, json.JSONDecodeError) else ""
        raise Unreadable(f"it is no JSON{where}; mend it, it was left as it is") from None


def whole(path: Path, most_bytes: int) -> bytes:
    """Raises Unreadable, and FileNotFoundError."""
    try:
        data = disk.read_regular(path, most_bytes)
    except FileNotFoundError:
        raise
    except OSError as refused:
        raise Unreadable(f"it cannot be read: {disk.said(refused)}") from None
    if len(data) > most_bytes:
        raise Unreadable(f"it is larger than {most_bytes // 1024} KB")
    return data


def snake(name: str) -> str:
    """`apiKey` as `api_key`."""
    return _HUMP.sub("_", name).lower()


def snaked(value: Any) -> Mapping[str, Any]:
    """An object with its names in snake_case; empty for what is none."""
    return {snake(str(key)): one for key, one in value.items()} if isinstance(value, dict) else {}


def at(value: Any, *path: str) -> Any:
    """What stands at this path of names, or None."""
    for name in path:
        value = snaked(value).get(name)
    return value


def text(value: Any) -> str:
    """A text or number as text; empty for everything else."""
    known = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value).strip() if known else ""
