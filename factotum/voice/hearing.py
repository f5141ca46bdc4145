"""Hearing: a recording in, its words out, by a server that speaks OpenAI's transcriptions.

Whatever goes wrong there comes back as a NotHeard that says what to do; nothing is raised for
it, and nothing is tried twice. The name of a file never leaves the house; what was said stands
in no log.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from factotum import log
from factotum.models.chain import Purse
from factotum.models.errors import Busy, Garbled, ModelError, Refusing, TooLong
from factotum.models.parse import value_of
from factotum.models.refusal import in_answer, refusal, said_in
from factotum.models.route import utc_now
from factotum.models.way import Way
from factotum.models.wire import Answer, Wire
from factotum.voice.sound import KINDS, Sound, sound_of
from factotum.words import span

_log = log.get("factotum.voice")

#: How long an answer may take, in seconds. A slow machine of one's own gets longer.
TIMEOUT_S = 60.0
#: A small computer needs about as long as the recording lasts; twice that is patience enough.
OWN_TIMES = 2.0
#: No server that we know takes a larger file.
SIZE_BYTES_MOST = 25_000_000
#: Nobody dictates longer; it would be a film or a concert.
SECONDS_MOST = 2 * 3600.0
#: The longest file that is listened to where nobody says, in seconds: a meeting is longer than
#: that, and so is an album; whoever wants that heard says so.
FILE_S = 30 * 60.0
#: Less than this is not charged: Groq's rule, and a fair guess elsewhere.
CHARGED_S_LEAST = 10.0
#: When it is worth asking again where the server names no time, in seconds.
AGAIN_S = 60.0
#: More characters than anybody says in SECONDS_MOST.
TEXT_CHARS_MOST = 200_000

#: What whisper writes where nobody speaks: [BLANK_AUDIO], (wind blowing), *music*.
_NOISE = re.compile(r"\[[^\[\]]*\]|\([^()]*\)|\*[^*]*\*")
#: What is not printable and belongs to words all the same: the joiners of some scripts.
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Heard:
    """`text` is one paragraph. `language` is a code such as `de`, or "" where nobody said;
    `seconds` how long the recording was, or could have been at most."""

    text: str
    language: str = ""
    seconds: float = 0.0
    cost_usd: float = 0.0


@dataclass(frozen=True)
class NotHeard:
    """`why` is for the person, with what to do about it. After `again_s` seconds the same may
    be tried again; None: that helps nothing. `cost_usd` is what it may have cost all the same."""

    why: str
    again_s: float | None = None
    cost_usd: float = 0.0


class Hearing:
    """One server. `wrong` is what a person must mend in the settings first, or ""; `file_s` is
    how long a file may last that is listened to, in seconds: anybody may have made it, and there
    are files with hours of music."""

    def __init__(
        self,
        way: Way,
        usd_per_minute: float,
        *,
        language: str = "",
        proxies: bool = False,
        wrong: str = "",
        file_s: float = FILE_S,
        timeout_s: float = TIMEOUT_S,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.way = way
        self.usd_per_minute = usd_per_minute
        self.language = language
        self.wrong = wrong
        self.file_s = min(file_s, SECONDS_MOST)
        self._proxies = proxies
        self._timeout_s = timeout_s
        self._now = now

    @property
    def local(self) -> bool:
        """Whether what is said stays in the person's own network."""
        return self.way.local

    def cost_usd(self, seconds: float) -> float:
        """What a recording of this length costs."""
        return self.usd_per_minute * max(seconds, CHARGED_S_LEAST) / 60

    async def hear(
        self,
        data: bytes,
        name: str,
        seconds: float = 0.0,
        purse: Purse | None = None,
        *,
        file: bool = False,
    ) -> Heard | NotHeard:
        """The words of a recording. `name` is the file's, `seconds` how long it is said to be
        (0: nobody says), `file` whether nobody spoke it to us. What it may cost is set aside in
        `purse` before anything is sent; what the purse raises passes through."""
        sound = sound_of(data, name, seconds)
        if sound is None or (refused := self._objection(data, sound, file=file)):
            why = refused if sound else f"this is no recording that can be heard. Send {KINDS}"
            return self._told(NotHeard(f"{self.way.name}: {why}"), data, 0.0)
        most = self.cost_usd(sound.seconds)
        if purse is None or not most:
            return self._told(await self._ask(data, sound), data, sound.seconds)
        number = await purse.reserve(self.way.name, most)
        cost: float | None = None
        try:
            outcome = await self._ask(data, sound)
            cost = outcome.cost_usd
        finally:  # also when it is cancelled: then nobody knows what it cost
            await asyncio.shield(purse.release(number, cost))
        return self._told(outcome, data, sound.seconds)

    def _objection(self, data: bytes, sound: Sound, *, file: bool) -> str:
        """Why it is not even sent, or ""."""
        if self.wrong:
            return self.wrong
        if len(data) > SIZE_BYTES_MOST:
            return (
                f"the recording has {len(data) / 1e6:.0f} MB, and at most "
                f"{SIZE_BYTES_MOST / 1e6:.0f} are taken. Send it in parts"
            )
        if sound.told and sound.seconds > SECONDS_MOST:
            return (
                f"the recording is {sound.seconds / 3600:.1f} hours long, and at most "
                f"{SECONDS_MOST / 3600:.0f} are listened to. Send it in parts"
            )
        if file and not self.file_s:
            return (
                "only what you say yourself is listened to (FACTOTUM_TRANSCRIBE_FILE_MINUTES is 0)"
            )
        if file and sound.seconds > self.file_s:
            lasts = "it lasts" if sound.told else "it does not say how long it lasts, maybe"
            return (
                f"{lasts} {span(sound.seconds)}, and files are listened to up to "
                f"{span(self.file_s)}. To have longer ones heard, set "
                f"FACTOTUM_TRANSCRIBE_FILE_MINUTES"
            )
        return ""

    async def _ask(self, data: bytes, sound: Sound) -> Heard | NotHeard:
        try:
            return self._heard(await self._exchange(data, sound), sound)
        except ModelError as failed:
            again = failed.retry_after_s
            if again is None and isinstance(failed, Busy):
                again = AGAIN_S
            why = f"{failed}. Send a shorter one" if isinstance(failed, TooLong) else str(failed)
            return NotHeard(why, again, 0.0 if failed.free else self.cost_usd(sound.seconds))

    async def _exchange(self, data: bytes, sound: Sound) -> Answer:
        """The answer to the one request. Raises ModelError."""
        limit_s = self._timeout_s
        if self.local:
            limit_s = max(limit_s, OWN_TIMES * sound.seconds)
        fields = {"model": self.way.model, "response_format": "json", "language": self.language}
        kind, body = form(fields, data, f"voice.{sound.ending}", sound.type)
        headers = {"Content-Type": kind, "Accept": "application/json"}
        if self.way.key:
            headers["Authorization"] = f"Bearer {self.way.key}"
        wire = Wire(proxies=self._proxies)
        try:
            return await wire.send(
                "POST",
                f"{self.way.base_url}/audio/transcriptions",
                body,
                headers,
                name=self.way.name,
                timeout_s=limit_s,
                local=self.local,
            )
        finally:
            await wire.close()

    def _heard(self, answer: Answer, sound: Sound) -> Heard | NotHeard:
        """What an answer holds. Raises ModelError if it holds no text."""
        name = self.way.name
        if answer.status == 404:
            raise Refusing(
                f"{name}: not found there ({said_in(answer.data, self.way.key) or 404}). Correct "
                f"FACTOTUM_TRANSCRIBE_MODEL, or FACTOTUM_TRANSCRIBE_URL, which usually ends "
                f"with /v1"
            )
        if answer.status != 200:
            raise refusal(answer.status, answer.headers, answer.data, self.way, self._now())
        try:
            value = value_of(answer.data)
        except Garbled as garbled:
            raise Garbled(f"{name}: {garbled}") from None
        if wrong := in_answer(value, self.way, self._now()):
            raise wrong
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str):
            raise Garbled(f"{name}: there is no text in the answer")
        seconds = _length_of(value) or sound.seconds
        cost = min(self.cost_usd(seconds), self.cost_usd(sound.seconds))
        words = _one_paragraph(text)
        if not any(char.isalnum() for char in _NOISE.sub("", words)):
            return NotHeard(f"{name}: there are no words in the recording", None, cost)
        return Heard(words, _language_of(value) or self.language, seconds, cost)

    def _told(self, outcome: Heard | NotHeard, data: bytes, seconds: float) -> Heard | NotHeard:
        about: dict[str, Any] = {
            "server": urlsplit(self.way.base_url).hostname,
            "model": self.way.model,
            "size_bytes": len(data),
            "duration_s": round(seconds, 1),
            "cost_usd": outcome.cost_usd,
        }
        match outcome:
            case Heard():
                _log.info("a recording was heard", extra=about)
            case NotHeard(why):
                _log.warning("a recording was not heard", extra={**about, "reason": why})
        return outcome


def form(fields: dict[str, str], data: bytes, name: str, kind: str) -> tuple[str, bytes]:
    """The type and the body of a form with one file; an empty field is left out.

    Source: RFC 7578. The names and values are ours and hold no quotes or line ends.
    """
    mark = secrets.token_hex(16)
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in fields.items()
        if value
    ]
    head = (
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {kind}\r\n\r\n"
    )
    body = "".join(parts).encode() + head.encode() + data + f"\r\n--{mark}--\r\n".encode()
    return f"multipart/form-data; boundary={mark}", body


def _one_paragraph(text: str) -> str:
    """What was said, without line ends, so that no line of it can look like a heading."""
    seen = (char if char.isprintable() or char in _JOINERS else " " for char in text)
    return " ".join("".join(seen).split())[:TEXT_CHARS_MOST]


def _length_of(value: dict[str, Any]) -> float:
    """How long the server says that it was, in seconds; 0 where it does not."""
    usage = value.get("usage")
    for holder, name in ((value, "duration"), (usage, "seconds")):
        found: Any = holder.get(name) if isinstance(holder, dict) else None
        if type(found) in (int, float) and 0 < found <= SECONDS_MOST:  # so it is no NaN
            return float(found)
    return 0.0


def _language_of(value: dict[str, Any]) -> str:
    found = value.get("language")
    return found if isinstance(found, str) and re.fullmatch("[a-z]{2,3}", found) else ""
