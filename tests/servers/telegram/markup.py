"""Buttons below a message, and what a message answers: checked as the Bot API checks them."""

from __future__ import annotations

from typing import Any

from tests.servers.telegram.chats import Chat
from tests.servers.telegram.facts import DATA_MOST_BYTES, Call, bad

#: What a button does besides its text; exactly one of them.
DOES = frozenset(
    "callback_data url web_app login_url switch_inline_query switch_inline_query_current_chat "
    "switch_inline_query_chosen_chat copy_text callback_game pay".split()
)
BUTTONS_MOST = 100
COPY_MOST = 256

Rows = tuple[tuple[dict[str, Any], ...], ...]


def rows_of(markup: Any) -> Rows:
    """The inline buttons of a `reply_markup`, none where it has others. Raises ApiError."""
    if not markup:
        return ()
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    rows = markup.get("inline_keyboard", [])
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" must be of type Array')
    checked = tuple(tuple(_button(one) for one in row) for row in rows if row)
    if sum(len(row) for row in checked) > BUTTONS_MOST:
        raise bad("reply markup is too long")
    return checked


def _button(one: Any) -> dict[str, Any]:
    if not isinstance(one, dict):
        raise bad("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    if not str(one.get("text") or "").strip():
        raise bad("inline keyboard button text must be non-empty")
    does = DOES & one.keys()
    if not does:
        raise bad(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if len(does) > 1:
        raise bad("can't parse inline keyboard button: only one action is allowed")
    if "callback_data" in one:
        size_bytes = len(str(one["callback_data"]).encode())
        if not 1 <= size_bytes <= DATA_MOST_BYTES:
            raise bad("BUTTON_DATA_INVALID")
    if "copy_text" in one and not 1 <= len(one["copy_text"].get("text", "")) <= COPY_MOST:
        raise bad("BUTTON_COPY_TEXT_INVALID")
    return dict(one)


def answered(call: Call, chat: Chat) -> int | None:
    """The id of the message that a new one answers. Raises ApiError where that is gone."""
    reply = call.need("reply_parameters") or {}
    if not isinstance(reply, dict):
        raise bad("object expected as reply parameters")
    id = reply.get("message_id") or call.need("reply_to_message_id")
    if not id:
        return None
    if chat.message(int(id)):
        return int(id)
    lenient = reply.get("allow_sending_without_reply", call.need("allow_sending_without_reply"))
    if lenient:
        return None
    raise bad("message to be replied not found")
