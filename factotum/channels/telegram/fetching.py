"""Messages with files: written down at once, then fetched, heard where they are spoken, and taken.

Of the files it is written down which they are, so that a kill while they are fetched loses none.
An album comes as several messages and is one, and so does a text that is too long for one.
Several are fetched at once, and taken in the order in which they came, unless one takes long.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from factotum import log
from factotum.channels.contract import SPOKEN, Came, Heard, Message, NotSent
from factotum.channels.telegram.channel import FETCH_MOST_BYTES
from factotum.channels.telegram.files import AT_ONCE, Fetch, Files
from factotum.channels.telegram.parts import LONG_UNITS, continues, holds, part_of, whole
from factotum.channels.telegram.recordings import Hear, Recordings
from factotum.channels.telegram.updates import Sent, WithFiles
from factotum.channels.window import Window
from factotum.channels.words import Words
from factotum.outbox import ANSWER, QUIET, Row
from factotum.reading import Reading, read
from factotum.said_kinds import LATER

logger = log.get("factotum.channels.telegram")

#: How long after the last part of an album the next is waited for, in seconds.
ALBUM_S = 1.5
#: How long a message that is there waits for those before it, in seconds: a long recording is
#: to keep nobody waiting.
TURN_S = 15.0
#: How long is waited till what cannot be had is tried again where nobody says, at first and at
#: most, in seconds.
AGAIN_S, AGAIN_MOST_S = 0.5, 8.0
#: How long is waited till what broke us is tried again, in seconds.
BROKEN_S = 30.0

BROKE = (
    "⚠ I could not take what you sent yet, for something broke here ({why}). It is tried again; "
    "the log of the office has more."
)


class Fetching:
    """`take` takes a whole message; `hear` is None where recordings cannot be heard; `read` says
    what stands in a file, and may take long."""

    def __init__(
        self,
        window: Window,
        fetch: Fetch,
        hear: Hear | None,
        take: Callable[[Heard], None],
        clock: Callable[[], float],
        read: Callable[[bytes, str], Reading] = read,
        album_s: float = ALBUM_S,
        turn_s: float = TURN_S,
        again_s: float = AGAIN_S,
        broken_s: float = BROKEN_S,
    ) -> None:
        self.window = window
        self.take = take
        self.clock = clock
        self.album_s = album_s
        self.turn_s = turn_s
        self.again_s = again_s
        self.broken_s = broken_s
        self.files = Files(window.state / "fetched", fetch, read)
        self.recordings = Recordings(window, hear, self.files, clock)
        self._places, self._entry = asyncio.Semaphore(AT_ONCE), asyncio.Lock()
        self._under_way: dict[int, tuple[str, asyncio.Future[None]]] = {}
        self._fails: Counter[int] = Counter()
        self.files.keep_only([row.seq for row in self.open()])

    def later(self, found: WithFiles, now: float) -> None:
        """Writes down that it is to be fetched. Once more changes nothing."""
        heard = found.heard
        part = part_of(heard, found.files)
        whole = f"later {heard.chat}:{found.album or heard.id}"
        with self.window.ledger.tx():
            if self._is_taken(heard):
                return
            row = self._row(heard, whole, now)
            if row.state == "dropped" and not holds(row, heard):  # its album was taken already
                row = self._row(heard, f"later {heard.chat}:{heard.id}", now)
            if not holds(row, heard):
                parts = json.loads(row.stage or "[]")
                self.window.outbox.set_stage(row.seq, json.dumps([*parts, part]))

    def goes_on(self, heard: Heard, now: float) -> bool:
        """Whether this is the beginning of a text that is too long for one message, or the rest
        of one: then it is written down, and taken when it is whole."""
        if self._is_taken(heard) or heard.text.startswith("/"):
            return False
        with self.window.ledger.tx():
            for row in self.open():
                if (row.chat == heard.chat and holds(row, heard)) or self._continue(row, heard):
                    return True
            if heard.units < LONG_UNITS:
                return False
            self.later(WithFiles(heard, (), f"long {heard.id}"), now)
            return True

    def _continue(self, row: Row, heard: Heard) -> bool:
        """Adds it to the text that was written down, if it is more of it."""
        parts = json.loads(row.stage)
        if row.chat != heard.chat or row.state == "dropped" or not continues(parts[-1], heard):
            return False
        self.window.outbox.set_stage(row.seq, json.dumps([*parts, part_of(heard)]))
        return True

    def _row(self, heard: Heard, key: str, now: float) -> Row:
        name, outbox = self.window.name, self.window.outbox
        return outbox.ensure(name, heard.chat, key, now, kind=LATER, rank=QUIET)

    def _is_taken(self, heard: Heard) -> bool:
        source_id = self.window.source_id(heard.chat, heard.id)
        return self.window.ledger.seen(self.window.name, source_id) is not None

    def open(self) -> list[Row]:
        """What is still to be fetched, the oldest first."""
        return self.window.outbox.kept(self.window.name, LATER)

    def fresh(self) -> list[Row]:
        """What is to be fetched and is not under way, the oldest first; whoever asks hands each
        to `one`."""
        rows = [row for row in self.open() if row.seq not in self._under_way]
        for row in rows:
            self._under_way[row.seq] = row.chat, asyncio.get_running_loop().create_future()
        return rows

    async def one(self, row: Row) -> bool:
        """Fetches and takes this one; whether it is left for later, which is now then: it is under
        way till it may be tried again."""
        _, over = self._under_way[row.seq]
        try:
            async with self._room(row):
                await self._whole(row)
            del self._fails[row.seq]
            return False
        except Exception as failed:  # noqa: BLE001 (the others go on)
            over.set_result(None)  # whoever waits for its turn has it
            await asyncio.sleep(self._wait_s(row, failed))
            return True
        finally:
            del self._under_way[row.seq]
            if not over.done():
                over.set_result(None)

    def _wait_s(self, row: Row, failed: Exception) -> float:
        """How long till it is tried again, in seconds. Of what breaks us its sender is told."""
        if isinstance(failed, NotSent):
            again_s = min(AGAIN_MOST_S, self.again_s * 2.0 ** self._fails[row.seq])
            self._fails[row.seq] += 1
            return max(again_s, failed.again_s)
        logger.error("fetching broke", exc_info=failed)
        if not isinstance(failed, OSError | sqlite3.OperationalError):  # those pass
            told = Message(Words.of(BROKE.format(why=type(failed).__name__)))
            key, now = f"broke later {row.seq}", self.clock()
            outbox, name = self.window.outbox, self.window.name
            outbox.put(name, row.chat, key, told.to_json(), now, kind="answer", rank=ANSWER)
        return self.broken_s

    @asynccontextmanager
    async def _room(self, row: Row) -> AsyncIterator[None]:
        """A place for each so many bytes that the message has, in the order in which they came:
        what is fetched is held in memory till it is taken."""
        size_bytes = sum(one["size_bytes"] for part in self._parts(row) for one in part["files"])
        places = min(AT_ONCE, 1 + size_bytes // FETCH_MOST_BYTES)
        had = 0
        try:
            async with self._entry:
                while had < places:
                    await self._places.acquire()
                    had += 1
            yield
        finally:
            for _ in range(had):
                self._places.release()

    async def _whole(self, row: Row) -> None:
        parts = self._parts(row)
        if not row.key.endswith(f":{parts[0]['id']}"):
            await asyncio.sleep(self.album_s)  # more of it may come
        had: dict[str, Came | str] = {}
        while True:
            parts = self._parts(row)
            heard = whole(parts)
            if not self._is_taken(heard):  # else it was, just before a kill
                heard = await self._with_files(row, heard, parts, had)
                await self._turn(row)
            if len(self._parts(row)) == len(parts):  # else more of it came meanwhile
                break
        self._take(row, heard, parts)

    def _parts(self, row: Row) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.window.outbox.of(row.seq).stage)
        return found

    async def _with_files(
        self, row: Row, heard: Heard, parts: list[dict[str, Any]], had: dict[str, Came | str]
    ) -> Heard:
        """The message with its files, in their order; those that it `had` are not fetched once
        more. Raises NotSent, when no other is under way any more."""
        sent = {
            f"{part['id']}-{n}": (Sent(**one), bool(part["passed_on"]))
            for part in parts
            for n, one in enumerate(part["files"])
        }
        new = [mark for mark in sent if mark not in had]
        coming = [self._file(row, heard, mark, *sent[mark]) for mark in new]
        came = await asyncio.gather(*coming, return_exceptions=True)
        for mark, one in zip(new, came, strict=True):
            if isinstance(one, BaseException):
                raise one
            had[mark] = one
        outcomes = [had[mark] for mark in sent]
        files = tuple(one for one in outcomes if isinstance(one, Came))
        remarks = tuple(one for one in outcomes if isinstance(one, str))
        heard = replace(heard, files=files, remarks=remarks)
        if files and files[0].kind in SPOKEN:
            (mark, *_) = (mark for mark in sent if had[mark] is files[0])
            heard = await self.recordings.own(heard, files[0], row.seq, mark)
        return heard

    async def _file(
        self, row: Row, heard: Heard, mark: str, sent: Sent, passed_on: bool
    ) -> Came | str:
        spoken = sent.kind in SPOKEN and not passed_on  # that is heard; the rest is read
        came = await self.files.get(row.seq, mark, sent, read=not spoken)
        if isinstance(came, Came) and came.kind == "audio":
            came = await self.recordings.file(heard, came, row.seq, mark)
        return came

    async def _turn(self, row: Row) -> None:
        """Waits till those that came before it in its chat are taken, or one of them takes long."""
        before = [
            over
            for seq, (chat, over) in self._under_way.items()
            if seq < row.seq and chat == row.chat
        ]
        if before:
            await asyncio.wait(before, timeout=self.turn_s)

    def _take(self, row: Row, heard: Heard, parts: list[dict[str, Any]]) -> None:
        with self.window.ledger.tx():
            self.window.outbox.drop(row.seq, "it was fetched")
        self.take(heard)
        with self.window.ledger.tx():
            for part in parts[1:]:
                id = self.window.source_id(heard.chat, part["id"])
                self.window.ledger.mark_seen(self.window.name, id, "", self.clock())
            self.window.outbox.set_stage(row.seq, "")
        self.files.forget(row.seq)
