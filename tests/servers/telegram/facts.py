"""What the public description of the Bot API says: limits, errors, and the types of parameters.

Facts alone: no state, no network. Sources: core.telegram.org/bots/api (Making requests, Getting
updates, Formatting options, the methods' own tables) and core.telegram.org/bots/faq (limits).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: The longest text and caption, after its markup was read, in UTF-16 units.
TEXT_MOST = 4096
CAPTION_MOST = 1024
#: What comes back when a button is tapped: this many bytes.
DATA_MOST_BYTES = 64
#: The longest answer to a tap, in characters.
ANSWER_MOST = 200
#: The largest file that a bot can download, send, and send as a photo, in bytes.
DOWNLOAD_MOST_BYTES = 20 * 1024 * 1024
UPLOAD_MOST_BYTES = 50 * 1024 * 1024
PHOTO_MOST_BYTES = 10 * 1024 * 1024
#: How long a bot may wait for updates in one call, in seconds.
POLL_MOST_S = 50.0

#: Left out unless a bot asks for them by name.
ONLY_WHEN_ASKED = ("chat_member", "message_reaction", "message_reaction_count")

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the "
    "same as a current content and reply markup of the message"
)
OLD_QUERY = "query is too old and response timeout expired or query ID is invalid"
OTHER_POLLER = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is "
    "running"
)
WEBHOOK_SET = "Conflict: terminated by setWebhook request"
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete "
    "the webhook first"
)
NOT_STARTED = "Forbidden: bot can't initiate conversation with a user"
BLOCKED = "Forbidden: bot was blocked by the user"
KICKED = "Forbidden: bot was kicked from the supergroup chat"

#: Parameters that are JSON where a form carries them.
JSON_FIELDS = frozenset(
    "allowed_updates caption_entities commands entities link_preview_options reply_markup "
    "reply_parameters scope".split()
)
INTEGERS = frozenset(
    "cache_time duration limit message_id message_thread_id offset reply_to_message_id "
    "timeout width height".split()
)
YES_OR_NO = frozenset(
    "allow_sending_without_reply disable_notification disable_web_page_preview "
    "drop_pending_updates protect_content show_alert".split()
)


class ApiError(Exception):
    """What the bot is told instead of a result."""

    def __init__(self, status: int, description: str, retry_after_s: int = 0) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "ok": False,
            "error_code": self.status,
            "description": self.description,
        }
        if self.retry_after_s:
            told["parameters"] = {"retry_after": self.retry_after_s}
        return told


class Dropped(Exception):
    """The connection ends here, without an answer."""


class Garbled(Exception):
    """What answers is not the Bot API: a page of whoever stands in between."""


def bad(description: str) -> ApiError:
    return ApiError(400, f"Bad Request: {description}")


@dataclass(frozen=True)
class Upload:
    """A file as it came with a request."""

    name: str
    mime: str
    data: bytes


@dataclass
class Call:
    """One request of the bot. `at` is when it came, by time.monotonic(), in seconds; `outcome`
    the status that it was answered by, or "dropped", "garbled", or "" while it has no answer."""

    method: str
    params: dict[str, Any]
    at: float
    files: dict[str, Upload] = field(default_factory=dict)
    outcome: int | str = ""

    def need(self, name: str) -> Any:
        """The parameter, or None where it is empty."""
        return self.params.get(name) or None


def typed(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with the types that the description gives them. Raises ApiError."""
    return {name: _one(name, value) for name, value in raw.items() if value is not None}


def _one(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name in JSON_FIELDS and value:
        try:
            return json.loads(value)
        except ValueError:
            raise bad(f"can't parse {name.replace('_', ' ')} JSON object") from None
    if name in YES_OR_NO:
        return value.lower() in ("true", "yes", "1")
    if name in INTEGERS or name.endswith("chat_id"):
        try:
            return int(value)
        except ValueError:
            return value
    return value
