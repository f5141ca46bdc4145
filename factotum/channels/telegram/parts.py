"""The parts of a message that comes as several: written down as JSON, and put together again. Pure.

An album comes as several messages and is one, and so does a text that is too long for one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from factotum.channels.contract import Heard
from factotum.channels.telegram.updates import Sent
from factotum.outbox import Row

#: Of what does not fit into one message people's programs make several, which come at once: a
#: text that is nearly as long as one can be, in UTF-16 units, is waited for the rest of, which
#: was sent within so many seconds.
FULL_UNITS, LONG_UNITS, LONG_S = 4096, 3900, 2.0


def part_of(heard: Heard, files: Sequence[Sent] = ()) -> dict[str, Any]:
    """A message as it is written down."""
    kept = ("chat", "id", "who", "name", "text", "reply_to", "reply_text", "passed_on", "units")
    plain = {name: getattr(heard, name) for name in kept}
    return {**plain, "at": heard.at.isoformat(), "files": [asdict(one) for one in files]}


def holds(row: Row, heard: Heard) -> bool:
    """Whether it is one of the parts that are written down there."""
    return any(part["id"] == heard.id for part in json.loads(row.stage or "[]"))


def continues(last: dict[str, Any], heard: Heard) -> bool:
    """Whether a text is the rest of the one that is the `last` part."""
    if last["passed_on"] != heard.passed_on or heard.reply_to or last["units"] < LONG_UNITS:
        return False
    return 0 <= (heard.at - _at(last)).total_seconds() <= LONG_S


def whole(parts: Sequence[dict[str, Any]]) -> Heard:
    """The message that the parts are: the words of all, and the place of the first. Where one is
    passed on, all of it counts as that."""
    first = {key: value for key, value in parts[0].items() if key != "files"}
    text = ""
    for part, before in zip(parts, [None, *parts], strict=False):
        if part["text"]:
            text += (_between(before) if text and before else "") + part["text"]
    others = next((part["passed_on"] for part in parts if part["passed_on"]), "")
    return Heard(**{**first, "at": _at(parts[0]), "text": text, "passed_on": others})


def _at(part: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(part["at"])


def _between(before: dict[str, Any]) -> str:
    """What stands between two parts: of a text that was cut to fit, where it was cut; a part that
    is quite full was cut within a word."""
    if before["files"] or before["units"] < LONG_UNITS:
        return "\n\n"
    return "" if before["units"] >= FULL_UNITS else "\n"
