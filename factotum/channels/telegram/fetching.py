"""Messages with files: written down at once, then fetched, heard where they are spoken, and taken.

Of the files it is written down which they are, so that a kill while they are fetched loses none.
An album comes as several messages and is one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from factotum import log
from factotum.channels.contract import Came, ChannelError, Heard, Message, NotSent
from factotum.channels.telegram.channel import FETCH_MOST_BYTES
from factotum.channels.telegram.updates import Sent, WithFiles
from factotum.channels.window import Window
from factotum.channels.words import Words
from factotum.outbox import ANSWER, QUIET, Row
from factotum.words import size

logger = log.get("factotum.channels.telegram")

KIND = "later"
#: How long after the last part of an album the next is waited for, in seconds.
ALBUM_S = 1.5
#: How often a file is tried that cannot be fetched, before the message is taken without it.
TRIES_MOST = 4
HEARD_CHARS = 3000

#: Fetches a file by its id.
Fetch = Callable[[str], Awaitable[bytes]]
#: What is said in a recording: the words, or an empty text and why there are none.
Hear = Callable[[bytes, str, float], Awaitable[tuple[str, str]]]


class Fetching:
    """`take` takes a whole message; `hear` is None where recordings cannot be heard."""

    def __init__(
        self,
        window: Window,
        fetch: Fetch,
        hear: Hear | None,
        take: Callable[[Heard], None],
        clock: Callable[[], float],
    ) -> None:
        self.window = window
        self.fetch = fetch
        self.hear = hear
        self.take = take
        self.clock = clock

    def later(self, found: WithFiles, now: float) -> None:
        """Writes down that it is to be fetched. Once more changes nothing."""
        heard = found.heard
        key = f"later {heard.chat}:{found.album or heard.id}"
        part = {**_plain(heard), "files": [asdict(one) for one in found.files]}
        with self.window.ledger.tx():
            row = self.window.outbox.ensure(
                self.window.name, heard.chat, key, now, kind=KIND, rank=QUIET
            )
            parts = json.loads(row.stage or "[]")
            taken = row.state == "dropped"
            if taken or any(one["id"] == part["id"] for one in parts):
                return
            self.window.outbox.set_stage(row.seq, json.dumps([*parts, part]))

    def open(self) -> list[Row]:
        """What is still to be fetched, the oldest first."""
        rows = self.window.ledger.db.execute(
            "SELECT seq FROM said WHERE channel = ? AND kind = ? AND stage <> '' ORDER BY seq",
            (self.window.name, KIND),
        ).fetchall()
        return [self.window.outbox.of(row["seq"]) for row in rows]

    async def pass_once(self) -> bool:
        """Fetches and takes what there is; whether something is left for later."""
        left = False
        for row in self.open():
            parts = json.loads(row.stage)
            if len(parts) > 1 or ":" in row.key:
                await asyncio.sleep(ALBUM_S if self._is_album(row, parts) else 0)
                row = self.window.outbox.of(row.seq)
            try:
                await self._one(row, json.loads(row.stage))
            except NotSent as failed:
                left = True
                await asyncio.sleep(max(0.5, failed.again_s))
        return left

    def _is_album(self, row: Row, parts: list[dict[str, Any]]) -> bool:
        return not row.key.endswith(f":{parts[0]['id']}")

    async def _one(self, row: Row, parts: list[dict[str, Any]]) -> None:
        files, remarks = [], []
        for part in parts:
            for one in part["files"]:
                came = await self._fetch(row, Sent(**one))
                if isinstance(came, Came):
                    files.append(came)
                else:
                    remarks.append(came)
        heard = _heard(parts)
        heard = replace(heard, files=tuple(files), remarks=tuple(remarks))
        if files and files[0].kind == "voice" and not heard.passed_on:
            heard = await self._listen(heard, files[0])
        with self.window.ledger.tx():
            self.window.outbox.drop(row.seq, "it was fetched")
        self.take(heard)
        self.window.outbox.set_stage(row.seq, "")

    async def _fetch(self, row: Row, sent: Sent) -> Came | str:
        """The file, or why it cannot be had."""
        if sent.size_bytes > FETCH_MOST_BYTES:
            return (
                f"{sent.name} has {size(sent.size_bytes)}, and a bot may fetch at most "
                f"{size(FETCH_MOST_BYTES)}: put it into Inbox"
            )
        for n in range(TRIES_MOST):
            try:
                return Came(sent.name, await self.fetch(sent.file_id), sent.kind, sent.seconds)
            except NotSent:
                raise
            except ChannelError as failed:
                why = str(failed)
                await asyncio.sleep(0.3 * 2**n)
        logger.warning("a file was not fetched", extra={"reason": why})
        return f"{sent.name} could not be fetched ({why}): send it once more"

    async def _listen(self, heard: Heard, voice: Came) -> Heard:
        """The message with the words that were spoken, shown to whoever spoke them."""
        if self.hear is None:
            why = "recordings are not heard here: docs/voice.md says how to turn it on"
            text = ""
        else:
            text, why = await self.hear(voice.data, voice.name, voice.seconds)
        said = f"🎙 I heard: “{text[:HEARD_CHARS]}”" if text else f"🎙 I could not hear it: {why}"
        message = Message(Words.of(said), reply_to=heard.id)
        self.window.outbox.put(
            self.window.name,
            heard.chat,
            f"spoken {heard.id}",
            message.to_json(),
            self.clock(),
            kind="spoken",
            rank=ANSWER,
        )
        if not text:
            return replace(heard, remarks=(*heard.remarks, f"the recording was not heard: {why}"))
        return replace(heard, text=text, spoken=True)


def _plain(heard: Heard) -> dict[str, Any]:
    kept = ("chat", "id", "who", "name", "text", "reply_to", "reply_text", "passed_on")
    return {**{name: getattr(heard, name) for name in kept}, "at": heard.at.isoformat()}


def _heard(parts: list[dict[str, Any]]) -> Heard:
    """The message that the parts are: the words of all, and the place of the first."""
    first = {key: value for key, value in parts[0].items() if key != "files"}
    text = "\n\n".join(part["text"] for part in parts if part["text"])
    return Heard(**{**first, "at": datetime.fromisoformat(first["at"]), "text": text})
