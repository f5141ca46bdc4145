"""What is said in the recordings of a message, heard and shown to whoever sent them.

Who speaks to us says their own words; a file that comes may hold anybody's, whoever sent it, and
counts as what stands in a document does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from factotum.channels.contract import Came, Heard, Message
from factotum.channels.telegram.files import Files
from factotum.channels.window import Window
from factotum.channels.words import Words
from factotum.inert import one_line
from factotum.outbox import ANSWER
from factotum.reading.sound_file import NOT_HEARD, is_recording, length_s, with_words
from factotum.voice.sound import KINDS

HEARD_CHARS = 3000
#: How much of the name of a file is said.
NAME_CHARS = 60

NOBODY = "recordings are not heard here: docs/voice.md says how to turn it on"


class Hear(Protocol):
    """What is said in a recording: the words, or an empty text and why there are none."""

    @property
    def files(self) -> bool:
        """Whether files are heard, too, not only what is spoken to us."""
        ...

    async def __call__(
        self, data: bytes, name: str, seconds: float, *, file: bool = False
    ) -> tuple[str, str]: ...


class Recordings:
    """`hear` is None where recordings cannot be heard; `files` keeps what was heard. A recording
    is known by the row of its message and a mark of its own there."""

    def __init__(
        self, window: Window, hear: Hear | None, files: Files, clock: Callable[[], float]
    ) -> None:
        self.window = window
        self.hear = hear
        self.files = files
        self.clock = clock

    async def own(self, heard: Heard, voice: Came, row: int, mark: str) -> Heard:
        """The message with the words that were spoken to us."""
        text, why = await self._words(voice, row, mark, file=bool(heard.passed_on))
        said = f"I heard: “{text[:HEARD_CHARS]}”" if text else f"I could not hear it: {why}"
        self._show(heard, "spoken", heard.id, said)
        if not text:
            return replace(heard, unheard=why)
        whole = "\n\n".join(filter(None, (heard.text, text)))  # what was written below it, too
        return replace(heard, text=whole, spoken=not heard.passed_on)

    async def file(self, heard: Heard, came: Came, row: int, mark: str) -> Came:
        """The file, with what is said in it as what stands in it."""
        reading = came.reading
        if self.hear is None or not self.hear.files or reading is None:
            return came
        if is_recording(reading):
            text, why = await self._words(came, row, mark, file=True)
        else:  # whatever it is called: it is not sent to who hears
            text, why = "", f"it holds no recording that can be heard. Send {KINDS}"
        name = one_line(came.name, NAME_CHARS)
        if text:
            self._show(heard, "overheard", mark, f"In {name} I heard: “{text[:HEARD_CHARS]}”")
            return replace(came, reading=with_words(reading, text))
        self._show(heard, "overheard", mark, f"I did not hear {name}: {why}")
        remarks = (*reading.remarks, f"{NOT_HEARD}{why}")
        return replace(came, reading=replace(reading, remarks=remarks))

    async def _words(self, came: Came, row: int, mark: str, *, file: bool) -> tuple[str, str]:
        if self.hear is None:
            return "", NOBODY
        if before := self.files.words(row, mark):
            return before, ""
        # Whoever made it may have said that it is short: the file itself, where it is read, counts.
        seconds = max(came.seconds, length_s(came.reading) if came.reading else 0.0)
        text, why = await self.hear(came.data, came.name, seconds, file=file)
        if text:
            self.files.keep_words(row, mark, text)
        return text, why

    def _show(self, heard: Heard, kind: str, mark: str, said: str) -> None:
        message = Message(Words.of(f"🎙 {said}"), reply_to=mark.partition("-")[0])
        self.window.outbox.put(
            self.window.name,
            heard.chat,
            f"{kind} {mark}",
            message.to_json(),
            self.clock(),
            kind=kind,
            rank=ANSWER,
        )
