"""What an update of Telegram says, and whether it is an owner who says it. Pure.

A word or a tap counts when it comes from an owner's numeric id, in the chat of the two, at first
hand. Names, groups, channels, bots and what was forwarded count for nothing; words that an owner
passes on are somebody else's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from factotum.channels.contract import Chats, Heard, Tapped
from factotum.channels.split import utf16
from factotum.channels.telegram.entities import read
from factotum.inert import one_line
from factotum.voice.sound import is_called_sound

if TYPE_CHECKING:
    from telegram import CallbackQuery, Message, Update, User

NAME_CHARS = 60

#: What we want to hear of at all.
KINDS = ("message", "edited_message", "callback_query")


@dataclass(frozen=True)
class Sent:
    """A file that is to be fetched. `kind` as in `contract.Came`."""

    file_id: str
    name: str
    kind: str
    size_bytes: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class WithFiles:
    """A message of an owner of which files are still to be fetched; those of one `album` are
    one message."""

    heard: Heard
    files: tuple[Sent, ...]
    album: str = ""


@dataclass(frozen=True)
class Corrected:
    """An owner changed a message that was taken already."""

    chat: str
    message: str


@dataclass(frozen=True)
class Unread:
    """A message of an owner of a kind that nothing can be made of: `what` it is."""

    chat: str
    message: str
    what: str


@dataclass(frozen=True)
class Foreign:
    """Somebody else, or an owner in a place where it does not count. `text` is what was
    written, for a code; `alone` whether in a chat of the two."""

    who: str
    name: str
    why: str
    text: str = ""
    alone: bool = False
    tap: bool = False


@dataclass(frozen=True)
class Nothing:
    """Nothing that anybody said."""


Read = Tapped | Heard | WithFiles | Corrected | Unread | Foreign | Nothing


def understood(update: Update, chats: Chats) -> Read:
    """What the update says; `chats` says whose words count."""
    if update.callback_query is not None:
        return _tap(update.callback_query, chats)
    if update.edited_message is not None:
        message = update.edited_message
        if found := _foreign(message, chats):
            return Nothing() if found.alone else found
        if message.location is not None:
            return Nothing()  # a place that is shown live has moved
        return Corrected(str(message.chat.id), str(message.message_id))
    if update.message is not None:
        return _message(update.message, chats)
    return Nothing()


def _tap(query: CallbackQuery, chats: Chats) -> Read:
    user, message = query.from_user, query.message
    who, name = _who(user)
    if who not in chats.owners:
        return Foreign(who, name, "a stranger tapped", tap=True)
    if message is None or not query.data:
        return Foreign(who, name, "a tap without its message", tap=True)
    if message.chat.type != "private" or str(message.chat.id) != who:
        return Foreign(who, name, "a tap in a group", tap=True)
    if getattr(message, "forward_origin", None) is not None:
        return Foreign(who, name, "a tap on a forwarded message", tap=True)
    label = _label(message, query.data)
    return Tapped(
        query.id, who, str(message.message_id), who, name, query.data, _above(message), label
    )


def _above(message: Any) -> str | None:
    """What stands above the buttons; None where Telegram tells no more of so old a message."""
    if not hasattr(message, "text"):
        return None
    return message.text or message.caption or ""


def _label(message: Any, data: str) -> str | None:
    """What stands on the button that was tapped, where Telegram tells it."""
    keyboard = getattr(message, "reply_markup", None)
    rows = keyboard.inline_keyboard if keyboard is not None else ()
    return next((one.text for row in rows for one in row if one.callback_data == data), None)


def _foreign(message: Message, chats: Chats) -> Foreign | None:
    """Why it does not count, or None for an owner's at first hand."""
    user = message.from_user
    if user is None:
        return Foreign("", "", "nobody's")
    who, name = _who(user)
    alone = message.chat.type == "private" and str(message.chat.id) == who
    text = message.text or ""
    if who not in chats.owners:
        return Foreign(who, name, "a stranger wrote", text, alone)
    if not alone or message.sender_chat is not None:
        return Foreign(who, name, "an owner wrote in a group", text)
    return None


def _message(message: Message, chats: Chats) -> Read:
    if found := _foreign(message, chats):
        return found
    assert message.from_user is not None
    who, name = _who(message.from_user)
    files = tuple(_files(message))
    text = _text(message)
    passed_on = _passed_on(message)
    if not (text or files):
        what = _kind(message)
        return Unread(who, str(message.message_id), what) if what else Nothing()
    reply_to = message.reply_to_message
    heard = Heard(
        chat=who,
        id=str(message.message_id),
        who=who,
        name=name,
        text=text,
        at=message.date,
        reply_to=str(reply_to.message_id) if reply_to is not None else "",
        reply_text=_ours(reply_to),
        passed_on=passed_on,
        units=utf16(message.text or ""),
    )
    return WithFiles(heard, files, message.media_group_id or "") if files else heard


def _ours(message: Message | None) -> str:
    """What stands in the message of the bot that is replied to; of one of the owner's, where
    anybody's words may stand, nothing."""
    by = message.from_user if message is not None else None
    return (message.text or "") if message is not None and by is not None and by.is_bot else ""


def _kind(message: Message) -> str:
    """What a message is that is neither words nor a file; empty for one that nobody sent to be
    read, such as that something was pinned."""
    what = message.effective_attachment
    if what is None:
        return "a story" if message.story is not None else ""
    return _KINDS.get(type(what).__name__, "something")


#: What nothing can be made of, by the name that the library has for it.
_KINDS = {"Game": "a game", "Invoice": "an invoice of Telegram's", "Story": "a story"}


def _who(user: User) -> tuple[str, str]:
    return str(user.id), one_line(user.full_name, NAME_CHARS)


def _text(message: Message) -> str:
    """What was written, as Markdown; of what is neither words nor a file what it is."""
    if message.text is not None:
        return read(message.text, message.entities)
    if message.caption is not None:
        return read(message.caption, message.caption_entities)
    if message.venue is not None:
        at, named = message.venue.location, f"{message.venue.title}, {message.venue.address}"
        return f"A place: {one_line(named, 300)} ({at.latitude:.6f}, {at.longitude:.6f})"
    if message.location is not None:
        at = message.location
        return f"My place: {at.latitude:.6f}, {at.longitude:.6f}"
    if message.poll is not None:
        options = [one_line(one.text, 200) for one in message.poll.options]
        return "\n- ".join([f"A poll: {one_line(message.poll.question, 400)}", *options])
    if message.sticker is not None:
        return message.sticker.emoji or ""
    if message.dice is not None:
        return f"{message.dice.emoji} {message.dice.value}"
    if message.contact is not None:
        one = message.contact
        said = " ".join(filter(None, (one.first_name, one.last_name)))
        return f"A contact: {one_line(said, 100)}, {one_line(one.phone_number, 40)}"
    return ""


def _passed_on(message: Message) -> str:
    """Whose words these are, where they are not the writer's own."""
    if (bot := message.via_bot or message.sender_business_bot) is not None:
        return one_line(f"the bot {bot.full_name}", NAME_CHARS)
    origin: Any = message.forward_origin
    if origin is None:
        return "somebody, by contact card" if message.contact is not None else ""
    user = getattr(origin, "sender_user", None)
    chat = getattr(origin, "sender_chat", None) or getattr(origin, "chat", None)
    name = (
        (user.full_name if user is not None else "")
        or getattr(origin, "sender_user_name", "")
        or (chat.effective_name if chat is not None else "")
        or ""
    )
    return one_line(str(name), NAME_CHARS) or "somebody"  # a name may be made of blanks alone


def _files(message: Message) -> list[Sent]:
    """The files of a message; of a picture its largest form."""
    found = []
    if message.photo:
        best = max(message.photo, key=lambda one: one.width * one.height)
        found.append(Sent(best.file_id, f"picture-{message.message_id}.jpg", "photo", _size(best)))
    for kind, suffix in _ENDINGS.items():
        one: Any = getattr(message, kind)
        if one is None or (kind == "document" and message.animation is not None):
            continue
        if kind == "sticker" and one.emoji:  # as good as a word
            continue
        name = str(getattr(one, "file_name", None) or f"{kind}-{message.message_id}{suffix}")
        found.append(Sent(one.file_id, name, _told(kind, name, one), _size(one), _seconds(one)))
    return found


def _told(kind: str, name: str, one: Any) -> str:
    """Which of our kinds it is; a recording that is sent as a document is one all the same."""
    if kind == "document" and is_called_sound(name, str(one.mime_type or "")):
        return "audio"
    return {"voice": "voice", "video_note": "round", "audio": "audio"}.get(kind, "document")


#: What a message can hold, and how its file ends that has no name.
_ENDINGS = {
    "document": "",
    "voice": ".ogg",
    "audio": ".mp3",
    "video": ".mp4",
    "video_note": ".mp4",
    "animation": ".mp4",
    "sticker": ".webp",
}


def _size(one: Any) -> int:
    return int(one.file_size or 0)


def _seconds(one: Any) -> float:
    lasts = getattr(one, "duration", None) or 0
    return lasts.total_seconds() if isinstance(lasts, timedelta) else float(lasts)
