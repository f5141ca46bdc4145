"""What happened, one JSON line an event, for whoever looks after the machine.

An event is a short phrase of ours in the past tense; what it is about stands in fields, and
only fields of FIELDS are written. Never a note's text, never a key: registered secrets are
blacked out, control characters are escaped, so no line can forge another.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

#: What may stand in a line beside the event. Ids, names and numbers; no content.
FIELDS = frozenset(
    {
        "attempt",
        "booked_usd",
        "card",
        "count",
        "cost_usd",
        "digest",
        "duration_s",
        "file",
        "folder",
        "from_state",
        "instance",
        "model",
        "outcome",
        "told_usd",
        "pid",
        "reason",
        "server",
        "size_bytes",
        "source",
        "task",
        "to_state",
        "tool",
        "version",
        "watcher",
    }
)

#: The most characters of one field; a reason from outside can be of any length.
FIELD_CHARS_MOST = 300

#: A shorter secret would black out half the log, and protects nothing anyway.
SECRET_CHARS_LEAST = 4

BLACKED_OUT = "[secret]"

#: What a terminal or an editor would act on: C1 controls, bidirectional and invisible marks,
#: line separators, and halves of characters that cannot be written. JSON escapes the others.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")

#: What every record has anyway: whatever else it has was given as a field.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

_secrets: set[str] = set()


def get(name: str) -> logging.Logger:
    """The logger of a room, such as `factotum.worker`."""
    return logging.getLogger(name)


def hide(secrets: Iterable[str]) -> None:
    """From now on these appear in no line, neither as they are nor as part of an address."""
    from urllib.parse import quote

    for secret in secrets:
        if len(secret) >= SECRET_CHARS_LEAST:
            _secrets.update({secret, quote(secret, safe="")})


def start(level: str, stream: TextIO) -> None:
    """Sends every event of `level` (debug, info, warning, error) and above to `stream`.

    Libraries are heard from warning upwards. Calling it again replaces the stream.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("factotum").setLevel(level.upper())
    logging.captureWarnings(True)


class Lines(logging.Formatter):
    """One record as one JSON line."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "at": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "room": record.name,
            "event": _clean(record.getMessage()),
        }
        extra = {key: value for key, value in vars(record).items() if key not in _OWN}
        line |= {key: _clean(value) for key, value in extra.items() if key in FIELDS}
        if left_out := sorted(set(extra) - FIELDS):
            line["left_out"] = left_out
        if record.exc_info and (broken := record.exc_info[1]) is not None:
            line["error"] = _clean(f"{type(broken).__name__}: {broken}")
            line["trace"] = [
                f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(broken.__traceback__)
            ]
        text = json.dumps(line, ensure_ascii=False)
        return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _clean(value: object) -> object:
    """The value as it may be written: numbers as they are, all else as text without secrets."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, BLACKED_OUT)
    return text if len(text) <= FIELD_CHARS_MOST else text[: FIELD_CHARS_MOST - 1] + "…"
