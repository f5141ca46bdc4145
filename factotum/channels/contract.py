"""What a channel is: what it shows, what it hears, and how a send can fail. Contracts alone.

A message is shown once and then changed in place. What may have been sent and may not have been
is never sent again: the send is lost, and that is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from factotum.channels.words import Words
from factotum.reading import Reading


@dataclass(frozen=True)
class Button:
    """A choice below a message. `token` is what comes back when it is chosen: drawn by chance,
    good for one tap, at most 64 bytes."""

    label: str
    token: str


@dataclass(frozen=True)
class Attached:
    """A file that goes with a message: a blob by its sha256, under the name that is shown.
    `kind` is document, photo or voice."""

    sha256: str
    name: str
    size_bytes: int
    kind: str = "document"


@dataclass(frozen=True)
class Message:
    """What a message is to show. `reply_to` is the id of the message that it answers; `silent`
    is told without a sound; with a `prompt` the person is asked to type an answer to it, and the
    prompt stands in the empty line."""

    words: Words
    rows: tuple[tuple[Button, ...], ...] = ()
    reply_to: str = ""
    silent: bool = False
    prompt: str = ""
    file: Attached | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "words": self.words.to_json(),
            "rows": [[[one.label, one.token] for one in row] for row in self.rows],
            "reply_to": self.reply_to,
            "silent": self.silent,
            "prompt": self.prompt,
            "file": vars(self.file) if self.file else None,
        }

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Message:
        """What `to_json` gave. Raises LookupError, TypeError or ValueError for what it cannot
        have given."""
        return cls(
            Words.from_json(found["words"]),
            tuple(tuple(Button(*one) for one in row) for row in found["rows"]),
            found["reply_to"],
            found["silent"],
            found["prompt"],
            Attached(**found["file"]) if found["file"] else None,
        )


@dataclass(frozen=True)
class Limits:
    """What a channel can show. `units` is the longest message, in UTF-16 units; `files` whether
    a file can go with it, either way; `chat_s` the shortest time between two messages in one
    chat, in seconds, of which `burst` may come at once; `replies` whether a message is shown as
    the answer to another one, and a person can answer any of ours. `commands` are those that the
    channel itself understands, each with what it does."""

    units: int = 4096
    files: bool = True
    chat_s: float = 1.0
    burst: int = 3
    replies: bool = True
    commands: tuple[tuple[str, str], ...] = ()


#: The kinds of files in which a person speaks to us: a recording, and a film of their own face.
SPOKEN = ("voice", "round")


@dataclass(frozen=True)
class Came:
    """A file that a person sent. `kind` is document, photo, voice or round, or audio: a recording
    that anybody may have made; `reading` is what stands in it, if somebody has read it."""

    name: str
    data: bytes
    kind: str = "document"
    seconds: float = 0.0
    reading: Reading | None = None


@dataclass(frozen=True)
class Heard:
    """A message of an owner in a chat with us alone. `id` is its id in the chat, `reply_to`
    that of the message of ours that it answers and `reply_text` what stands there, or empty.
    `text` is Markdown, of which the person wrote so many `units` as it was sent, if that is known.
    `passed_on` says whose words they are that the owner only passes on; `spoken` that it was said
    aloud, `unheard` why that was not heard; `remarks` what else could not be had of it."""

    chat: str
    id: str
    who: str
    name: str
    text: str
    at: datetime
    reply_to: str = ""
    reply_text: str = ""
    files: tuple[Came, ...] = ()
    remarks: tuple[str, ...] = ()
    passed_on: str = ""
    spoken: bool = False
    unheard: str = ""
    units: int = 0


@dataclass(frozen=True)
class Tapped:
    """A tap of an owner on a button. `id` is by which the tap is answered; `text` stands above the
    button where it was tapped, and `label` on it, if the channel tells that."""

    id: str
    chat: str
    message: str
    who: str
    name: str
    token: str
    text: str | None = None
    label: str | None = None


class ChannelError(Exception):
    """A message was not shown. The message of the error says what stood in the way."""


class NotSent(ChannelError):
    """Nothing was sent, for certain. It may be tried again after `again_s` seconds; `flood`
    where the other side wants that, so that nothing else is said meanwhile; `here` where only
    this chat is closed to us, and others may be open."""

    def __init__(
        self, message: str, again_s: float = 0.0, *, flood: bool = False, here: bool = False
    ) -> None:
        super().__init__(message)
        self.again_s = again_s
        self.flood = flood
        self.here = here


class Refused(ChannelError):
    """The other side does not take this message, and will not; nothing was sent."""


class Gone(ChannelError):
    """The message that was to be changed is there no more, or cannot be changed."""


class Lost(ChannelError):
    """It may have been sent and may not have been: the answer was lost."""


class Taken(Exception):
    """Another program hears what is said on this channel, so that nobody hears it here."""


@dataclass(frozen=True)
class Reply:
    """What a person sees of a tap at once: a line; `alert` where it must be dismissed."""

    text: str = ""
    alert: bool = False


class Channel(Protocol):
    """One way to a person. All calls may take seconds, and raise a ChannelError as they say."""

    name: str
    limits: Limits

    async def send(self, chat: str, message: Message) -> str:
        """Shows it anew; the id under which it can be changed. Raises NotSent, Refused, Lost."""
        ...

    async def edit(self, chat: str, id: str, message: Message) -> None:
        """Has the message show this from now on. Showing the same once more is no error. Raises
        NotSent, Refused, Lost, and Gone where it cannot be changed."""
        ...

    async def check(self) -> None:
        """Asks for nothing of consequence, to see whether the other side answers. Raises
        NotSent."""
        ...

    async def busy(self, chat: str) -> None:
        """Shows for some seconds that something is being done. Raises any of them."""
        ...


@dataclass(frozen=True)
class Chats:
    """Who is told: `home` is the chat in which is told what nobody asked for here; `owners` are
    the ids of those whose words count."""

    home: str = ""
    owners: tuple[str, ...] = ()
