"""What happened, one JSON line an event, for whoever looks after the machine.

An event is a short phrase of ours in the past tense; what it is about stands in fields, and
only fields of FIELDS are written. Never a note's text, never a key: secrets are blacked
out, control characters are escaped, so no line can forge another.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from typing import TextIO

from factotum.redaction import BLACKED_OUT, black_out, hide

__all__ = ["BLACKED_OUT", "FIELDS", "Lines", "get", "hide", "start"]

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
        "error",
        "file",
        "folder",
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
        "tool",
        "version",
        "watcher",
    }
)

#: The most characters of one field; a reason from outside can be of any length.
FIELD_CHARS_MOST = 300

#: What a terminal or an editor would act on, or nobody would see: C1 controls, bidirectional
#: and invisible marks, line separators, tags, and halves of characters that cannot be written.
#: JSON escapes the others.
_UNSAFE = re.compile(
    "[\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\uf8ff\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)

#: What every record has anyway: whatever else it has was given as a field.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def get(name: str) -> logging.Logger:
    """The logger of a room, such as `factotum.worker`."""
    return logging.getLogger(name)


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
        return _UNSAFE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _clean(value: object) -> object:
    """The value as it may be written: numbers as they are, all else as text without secrets."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = black_out(str(value))
    return text if len(text) <= FIELD_CHARS_MOST else text[: FIELD_CHARS_MOST - 1] + "…"
