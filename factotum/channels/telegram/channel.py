"""Telegram as a channel: shows messages, changes them, fetches files. Keeps nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from factotum.blobs import BlobError, Blobs
from factotum.channels.contract import (
    Attached,
    Limits,
    Lost,
    Message,
    NotSent,
    Refused,
    Reply,
)
from factotum.channels.split import fitted
from factotum.channels.telegram.entities import entities
from factotum.channels.telegram.errors import translated
from factotum.channels.telegram.line import FILE_S

if TYPE_CHECKING:
    from telegram import Bot

NAME = "telegram"

#: The longest text below a file, in UTF-16 units. Source: core.telegram.org/bots/api#senddocument.
CAPTION_UNITS = 1024
#: The largest file that a bot may fetch, in bytes. Source: core.telegram.org/bots/api#getfile.
FETCH_MOST_BYTES = 20 * 1024 * 1024
#: How long what stands in the empty line may be, in characters.
HINT_CHARS = 64
#: How long what answers a tap may be, in characters.
ALERT_CHARS = 200


class TelegramChannel:
    """`bot` is ready; `blobs` holds the files that are sent."""

    name = NAME
    limits = Limits()

    def __init__(self, bot: Bot, blobs: Blobs) -> None:
        self.bot = bot
        self.blobs = blobs

    async def check(self) -> None:
        """Asks for nothing of consequence. Raises NotSent when Telegram does not answer."""
        try:
            with translated("getMe"):
                await self.bot.get_me()
        except (Lost, Refused) as broken:
            raise NotSent(str(broken)) from None

    async def send(self, chat: str, message: Message) -> str:
        from telegram import ForceReply, LinkPreviewOptions, ReplyParameters

        options: dict[str, Any] = {
            "chat_id": int(chat),
            "disable_notification": message.silent,
            "reply_markup": _keyboard(message),
        }
        if message.prompt:
            hint = message.prompt[:HINT_CHARS]
            options["reply_markup"] = ForceReply(input_field_placeholder=hint)
        if message.reply_to:
            options["reply_parameters"] = ReplyParameters(
                int(message.reply_to), allow_sending_without_reply=True
            )
        with translated("send"):
            if message.file is not None:
                sent = await self._send_file(message.file, message, options)
            else:
                sent = await self.bot.send_message(
                    text=message.words.text,
                    entities=entities(message.words),
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                    **options,
                )
        return str(sent.message_id)

    async def _send_file(self, file: Attached, message: Message, options: dict[str, Any]) -> Any:
        try:
            data = self.blobs.path(file.sha256).read_bytes()
        except (BlobError, OSError) as gone:
            raise Refused(f"{file.name} cannot be read: {gone}") from None
        words = fitted(message.words, CAPTION_UNITS)
        options |= {"caption": words.text, "caption_entities": entities(words)}
        match file.kind:
            case "voice":
                return await self.bot.send_voice(voice=data, filename=file.name, **options)
            case "photo":
                return await self.bot.send_photo(photo=data, filename=file.name, **options)
            case _:
                return await self.bot.send_document(document=data, filename=file.name, **options)

    async def edit(self, chat: str, id: str, message: Message) -> None:
        from telegram import LinkPreviewOptions

        if message.file is not None:
            return  # what was sent with it stands
        with translated("edit"):
            await self.bot.edit_message_text(
                text=message.words.text,
                chat_id=int(chat),
                message_id=int(id),
                entities=entities(message.words),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_markup=_keyboard(message),
            )

    async def busy(self, chat: str) -> None:
        with translated("busy"):
            await self.bot.send_chat_action(int(chat), "typing")

    async def answer(self, tap: str, reply: Reply) -> None:
        """Shows the person what came of a tap, while that can still be shown."""
        with translated("answer"):
            text = reply.text[:ALERT_CHARS] or None
            await self.bot.answer_callback_query(tap, text, show_alert=reply.alert)

    async def fetch(self, file_id: str) -> bytes:
        """What a person sent. A file of this machine it never is, whatever the other side says
        of where the file lies: the library would read one."""
        with translated("fetch"):
            file = await self.bot.get_file(file_id)
            if not str(file.file_path).startswith(f"{self.bot.base_file_url}/"):
                raise Refused("Telegram names no place from which it could be fetched")
            return bytes(await file.download_as_bytearray(read_timeout=FILE_S))


def _keyboard(message: Message) -> Any:
    from telegram import InlineKeyboardButton, InlineKeyboardMarkup

    if not message.rows:
        return None
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(one.label, callback_data=one.token) for one in row]
            for row in message.rows
        ]
    )
