"""Reading out: what somebody asked aloud is answered aloud too, beside the text.

Only the result of work that was spoken, once it stands there as text; nothing waits for it, and
where it cannot be had, there is the text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from factotum import log
from factotum.blobs import Blobs
from factotum.channels.contract import Attached, Message
from factotum.channels.window import CHANNEL, MESSAGE, Window
from factotum.channels.words import Words
from factotum.ledger import TaskRow
from factotum.outbox import ANSWER, WAITING
from factotum.worker.runs import Run

_log = log.get("factotum.channels")

#: How often it is looked while spoken work is being done, in seconds: often at first, then less.
LOOK_S, LOOK_S_MOST = 1.0, 20.0
#: What was asked longer ago is not waited for any more, and what ended longer ago is not read
#: out, in seconds: by then the text has been read.
ASKED_S, ENDED_S = 6 * 3600.0, 600.0


#: A text as MP3, or None where it cannot be had.
Speak = Callable[[str], Awaitable[bytes | None]]


class Aloud:
    """`said` is called when there is something to send."""

    def __init__(
        self,
        window: Window,
        speak: Speak,
        blobs: Blobs,
        clock: Callable[[], float],
        said: Callable[[], None],
    ) -> None:
        self.window = window
        self.speak = speak
        self.blobs = blobs
        self.clock = clock
        self.said = said
        self._expected = asyncio.Event()

    def expect(self) -> None:
        """Somebody may have spoken. Of the loop's own thread."""
        self._expected.set()

    async def run(self) -> None:
        """Reads out till it is cancelled; costs nothing while nobody speaks."""
        pause_s = LOOK_S
        while True:
            self._expected.clear()
            try:
                waits = await self.pass_once()
            except Exception as broken:  # noqa: BLE001 (the text is there all the same)
                _log.error("reading out broke", exc_info=broken)
                waits = False
            try:
                async with asyncio.timeout(pause_s if waits else None):
                    await self._expected.wait()
                pause_s = LOOK_S
            except TimeoutError:
                pause_s = min(LOOK_S_MOST, 1.5 * pause_s)

    async def pass_once(self) -> bool:
        """Reads out what has ended; whether spoken work is still being done."""
        return not all([await self._is_over(row) for row in list(self._spoken())])

    async def _is_over(self, row: TaskRow) -> bool:
        """Whether nothing more is to be read out of it; what is to be has been then."""
        run = self.window.runs.latest(row.id)
        if run is None or run.ended is None:
            return False
        return self.clock() - run.ended > ENDED_S or await self._read_out(row, run)

    def _spoken(self) -> Iterator[TaskRow]:
        """The tasks that were asked for aloud on this channel, and not long ago."""
        rows = self.window.ledger.db.execute(
            "SELECT DISTINCT task FROM talk WHERE at > ?", (self.clock() - ASKED_S,)
        ).fetchall()
        for found in rows:
            row = self.window.ledger.task(found["task"])
            if row and row.facts.get("spoken") and row.facts.get(CHANNEL) == self.window.name:
                yield row

    async def _read_out(self, row: TaskRow, run: Run) -> bool:
        """Has the result be said aloud, once; False where its text is not written yet."""
        outbox, name, chat = self.window.outbox, self.window.name, self.window.chat_of_task(row)
        result = outbox.row(name, chat, f"result {row.id} {run.n} 0") if chat else None
        if result is None:
            return not chat
        key = f"aloud {row.id} {run.n}"
        known = outbox.row(name, chat, key)
        if known is not None and (known.wanted or known.state != WAITING):
            return True
        mine = outbox.ensure(name, chat, key, self.clock(), kind="aloud", rank=ANSWER)
        sound = await self.speak(run.reason)
        if sound is None:
            outbox.drop(mine.seq, "it could not be read out")
            return True
        file = Attached(self.blobs.put(sound), "answer.mp3", len(sound), "voice")
        asked = str(row.facts.get(MESSAGE) or "")
        outbox.want(mine, Message(Words.of(""), reply_to=asked, file=file).to_json())
        self.said()
        return True
