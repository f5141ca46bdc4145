"""Messages with files: written down at once, then fetched, heard where they are spoken, and taken.

Of the files it is written down which they are, so that a kill while they are fetched loses none.
An album comes as several messages and is one, and so does a text that is too long for one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from factotum import log, names
from factotum.channels.contract import (
    Came,
    ChannelError,
    Heard,
    Message,
    NotSent,
    Refused,
    source_id,
)
from factotum.channels.telegram.channel import FETCH_MOST_BYTES
from factotum.channels.telegram.updates import Sent, WithFiles
from factotum.channels.window import Window
from factotum.channels.words import Words
from factotum.outbox import ANSWER, QUIET, Row
from factotum.reading import Reading, read
from factotum.said_kinds import LATER
from factotum.words import size

logger = log.get("factotum.channels.telegram")

#: What an owner shows or says, which a model looks at or which is heard; the rest is read.
LOOKED_AT = ("photo", "voice")
#: How long after the last part of an album the next is waited for, in seconds.
ALBUM_S = 1.5
#: How often a file is tried that cannot be fetched, before the message is taken without it.
TRIES_MOST = 4
HEARD_CHARS = 3000
#: Of what does not fit into one message people's programs make several, which come at once: a
#: text that is nearly as long as one can be, in UTF-16 units, is waited for the rest of, which
#: was sent within so many seconds.
FULL_UNITS, LONG_UNITS, LONG_S = 4096, 3900, 2.0

#: Fetches a file by its id.
Fetch = Callable[[str], Awaitable[bytes]]
#: What is said in a recording: the words, or an empty text and why there are none.
Hear = Callable[[bytes, str, float], Awaitable[tuple[str, str]]]


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
    ) -> None:
        self.window = window
        self.fetch = fetch
        self.hear = hear
        self.take = take
        self.clock = clock
        self.read = read
        self.album_s = album_s

    def later(self, found: WithFiles, now: float) -> None:
        """Writes down that it is to be fetched. Once more changes nothing."""
        heard = found.heard
        part = {**_plain(heard), "files": [asdict(one) for one in found.files]}
        whole = f"later {heard.chat}:{found.album or heard.id}"
        with self.window.ledger.tx():
            if self._is_taken(heard):
                return
            row = self._row(heard, whole, now)
            if row.state == "dropped" and not _holds(row, heard):  # its album was taken already
                row = self._row(heard, f"later {heard.chat}:{heard.id}", now)
            if not _holds(row, heard):
                parts = json.loads(row.stage or "[]")
                self.window.outbox.set_stage(row.seq, json.dumps([*parts, part]))

    def goes_on(self, heard: Heard, now: float) -> bool:
        """Whether this is the beginning of a text that is too long for one message, or the rest
        of one: then it is written down, and taken when it is whole."""
        if self._is_taken(heard) or heard.text.startswith("/"):
            return False
        with self.window.ledger.tx():
            for row in self.open():
                if _holds(row, heard) or self._continue(row, heard):
                    return True
            if heard.units < LONG_UNITS:
                return False
            self.later(WithFiles(heard, (), f"long {heard.id}"), now)
            return True

    def _continue(self, row: Row, heard: Heard) -> bool:
        """Adds it to the text that was written down, if it is more of it."""
        parts = json.loads(row.stage)
        last = parts[-1]
        same = (row.chat, last["passed_on"]) == (heard.chat, heard.passed_on)
        after_s = (heard.at - _at(last)).total_seconds()
        if not same or heard.reply_to or row.state == "dropped":
            return False
        if last["units"] < LONG_UNITS or not 0 <= after_s <= LONG_S:
            return False
        more = {**_plain(heard), "files": []}
        self.window.outbox.set_stage(row.seq, json.dumps([*parts, more]))
        return True

    def _row(self, heard: Heard, key: str, now: float) -> Row:
        name, outbox = self.window.name, self.window.outbox
        return outbox.ensure(name, heard.chat, key, now, kind=LATER, rank=QUIET)

    def _is_taken(self, heard: Heard) -> bool:
        return self.window.ledger.seen(self.window.name, heard.source_id) is not None

    def open(self) -> list[Row]:
        """What is still to be fetched, the oldest first."""
        return self.window.outbox.kept(self.window.name, LATER)

    async def pass_once(self) -> bool:
        """Fetches and takes what there is; whether something is left for later."""
        left = False
        for row in self.open():
            if not row.key.endswith(f":{json.loads(row.stage)[0]['id']}"):
                await asyncio.sleep(self.album_s)  # more of it may come
                row = self.window.outbox.of(row.seq)
            try:
                await self._one(row, json.loads(row.stage))
            except NotSent as failed:
                left = True
                await asyncio.sleep(max(0.5, failed.again_s))
        return left

    async def _one(self, row: Row, parts: list[dict[str, Any]]) -> None:
        files, remarks = [], []
        for part in parts:
            for one in part["files"]:
                seen = one["kind"] in LOOKED_AT and not part["passed_on"]
                came = await self._fetch(Sent(**one), read=not seen)
                if isinstance(came, Came):
                    files.append(came)
                else:
                    remarks.append(came)
        heard = replace(_heard(parts), files=tuple(files), remarks=tuple(remarks))
        if files and files[0].kind == "voice":
            heard = await self._listen(heard, files[0])
        with self.window.ledger.tx():
            self.window.outbox.drop(row.seq, "it was fetched")
        self.take(heard)
        with self.window.ledger.tx():
            for part in parts[1:]:
                id = source_id(heard.chat, part["id"])
                self.window.ledger.mark_seen(self.window.name, id, "", self.clock())
            self.window.outbox.set_stage(row.seq, "")

    async def _fetch(self, sent: Sent, *, read: bool) -> Came | str:
        """The file with what stands in it, or why it cannot be had."""
        name = names.safe_file_name(sent.name)
        if sent.size_bytes > FETCH_MOST_BYTES:
            return (
                f"{name} has {size(sent.size_bytes)}, and a bot may fetch at most "
                f"{size(FETCH_MOST_BYTES)}: put it into Inbox"
            )
        for n in range(TRIES_MOST):
            try:
                data = await self.fetch(sent.file_id)
                reading = await asyncio.to_thread(self.read, data, name) if read else None
                return Came(name, data, sent.kind, sent.seconds, reading)
            except NotSent:
                raise
            except Refused as refused:
                return f"{name} cannot be fetched ({refused}): put it into Inbox"
            except ChannelError as failed:
                why = str(failed)
                await asyncio.sleep(0.3 * 2**n)
        logger.warning("a file was not fetched", extra={"reason": why})
        return f"{name} could not be fetched ({why}): send it once more"

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
            return replace(heard, unheard=why)
        whole = "\n\n".join(filter(None, (heard.text, text)))  # what was written below it, too
        return replace(heard, text=whole, spoken=not heard.passed_on)


def _holds(row: Row, heard: Heard) -> bool:
    return any(part["id"] == heard.id for part in json.loads(row.stage or "[]"))


def _plain(heard: Heard) -> dict[str, Any]:
    kept = ("chat", "id", "who", "name", "text", "reply_to", "reply_text", "passed_on", "units")
    return {**{name: getattr(heard, name) for name in kept}, "at": heard.at.isoformat()}


def _at(part: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(part["at"])


def _heard(parts: list[dict[str, Any]]) -> Heard:
    """The message that the parts are: the words of all, and the place of the first. Where one is
    passed on, all of it counts as that."""
    first = {key: value for key, value in parts[0].items() if key != "files"}
    text = ""
    for part, before in zip(parts, [None, *parts], strict=False):
        if part["text"]:
            text += (_between(before) if text and before else "") + part["text"]
    others = next((part["passed_on"] for part in parts if part["passed_on"]), "")
    return Heard(**{**first, "at": _at(parts[0]), "text": text, "passed_on": others})


def _between(before: dict[str, Any]) -> str:
    """What stands between two parts: of a text that was cut to fit, where it was cut; a part that
    is quite full was cut within a word."""
    if before["files"] or before["units"] < LONG_UNITS:
        return "\n\n"
    return "" if before["units"] >= FULL_UNITS else "\n"
