"""What was given at a terminal that was left: whoever talks at the next is told what came of it.

Each open terminal holds a lock in the state directory, which the system lets go of however it
ends. A lock that nobody holds is of one that was left: the next terminal takes it over, and tells
once and shortly what ended meanwhile. What was told stands in the outbox.
"""

from __future__ import annotations

import fcntl
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from factotum.agent.loop import AS_SAID
from factotum.channels import markdown
from factotum.channels.commands.lines import short
from factotum.channels.contract import Message
from factotum.channels.results import SIGN, deed, marked_as_theirs
from factotum.channels.several import TITLE_CHARS
from factotum.channels.window import Window
from factotum.channels.words import Words
from factotum.channels.work import OLD_S
from factotum.inert import one_line, visible
from factotum.ledger import TaskRow
from factotum.outbox import ANSWER, SENT
from factotum.views.saying import plain
from factotum.worker.runs import Run

FOLDER = "terminals"
#: How much is told of the words of whoever did it, and of how many of its deeds.
SAID_CHARS, DEEDS_MOST = 300, 3

_GIVEN = (
    "SELECT DISTINCT t.id FROM talk k JOIN task t ON t.id = k.task"
    " WHERE k.at > ? AND t.source = ? AND json_extract(t.facts, '$.chat') = ? ORDER BY k.at"
)


@dataclass
class LeftTerminals:
    """Of the terminal of `window`, which has a chat. To be opened, and closed with it."""

    window: Window
    _ours: IO[str] | None = None
    _left: dict[str, IO[str]] = field(default_factory=dict)

    @property
    def _folder(self) -> Path:
        return self.window.state / FOLDER

    def open(self) -> None:
        """Says that this terminal is there. Raises OSError."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        hidden = self._folder / f".{self.window.chat}"
        self._ours = open(hidden, "w", encoding="utf-8")  # noqa: SIM115 (held while it is there)
        fcntl.flock(self._ours, fcntl.LOCK_EX)
        hidden.rename(self._folder / self.window.chat)  # nobody finds it without its lock

    def close(self, now: float) -> None:
        """What is not told yet stays for the next terminal."""
        if self._ours is None:
            return
        for chat, held in {self.window.chat: self._ours, **self._left}.items():
            if not self._untold(chat, now):
                (self._folder / chat).unlink(missing_ok=True)
            held.close()

    def look(self, now: float) -> None:
        """Tells what ended of what was given at terminals that were left."""
        self._take_over()
        for chat, held in list(self._left.items()):
            rows = self._untold(chat, now)
            for row in rows:
                self._tell(row, now)
            if not rows:
                (self._folder / chat).unlink(missing_ok=True)
                held.close()
                del self._left[chat]

    def _take_over(self) -> None:
        for path in self._folder.iterdir():
            if path.name == self.window.chat or path.name in self._left or path.name[0] == ".":
                continue
            with suppress(FileNotFoundError):  # another one has just told all of it
                held = open(path, encoding="utf-8")  # noqa: SIM115 (held till all of it is told)
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self._left[path.name] = held
                except OSError:
                    held.close()  # somebody sits there, or another one tells it

    def _untold(self, chat: str, now: float) -> list[TaskRow]:
        """What was given there and has not ended, or of which nobody was told that it has."""
        asked = (now - OLD_S, self.window.name, chat)
        found = self.window.ledger.db.execute(_GIVEN, asked).fetchall()
        rows = (self.window.ledger.task(one["id"]) for one in found)
        return [row for row in rows if row is not None and not self._is_over(row, chat)]

    def _is_over(self, row: TaskRow, chat: str) -> bool:
        run = self.window.runs.latest(row.id)
        if run is None or run.ended is None:
            return run is None and row.missing is not None  # its note was taken away
        outbox, name = self.window.outbox, self.window.name
        told = outbox.row(name, chat, f"result {row.id} {run.n} 0")
        later = outbox.by_key(name, _key(row, run))
        return any(one is not None and one.state == SENT for one in (told, *later))

    def _tell(self, row: TaskRow, now: float) -> None:
        run = self.window.runs.latest(row.id)
        if run is None or run.ended is None:
            return
        window, key = self.window, _key(row, run)
        message = Message(self._words(row, run)).to_json()
        window.outbox.put(
            window.name, window.chat, key, message, now, kind="result", rank=ANSWER
        )  # fmt: skip

    def _words(self, row: TaskRow, run: Run) -> Words:
        sign, verb = ("✅", "Done") if run.result == "done" else ("❌", "Failed")
        if run.reason.strip() == AS_SAID:
            sign, verb = "⏹", "Ended"
        cards = self.window.register.of_run(run.task, run.n)
        deeds = [f"{SIGN} {deed(card)}" for card in cards if card.kind == "effect"]
        said = one_line(visible(markdown.read(run.reason).text), SAID_CHARS)
        theirs, _ = marked_as_theirs(Words.of(said))
        lines: list[str | Words] = [
            Words.bold(f"📬 {verb} while you were away: “{plain(row.title, TITLE_CHARS)}”"),
            *([Words.of(f"{sign} ") + theirs] if said else []),
            *deeds[:DEEDS_MOST],
            f"All of it: factotum show {short(row.id)}",
        ]
        return Words.join("\n", lines)


def _key(row: TaskRow, run: Run) -> str:
    return f"missed {row.id} {run.n}"
