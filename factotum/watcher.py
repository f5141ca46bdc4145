"""What a watcher is, and what it is handed to do its work: contracts alone.

A watcher is one file, `watchers/<name>_watcher.py`, found by its name. It has a line `ABOUT`, and
`sources(premises)`, which gives what is listened to: a folder of a mailbox, a list of feeds.
Each source runs in a thread of its own, so that it may simply wait for its server. It knows no
vault and no ledger: what it heard it hands in at the post, which makes it durable before it
returns. A source may be killed at every line; whatever it did not hand in it hears again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:  # `factotum status` asks how the watchers are, and reads no mail
    from factotum.drop import Drop
    from factotum.fenced import Node
    from factotum.ledger import Ledger
    from factotum.mailauth import Sender
    from factotum.model import Trust
    from factotum.reading.shape import Reading
    from factotum.settings import Settings

R = TypeVar("R")


class Stopped(Exception):
    """Everything is being stopped. Let it through."""


class SourceError(Exception):
    """A source cannot be heard now; the message names the thing, the cause and the remedy.

    `login`: it is the owner who must do something, a password say. `again_s`: how long the other
    side wants to be left alone, in seconds.
    """

    def __init__(self, message: str, *, login: bool = False, again_s: float = 0.0) -> None:
        super().__init__(message)
        self.login = login
        self.again_s = again_s


class Post(Protocol):
    """Where one source hands in what it heard. Of the source's own thread."""

    @property
    def once(self) -> bool:
        """Whether it is looked just once: nothing is waited for."""

    @property
    def dry(self) -> bool:
        """Whether it is only tried: nothing may be changed, here or on the other side."""

    def now(self) -> float:
        """Epoch seconds."""

    def zone(self, at: float) -> datetime:
        """That moment in the machine's zone."""

    def cursor(self, part: str = "") -> str:
        """How far this source (or one part of it) had come; empty before the first time."""

    def hand_in(self, *drops: Drop, cursor: str = "", part: str = "") -> None:
        """Makes tasks of them, each once, however often they are handed in; then, in the same
        moment as the last, remembers the cursor. Tried again while the disk fails. Raises
        Stopped."""

    def remember(self, cursor: str, part: str = "") -> None:
        """Remembers the cursor alone."""

    def look_up(self, ask: Callable[[Ledger], R]) -> R:
        """What the ledger answers. `ask` runs on the desk's thread, so let it be short."""

    def label(self, raw: bytes) -> tuple[Trust, Sender]:
        """Whose words the mail `raw` holds, and who wrote it as far as that is proved."""

    def rules(self, section: str) -> tuple[Node, ...]:
        """What the handbook's `yaml watching` block says under this heading, now. Raises
        SourceError when it cannot be read."""

    def remark(self, about: str, text: str) -> None:
        """What is wrong with one thing among many (one feed of ten), for the Dashboard; an empty
        text when it is well again."""

    def login_ends(self, at: float) -> None:
        """When the owner will have to log in anew, in epoch seconds; 0 for never."""

    def rest(self, seconds: float, *fds: int) -> bool:
        """Waits so long, or till one of these file descriptors can be read; whether one can.
        Raises Stopped."""


class Source(Protocol):
    """One thing that is listened to. `name` begins with its watcher's name and is this source's
    for ever: its cursor is kept under it. `every_s` is how often to look, in seconds;
    `silent_s` after how long without anything new the owner is told, 0 for never."""

    name: str
    every_s: float
    silent_s: float

    def look(self, post: Post) -> float | None:
        """Hands in all that is new. Returns after how many seconds to look again, or None for
        `every_s`. Raises SourceError; any other error is taken for one."""

    def rest(self, post: Post, seconds: float) -> None:
        """Waits till then, or till the other side says that there is news."""

    def close(self) -> None:
        """Lets go of its connections; it may be told to look again all the same."""


class Polled:
    """What a source has that has nothing to close and is told of nothing."""

    silent_s = 0.0

    def rest(self, post: Post, seconds: float) -> None:
        post.rest(seconds)

    def close(self) -> None:
        """Nothing is held open between two looks."""


@dataclass(frozen=True)
class Premises:
    """What the sources of this house are made from. `read` turns a file's bytes and name into
    words, as `factotum.reading.read` does."""

    settings: Settings
    root: Path
    state: Path
    zone: Callable[[float], datetime]
    read: Callable[[bytes, str], Reading]
