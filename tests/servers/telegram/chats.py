"""What stands in a chat: its messages as they are now, as they were before, and what is gone.

One lock, `Office.changed`, guards everything that the server knows; whoever waits, waits on it.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.servers.telegram.entities import marked
from tests.servers.telegram.facts import bad
from tests.servers.telegram.marks import Entity

Found = TypeVar("Found")


@dataclass(frozen=True)
class Stored:
    """A file that a message carries. `kind` is document, photo, voice or audio."""

    id: str
    unique_id: str
    kind: str
    name: str
    mime: str
    data: bytes
    seconds: int = 0

    def to_json(self) -> Any:
        told: dict[str, Any] = {
            "file_id": self.id,
            "file_unique_id": self.unique_id,
            "file_size": len(self.data),
        }
        if self.kind == "photo":
            return [{**told, "width": 90, "height": 90}]
        if self.kind in ("voice", "audio"):
            told["duration"] = self.seconds
        if self.name and self.kind != "voice":
            told["file_name"] = self.name
        return {**told, "mime_type": self.mime}


@dataclass(frozen=True)
class Version:
    """What a message said before it was changed."""

    text: str
    entities: tuple[Entity, ...]
    rows: tuple[tuple[dict[str, Any], ...], ...]


@dataclass(eq=False)
class Message:
    """A message in a chat. `text` is the caption where there is a file; `rows` are the buttons
    below it, as the bot gave them; `edits` what it said before, the oldest first."""

    id: int
    chat: Chat = field(repr=False)
    sender: dict[str, Any]
    date: int
    text: str = ""
    entities: list[Entity] = field(default_factory=list)
    rows: tuple[tuple[dict[str, Any], ...], ...] = ()
    markup: dict[str, Any] | None = None
    silent: bool = False
    reply_to: int | None = None
    file: Stored | None = None
    origin: dict[str, Any] | None = None
    preview: dict[str, Any] | None = None
    edit_date: int | None = None
    edits: list[Version] = field(default_factory=list)

    @property
    def by_bot(self) -> bool:
        return bool(self.sender.get("is_bot"))

    @property
    def labels(self) -> list[list[str]]:
        """What stands on the buttons, row by row."""
        return [[one["text"] for one in row] for row in self.rows]

    def data(self, label: str) -> str:
        """What a tap on that button would bring. Raises LookupError."""
        for button in itertools.chain.from_iterable(self.rows):
            if button["text"] == label:
                return str(button["callback_data"])
        raise LookupError(f"message {self.id} has no button {label!r}, it has {self.labels}")

    def marked(self, type: str) -> list[str]:
        """The parts of the text that are marked so: bold, code, text_link …"""
        return [marked(self.text, one) for one in self.entities if one["type"] == type]

    def version(self) -> Version:
        return Version(self.text, tuple(self.entities), self.rows)

    def to_json(self, *, deep: bool = True) -> dict[str, Any]:
        told: dict[str, Any] = {
            "message_id": self.id,
            "chat": self.chat.to_json(),
            "date": self.date,
        }
        told["sender_chat" if self.chat.type == "channel" else "from"] = self.sender
        text, marks = ("caption", "caption_entities") if self.file else ("text", "entities")
        if self.text:
            told[text] = self.text
        if self.entities:
            told[marks] = self.entities
        if self.file:
            told[self.file.kind] = self.file.to_json()
        if self.rows:
            told["reply_markup"] = {"inline_keyboard": self.rows}
        if self.edit_date:
            told["edit_date"] = self.edit_date
        if self.origin:
            told["forward_origin"] = self.origin
        if self.preview:
            told["link_preview_options"] = self.preview
        answered = self.chat.message(self.reply_to) if deep and self.reply_to else None
        if answered:
            told["reply_to_message"] = answered.to_json(deep=False)
        return told


@dataclass(eq=False)
class Chat:
    """A chat with one person, a group, or a channel. `actions` is what the bot was doing
    (typing …); `deleted` what stood here once."""

    id: int
    type: str
    facts: dict[str, Any]
    messages: list[Message] = field(default_factory=list)
    deleted: list[Message] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    pinned: list[int] = field(default_factory=list)
    #: Why the bot cannot write here, as it is told; empty where it can.
    closed: str = ""
    instance: str = ""
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "type": self.type, **self.facts}

    @property
    def texts(self) -> list[str]:
        """What all messages say that stand here now, the oldest first."""
        return [one.text for one in self.messages]

    @property
    def from_bot(self) -> list[Message]:
        return [one for one in self.messages if one.by_bot]

    @property
    def last(self) -> Message | None:
        return self.messages[-1] if self.messages else None

    def message(self, id: int | None) -> Message | None:
        return next((one for one in self.messages if one.id == id), None)

    def find(self, words: str) -> Message | None:
        """The newest message of the bot that has these words in it, or None."""
        return next((one for one in reversed(self.from_bot) if words in one.text), None)

    def next_id(self) -> int:
        return next(self._ids)


class Office:
    """Everything that the server knows of chats. `name` is the bot's user name."""

    def __init__(self, bot_id: int, name: str) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, Stored] = {}
        self.commands: list[dict[str, Any]] = []
        self.me = {"id": bot_id, "is_bot": True, "first_name": "Factotum", "username": name}
        self._file_ids = itertools.count(1)

    def now(self) -> int:
        return int(time.time())

    def open(self, chat: Chat) -> Chat:
        with self.changed:
            chat.instance = str(7_000_000_000 + abs(chat.id))
            return self.chats.setdefault(chat.id, chat)

    def chat(self, id: Any) -> Chat:
        """The chat of that id, or of that @name. Raises ApiError."""
        if id in (None, ""):
            raise bad("chat_id is empty")
        for one in self.chats.values():
            if one.id == id or f"@{one.facts.get('username') or ' '}" == id:
                return one
        raise bad("chat not found")

    def keep(self, kind: str, name: str, mime: str, data: bytes, seconds: int = 0) -> Stored:
        number = next(self._file_ids)
        stored = Stored(f"file-{number}", f"unique-{number}", kind, name, mime, data, seconds)
        self.files[stored.id] = stored
        return stored

    def put(self, chat: Chat, sender: dict[str, Any], **what: Any) -> Message:
        """A new message in that chat."""
        message = Message(chat.next_id(), chat, sender, self.now(), **what)
        chat.messages.append(message)
        self.changed.notify_all()
        return message

    def wait(self, true: Callable[[], Found], timeout_s: float) -> Found | None:
        """What `true` says as soon as it says anything, or None when the time is over."""
        until = time.monotonic() + timeout_s
        with self.changed:
            while not (found := true()):
                left = until - time.monotonic()
                if left <= 0:
                    return None
                self.changed.wait(left)
            return found
