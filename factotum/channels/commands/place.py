"""Where a command was given, what it may look into, and what it says. Data alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from factotum.channels.contract import Limits
from factotum.channels.words import Words
from factotum.rooms import Books
from factotum.worker.runs import Runs


@dataclass(frozen=True)
class Place(Books):
    """`now` is in epoch seconds, `zone` shows such a moment where the person is. `channel` and
    `who` go into the ledger with what is decided (“telegram”, “Ann (4711)”); `conversation` is
    the one in which it was said. `running` tells the process id of the orchestrator that works
    on this vault, or None. `limits` say what can be done on the channel."""

    runs: Runs
    now: float
    zone: Callable[[float], datetime]
    channel: str
    who: str
    conversation: str
    running: Callable[[], int | None]
    limits: Limits = field(default_factory=Limits)

    @property
    def by(self) -> str:
        """Who gave the command, and on which channel."""
        return f"{self.who} ({self.channel})"


@dataclass(frozen=True)
class Said:
    """The answer to a command. With `new_conversation` what is said from now on belongs to none
    before; `task` is a message of the owner's that is to be taken up as if it had been typed,
    in that new conversation if there is one."""

    words: Words
    new_conversation: bool = False
    task: str | None = None


@dataclass(frozen=True)
class Command:
    """`run` is given what stands behind the name. `arguments` shows what that may be, `about`
    is a line for a list, and the command is also known by its `aliases`."""

    name: str
    about: str
    run: Callable[[str, Place], Said]
    arguments: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        return f"/{self.name} {self.arguments}".rstrip()
