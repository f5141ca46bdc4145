"""What the bot can ask for: each method of the Bot API that this server has, by its name.

A method gets the call with typed parameters and gives the result, or raises ApiError. All are
called with the office's lock held.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.servers.telegram import facts
from tests.servers.telegram.chats import Chat, Message, Office
from tests.servers.telegram.entities import formatted, units
from tests.servers.telegram.facts import ApiError, Call, bad
from tests.servers.telegram.marks import Entity
from tests.servers.telegram.markup import answered, rows_of
from tests.servers.telegram.taps import Taps
from tests.servers.telegram.updates import Updates

ACTIONS = frozenset(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document "
    "choose_sticker find_location record_video_note upload_video_note".split()
)
KINDS = ("document", "photo", "voice", "audio")


class Methods:
    def __init__(self, office: Office, updates: Updates, taps: Taps) -> None:
        self._office = office
        self._updates = updates
        self._taps = taps
        self._all: dict[str, Callable[[Call], Any]] = {
            "getMe": lambda call: {**office.me, **ABILITIES},
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_info,
            "setMyCommands": self._set_commands,
            "getMyCommands": lambda call: office.commands,
            "deleteMyCommands": self._delete_commands,
            "sendMessage": self._send_message,
            "sendChatAction": self._send_action,
            "editMessageText": self._edit_text,
            "editMessageCaption": self._edit_text,
            "editMessageReplyMarkup": self._edit_buttons,
            "deleteMessage": self._delete_message,
            "pinChatMessage": self._pin,
            "unpinChatMessage": self._unpin,
            "getChat": self._get_chat,
            "getFile": self._get_file,
            "answerCallbackQuery": taps.answer,
            **{f"send{kind.capitalize()}": self._sender(kind) for kind in KINDS},
        }
        self._by_name = {name.lower(): name for name in self._all}

    def name(self, asked: str) -> str:
        """The method's own spelling. Raises ApiError where there is none such."""
        try:
            return self._by_name[asked.lower()]
        except KeyError:
            raise ApiError(404, "Not Found: method not found") from None

    def __call__(self, call: Call) -> Any:
        return self._all[call.method](call)

    # -- hearing

    def _get_updates(self, call: Call) -> Any:
        p = call.params
        numbers = (p.get("offset") or 0, p.get("limit") or 100, p.get("timeout") or 0)
        return self._updates.get(*numbers, p.get("allowed_updates"))

    def _set_webhook(self, call: Call) -> bool:
        url = call.need("url") or ""
        if url and not url.startswith("https://"):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if url:
            self._updates.end_waiting(facts.WEBHOOK_SET)
        return self._webhook(call, url)

    def _delete_webhook(self, call: Call) -> bool:
        return self._webhook(call, "")

    def _webhook(self, call: Call, url: str) -> bool:
        self._updates.webhook = url
        if call.need("drop_pending_updates"):
            self._updates.pending.clear()
        return True

    def _webhook_info(self, call: Call) -> Any:
        return {
            "url": self._updates.webhook,
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates.pending),
        }

    def _set_commands(self, call: Call) -> bool:
        commands = call.need("commands") or []
        for one in commands:
            name = str(one.get("command", "")).removeprefix("/")
            if not 1 <= len(name) <= 32 or not name.isascii() or name != name.lower():
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= len(str(one.get("description", ""))) <= 256:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        self._office.commands = list(commands)
        return True

    def _delete_commands(self, call: Call) -> bool:
        self._office.commands = []
        return True

    # -- saying

    def _writable(self, call: Call) -> Chat:
        chat = self._office.chat(call.params.get("chat_id"))
        if chat.closed:
            raise ApiError(403, chat.closed)
        return chat

    def _text(self, call: Call, *, caption: bool) -> tuple[str, list[Entity]]:
        name, marks = ("caption", "caption_entities") if caption else ("text", "entities")
        text, entities = formatted(
            str(call.need(name) or ""), call.need(marks) or (), call.need("parse_mode") or ""
        )
        if not text and not caption:
            raise bad("message text is empty")
        if units(text) > (facts.CAPTION_MOST if caption else facts.TEXT_MOST):
            raise bad("message caption is too long" if caption else "message is too long")
        return text, entities

    def _send_message(self, call: Call) -> Any:
        chat = self._writable(call)
        text, entities = self._text(call, caption=False)
        return self._put(call, chat, text=text, entities=entities)

    def _put(self, call: Call, chat: Chat, **what: Any) -> Any:
        message = self._office.put(
            chat,
            chat.to_json() if chat.type == "channel" else self._office.me,
            rows=rows_of(call.need("reply_markup")),
            markup=call.need("reply_markup"),
            silent=bool(call.need("disable_notification")),
            reply_to=answered(call, chat),
            preview=call.need("link_preview_options"),
            **what,
        )
        return message.to_json()

    def _sender(self, kind: str) -> Callable[[Call], Any]:
        def send(call: Call) -> Any:
            chat = self._writable(call)
            file = self._file(call, kind)
            text, entities = self._text(call, caption=True)
            return self._put(call, chat, text=text, entities=entities, file=file)

        return send

    def _file(self, call: Call, kind: str) -> Any:
        given = call.need(kind)
        attached = str(given or "").removeprefix("attach://")
        upload = call.files.get(kind) or call.files.get(attached)
        if upload is None:
            if not given:
                raise bad(f"there is no {kind} in the request")
            if str(given).startswith(("http://", "https://")):
                raise bad("failed to get HTTP URL content")
            if given not in self._office.files:
                raise bad("wrong remote file identifier specified: Wrong string length")
            return self._office.files[given]
        if not upload.data:
            raise bad("file must be non-empty")
        most = facts.PHOTO_MOST_BYTES if kind == "photo" else facts.UPLOAD_MOST_BYTES
        if len(upload.data) > most:
            raise ApiError(413, "Request Entity Too Large")
        seconds = call.need("duration") or 0
        return self._office.keep(kind, upload.name, upload.mime, upload.data, seconds)

    def _send_action(self, call: Call) -> bool:
        chat = self._writable(call)
        action = str(call.need("action") or "").lower()
        if action not in ACTIONS:
            raise bad("wrong parameter action in request")
        chat.actions.append(action)
        self._office.changed.notify_all()
        return True

    # -- changing

    def _there(self, call: Call, purpose: str) -> Message:
        message = self._writable(call).message(call.params.get("message_id"))
        if message is None:
            raise bad(f"message to {purpose} not found")
        return message

    def _editable(self, call: Call) -> Message:
        if call.need("inline_message_id"):
            raise bad("MESSAGE_ID_INVALID")
        message = self._there(call, "edit")
        # only what has no keyboard, or one below the message itself, can be changed
        other = message.markup is not None and "inline_keyboard" not in message.markup
        if other or (not message.by_bot and message.chat.type != "channel"):
            raise bad("message can't be edited")
        return message

    def _edit_text(self, call: Call) -> Any:
        message = self._editable(call)
        caption = call.method == "editMessageCaption"
        if caption != bool(message.file):
            thing = "caption" if caption else "text"
            raise bad(f"there is no {thing} in the message to edit")
        text, entities = self._text(call, caption=caption)
        return self._change(message, call, text, entities)

    def _edit_buttons(self, call: Call) -> Any:
        message = self._editable(call)
        return self._change(message, call, message.text, message.entities)

    def _change(self, message: Message, call: Call, text: str, entities: list[Entity]) -> Any:
        rows = rows_of(call.need("reply_markup"))
        before, marks = message.version(), tuple(entities)
        if (before.text, before.entities, before.rows) == (text, marks, rows):
            raise bad(facts.NOT_MODIFIED)
        message.edits.append(before)
        message.text, message.entities, message.rows = text, entities, rows
        if "link_preview_options" in call.params:
            message.preview = call.need("link_preview_options")
        message.edit_date = self._office.now()
        self._office.changed.notify_all()
        return message.to_json()

    def _delete_message(self, call: Call) -> bool:
        message = self._there(call, "delete")
        if time.time() - message.date > 48 * 3600:
            raise bad("message can't be deleted for everyone")
        message.chat.messages.remove(message)
        message.chat.deleted.append(message)
        self._office.changed.notify_all()
        return True

    def _pin(self, call: Call) -> bool:
        message = self._there(call, "pin")
        message.chat.pinned.append(message.id)
        self._office.changed.notify_all()
        return True

    def _unpin(self, call: Call) -> bool:
        chat = self._writable(call)
        id = call.need("message_id") or (chat.pinned or [0])[-1]
        if id not in chat.pinned:
            raise bad("message to unpin not found")
        chat.pinned.remove(id)
        self._office.changed.notify_all()
        return True

    # -- looking

    def _get_chat(self, call: Call) -> Any:
        chat = self._office.chat(call.params.get("chat_id"))
        told = {**chat.to_json(), "accent_color_id": 0, "max_reaction_count": 11}
        types = dict.fromkeys(("unlimited_gifts", "limited_gifts", "unique_gifts",
                               "premium_subscription", "gifts_from_channels"), False)  # fmt: skip
        pinned = chat.message(chat.pinned[-1]) if chat.pinned else None
        return {
            **told,
            "accepted_gift_types": types,
            **({"pinned_message": pinned.to_json()} if pinned else {}),
        }

    def _get_file(self, call: Call) -> Any:
        file = self._office.files.get(str(call.need("file_id")))
        if file is None:
            raise bad("wrong file_id or the file is temporarily unavailable")
        if len(file.data) > facts.DOWNLOAD_MOST_BYTES:
            raise bad("file is too big")
        return {
            "file_id": file.id,
            "file_unique_id": file.unique_id,
            "file_size": len(file.data),
            "file_path": f"{file.kind}s/{file.id}",
        }


ABILITIES = {
    "can_join_groups": True,
    "can_read_all_group_messages": True,
    "supports_inline_queries": False,
    "can_connect_to_business": False,
    "has_main_web_app": False,
}
