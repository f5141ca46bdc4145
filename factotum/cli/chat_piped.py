"""A conversation without a person at a terminal: lines come in by a pipe or a file.

Each is said when what came of the one before stands there, so that a script is done in its order.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys

from factotum.cli.chat_line import clean
from factotum.cli.chat_talk import BYE, LOOK_S, Conversation
from factotum.gate.pause import stopped
from factotum.vault import stop_lies

READ_BYTES = 65_536


class Lines:
    """What comes in, line by line. Where waiting is needed it can be cancelled."""

    def __init__(self) -> None:
        self._rest = b""
        self._ended = False
        try:
            self._source = sys.stdin.fileno() if sys.stdin is not None else -1
        except (io.UnsupportedOperation, ValueError):
            self._source, self._rest = -1, sys.stdin.read().encode()
        if self._source < 0:
            self._ended = True

    async def next(self) -> str | None:
        """The next line, None at the end of the input."""
        while b"\n" not in self._rest and not self._ended:
            await self._readable()
            data = os.read(self._source, READ_BYTES)
            self._rest += data
            self._ended = not data
        if not self._rest:
            return None
        line, _, self._rest = self._rest.partition(b"\n")
        return clean(line.decode(errors="replace")).strip()

    async def _readable(self) -> None:
        loop, came = asyncio.get_running_loop(), asyncio.Event()
        try:
            loop.add_reader(self._source, came.set)
        except PermissionError:  # a file, which keeps nobody waiting
            return
        try:
            await came.wait()
        finally:
            loop.remove_reader(self._source)


class Piped(Conversation):
    async def converse(self) -> None:
        """Says line by line, till the input ends."""
        lines = Lines()
        while (said := await lines.next()) is not None:
            if said.casefold() in BYE:
                break
            if said:
                await self.say(said)

    async def say(self, text: str) -> bool:
        """Says one message and shows what comes of it, until it ends or waits for a word that
        is not given here. False when it failed. Raises BrokenPipeError where nobody reads it."""
        one = self.hear(text)
        while not self.is_said(one):
            self.office.check()
            if self.channel.gone:
                raise BrokenPipeError
            if one.task and (self._parked(one.task) or self._halted()):
                return True
            await asyncio.sleep(LOOK_S)
        return not self.failed(one)

    def _parked(self, task: str) -> bool:
        """Whether something was asked that is not decided here."""
        row = self.window.runs.latest(task)
        cards = self.window.register.of_run(task, row.n) if row else []
        outbox, chat = self.window.outbox, self.window.chat
        asked = [card for card in cards if card.status == "pending"]
        rows = (outbox.row(self.window.name, chat, f"card {card.id}") for card in asked)
        return any(row is not None and row.state == "sent" for row in rows)

    def _halted(self) -> bool:
        return bool(stopped(self.window.ledger, stop_lies(self.window.root)))
