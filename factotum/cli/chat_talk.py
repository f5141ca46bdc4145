"""What is said in a conversation at a terminal, and what came of it so far.

Each message is a task of its own, or a command, or a word on what was asked; which of these is
decided where every channel decides it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime

from factotum.channels.at_terminal import AtTerminal
from factotum.channels.contract import Heard
from factotum.cli import place
from factotum.cli.chat_office import Office
from factotum.outbox import SENT

#: How often it is looked whether there is an answer, in seconds.
LOOK_S = 0.1
GOES_ON = "What is under way goes on in the office."
GOES_ON_LATER = "What is under way goes on when the office runs: factotum up"
BYE = frozenset({"/quit", "/exit", "/bye"})


@dataclass(frozen=True)
class Given:
    """A message that was said: its id, and the task that was made of it, or empty."""

    id: str
    task: str


class Conversation:
    def __init__(self, here: AtTerminal, office: Office) -> None:
        self.window, self.channel, self.service = here.window, here.channel, here.service
        self.office = office
        self.given: list[Given] = []
        self._ids = (f"you {n}" for n in itertools.count(1))

    def hear(self, text: str, reply_to: str = "", reply_text: str = "") -> Given:
        """Takes a message, durably; the message that it answers may stand here a moment before
        it is written down that it does, so what it says goes with it then. Raises what passes:
        OSError, sqlite3.OperationalError."""
        now, who = datetime.now(UTC), place.who()
        id, chat = next(self._ids), self.window.chat
        known = self.window.outbox.standing(self.window.name, chat, reply_to) is not None
        heard = Heard(chat, id, "", who, text, now, reply_to, "" if known else reply_text)
        self.service.hear(heard)
        source_id = self.window.source_id(heard.chat, id)
        one = Given(id, self.window.ledger.seen(self.window.name, source_id) or "")
        self.given.append(one)
        return one

    def is_said(self, one: Given) -> bool:
        """Whether what comes of a message stands on the terminal."""
        outbox, name, chat = self.window.outbox, self.window.name, self.window.chat
        if not one.task:
            row = outbox.row(name, chat, f"answer {one.id} 0")
            return row is None or row.state == SENT
        run = self.window.runs.latest(one.task)
        if run is None or run.ended is None:
            return False
        row = outbox.row(name, chat, f"result {one.task} {run.n} 0")
        return row is not None and row.state == SENT

    def under_way(self) -> bool:
        """Whether something that was said here has not come to its end."""
        runs = [self.window.runs.latest(one.task) for one in self.given if one.task]
        return any(run is None or run.ended is None for run in runs)

    def failed(self, one: Given) -> bool:
        run = self.window.runs.latest(one.task) if one.task else None
        return run is not None and run.result != "done"

    def farewell(self) -> str:
        """Where that goes on, or an empty string."""
        if not self.under_way():
            return ""
        return GOES_ON_LATER if self.office.ours else GOES_ON
