"""The other side of the bot: people who write, tap and send files, and the chats that they see."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from tests.patience import PATIENCE_S
from tests.servers.telegram import facts
from tests.servers.telegram.chats import Chat, Message, Office, Stored
from tests.servers.telegram.entities import formatted
from tests.servers.telegram.taps import Shown, Taps
from tests.servers.telegram.updates import Updates

Found = TypeVar("Found")


class Place:
    """A chat as a person sees it; what all kinds of chats have in common."""

    def __init__(self, office: Office, updates: Updates, taps: Taps, chat: Chat) -> None:
        self._office = office
        self._updates = updates
        self._taps = taps
        self.chat = office.open(chat)

    @property
    def id(self) -> int:
        return self.chat.id

    def waits_for(
        self, true: Callable[[Chat], Found | None], timeout_s: float = PATIENCE_S
    ) -> Found:
        """What `true` finds in the chat, as soon as it does. Raises AssertionError with what
        stands there instead."""
        found = self._office.wait(lambda: true(self.chat), timeout_s)
        if not found:
            seen = "\n---\n".join(
                f"{one.id}: {one.text} {one.labels}" for one in self.chat.messages
            )
            raise AssertionError(f"not within {timeout_s:g} s; the chat has:\n{seen or 'nothing'}")
        return found

    def waits_to_see(self, words: str, timeout_s: float = PATIENCE_S) -> Message:
        """The newest message of the bot with these words in it."""
        return self.waits_for(lambda chat: chat.find(words), timeout_s)


class Group(Place):
    """A group; whoever writes or taps in it is a person, named by `chat=group`."""

    def throws_out_the_bot(self) -> None:
        with self._office.changed:
            self.chat.closed = facts.KICKED


class Channel(Place):
    """A channel, which speaks for itself."""

    def posts(self, text: str) -> Message:
        with self._office.changed:
            shown, entities = formatted(text)
            message = self._office.put(
                self.chat, self.chat.to_json(), text=shown, entities=entities
            )
            self._updates.add("channel_post", message.to_json())
            return message


class Person(Place):
    """Somebody with a chat of their own with the bot. Until they first write there (or
    `starts()`), the bot cannot write to them. Each deed gives the message, or the tap's id."""

    def __init__(
        self, office: Office, updates: Updates, taps: Taps, id: int, first_name: str, username: str
    ) -> None:
        names = {"first_name": first_name, **({"username": username} if username else {})}
        chat = Chat(id, "private", names, closed=facts.NOT_STARTED)
        super().__init__(office, updates, taps, chat)
        self.user = {"id": id, "is_bot": False, **names, "language_code": "en"}

    @property
    def answers(self) -> dict[str, Shown]:
        """What the bot answered, by the id of the tap."""
        return self._taps.answers

    # -- writing

    def starts(self) -> Message:
        return self.says("/start")

    def says(self, text: str, *, reply_to: int | None = None, chat: Place | None = None) -> Message:
        shown, entities = formatted(text)
        return self._sends(chat, text=shown, entities=entities, reply_to=reply_to)

    def sends_photo(
        self, data: bytes, caption: str = "", *, reply_to: int | None = None,
        chat: Place | None = None,
    ) -> Message:  # fmt: skip
        return self._sends_file(chat, caption, reply_to, "photo", "", "image/jpeg", data)

    def sends_document(
        self, data: bytes, name: str, mime: str = "application/octet-stream", caption: str = "",
        *, reply_to: int | None = None, chat: Place | None = None,
    ) -> Message:  # fmt: skip
        return self._sends_file(chat, caption, reply_to, "document", name, mime, data)

    def sends_voice(
        self, data: bytes, seconds: int = 1, caption: str = "", *, reply_to: int | None = None,
        chat: Place | None = None,
    ) -> Message:  # fmt: skip
        return self._sends_file(chat, caption, reply_to, "voice", "", "audio/ogg", data, seconds)

    def sends_audio(
        self, data: bytes, name: str = "sound.mp3", seconds: int = 1, caption: str = "",
        *, reply_to: int | None = None, chat: Place | None = None,
    ) -> Message:  # fmt: skip
        return self._sends_file(chat, caption, reply_to, "audio", name, "audio/mpeg", data, seconds)

    def sends_other(self, **fields: Any) -> Message:
        """A message of a kind that is not played here; `fields` as the API tells of them."""
        with self._office.changed:
            message = self._office.put(self.chat, self.user, text="")
            self._updates.add("message", {**message.to_json(), **fields})
            return message

    def keeps(self, kind: str, data: bytes) -> Any:
        """A file that such a message can carry, as the API tells of it."""
        return self._office.keep(kind, "", "", data, 0).to_json()

    def edits(self, message_id: int, text: str, *, chat: Place | None = None) -> Message:
        with self._office.changed:
            message = self._message(message_id, chat)
            message.edits.append(message.version())
            message.text, message.entities = formatted(text)
            message.edit_date = self._office.now()
            self._updates.add("edited_message", message.to_json())
            return message

    def forwards(self, message: int | Message, *, chat: Place | None = None) -> Message:
        """Sends on a message of one's own chat, or any one that is given."""
        with self._office.changed:
            old = message if isinstance(message, Message) else self._message(message, None)
            origin = old.origin or {
                "type": "user",
                "sender_user": old.sender,
                "date": old.date,
            }
            return self._sends(
                chat, text=old.text, entities=list(old.entities), file=old.file, origin=origin,
                rows=old.rows,
            )  # fmt: skip

    def _sends_file(
        self, chat: Place | None, caption: str, reply_to: int | None, kind: str, name: str,
        mime: str, data: bytes, seconds: int = 0,
    ) -> Message:  # fmt: skip
        text, entities = formatted(caption)
        with self._office.changed:
            file: Stored = self._office.keep(kind, name, mime, data, seconds)
            return self._sends(chat, text=text, entities=entities, reply_to=reply_to, file=file)

    def _sends(self, place: Place | None, **what: Any) -> Message:
        with self._office.changed:
            chat = place.chat if place else self.chat
            if chat is self.chat:
                chat.closed = ""
            message = self._office.put(chat, self.user, **what)
            self._updates.add("message", message.to_json())
            return message

    def _message(self, id: int, place: Place | None) -> Message:
        chat = place.chat if place else self.chat
        message = chat.message(id)
        if message is None:
            raise LookupError(f"no message {id} stands in chat {chat.id}, only {chat.texts}")
        return message

    # -- tapping

    def taps(
        self, message_id: int, label: str = "", *, data: str | None = None,
        message: Message | None = None, chat: Place | None = None, inaccessible: bool = False,
        inline: bool = False,
    ) -> str:  # fmt: skip
        """Taps the button `label` of that message; gives the id of the tap. A forged one brings
        other `data`, or comes from another `message`; `inaccessible` is a message that Telegram
        no longer shows to the bot, `inline` one that was sent by way of another chat."""
        with self._office.changed:
            chat_now = place_chat(chat, self)
            if data is None:
                data = self._message(message_id, chat).data(label)
            query: dict[str, Any] = {"id": self._taps.begin(), "from": self.user, "data": data}
            query["chat_instance"] = chat_now.instance
            shown = message or chat_now.message(message_id)
            if inline:
                query["inline_message_id"] = f"inline-{message_id}"
            elif inaccessible or shown is None:
                told = chat_now.to_json()
                query["message"] = {"chat": told, "message_id": message_id, "date": 0}
            else:
                query["message"] = shown.to_json()
            self._updates.add("callback_query", query)
            return str(query["id"])

    def waits_for_answer(self, tap: str, timeout_s: float = PATIENCE_S) -> Shown:
        """What the bot answered to that tap, as soon as it does. Raises AssertionError."""
        found = self._office.wait(lambda: self.answers.get(tap), timeout_s)
        assert found, f"tap {tap} was not answered within {timeout_s:g} s"
        return found

    # -- blocking

    def blocks(self) -> None:
        """The bot can write here no more."""
        self._membership("member", "kicked", facts.BLOCKED)

    def unblocks(self) -> None:
        self._membership("kicked", "member", "")

    def _membership(self, before: str, after: str, closed: str) -> None:
        with self._office.changed:
            self.chat.closed = closed
            states = {
                "member": {"user": self._office.me, "status": "member"},
                "kicked": {"user": self._office.me, "status": "kicked", "until_date": 0},
            }
            told = {
                "chat": self.chat.to_json(),
                "from": self.user,
                "date": int(time.time()),
                "old_chat_member": states[before],
                "new_chat_member": states[after],
            }
            self._updates.add("my_chat_member", told)


def place_chat(place: Place | None, person: Person) -> Chat:
    return place.chat if place else person.chat
