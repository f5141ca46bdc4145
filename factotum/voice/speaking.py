"""Speaking: a text in, a recording out, by Microsoft's voices and the library edge-tts.

The library is an extra, and the service behind it promises nothing: whatever stands in the way,
the answer is None and one line in the log, and the person reads the text. The text goes to
Microsoft; the library is imported at the first call.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from contextlib import aclosing
from typing import Any

from factotum import log
from factotum.settings import Settings
from factotum.voice.plain import cut, plain

_log = log.get("factotum.voice")

#: Who waits longer has read it already, in seconds.
TIMEOUT_S = 20.0
#: About three minutes; nobody listens longer.
CHARS_MOST = 3_000
#: Three minutes have about 1 MB.
SIZE_BYTES_MOST = 8_000_000

#: It reads the language that a text is in, if not quite as well as one of that language.
MANY = "en-US-EmmaMultilingualNeural"

#: One voice for each language, by its code.
VOICES = {
    "ar": "ar-EG-SalmaNeural",
    "cs": "cs-CZ-VlastaNeural",
    "da": "da-DK-ChristelNeural",
    "de": "de-DE-KatjaNeural",
    "el": "el-GR-AthinaNeural",
    "en": "en-US-AriaNeural",
    "es": "es-ES-ElviraNeural",
    "fi": "fi-FI-NooraNeural",
    "fr": "fr-FR-DeniseNeural",
    "he": "he-IL-HilaNeural",
    "hi": "hi-IN-SwaraNeural",
    "hu": "hu-HU-NoemiNeural",
    "it": "it-IT-ElsaNeural",
    "ja": "ja-JP-NanamiNeural",
    "ko": "ko-KR-SunHiNeural",
    "nl": "nl-NL-ColetteNeural",
    "pl": "pl-PL-ZofiaNeural",
    "pt": "pt-BR-FranciscaNeural",
    "ro": "ro-RO-AlinaNeural",
    "ru": "ru-RU-SvetlanaNeural",
    "sv": "sv-SE-SofieNeural",
    "tr": "tr-TR-EmelNeural",
    "uk": "uk-UA-PolinaNeural",
    "vi": "vi-VN-HoaiMyNeural",
    "zh": "zh-CN-XiaoxiaoNeural",
}


class Speaking:
    """`voice` is what the owner chose, or ""; `language` what is spoken where nobody says."""

    def __init__(
        self, voice: str = "", language: str = "", *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self.voice = voice
        self.language = language
        self._timeout_s = timeout_s

    @property
    def there(self) -> bool:
        """Whether the library is installed; whether the service answers is seen when asked."""
        return importlib.util.find_spec("edge_tts") is not None

    def voice_for(self, language: str) -> str:
        return self.voice or VOICES.get(language or self.language, MANY)

    async def speak(self, text: str, language: str = "") -> bytes | None:
        """The text, which is Markdown, as MP3; None where it cannot be had or says nothing."""
        words = cut(plain(text), CHARS_MOST)
        if not words:
            return None
        try:
            async with asyncio.timeout(self._timeout_s):
                sound = await _spoken(words, self.voice_for(language))
            reason = f"what came has {len(sound)} bytes"
        except TimeoutError:
            sound, reason = b"", f"nothing within {self._timeout_s:g} s"
        except ModuleNotFoundError as missing:
            sound, reason = b"", f"{missing.name} is not installed"
        except Exception as broken:  # noqa: BLE001 (a voice that is missing stops nobody's work)
            sound, reason = b"", f"{type(broken).__name__}: {broken}"
        if not 0 < len(sound) <= SIZE_BYTES_MOST:
            _log.warning("a text was not read out", extra={"reason": reason})
            return None
        _log.info("a text was read out", extra={"count": len(words), "size_bytes": len(sound)})
        return sound


def speaking_by(settings: Settings) -> Speaking:
    return Speaking(settings.text("SPEAK_VOICE"), settings.text("TRANSCRIBE_LANGUAGE"))


async def _spoken(words: str, voice: str) -> bytes:
    """May raise whatever the library and what it stands on raise."""
    # A thread, because it takes half a second to import, and more on a Pi.
    edge_tts: Any = await asyncio.to_thread(importlib.import_module, "edge_tts")
    got = bytearray()
    async with aclosing(edge_tts.Communicate(words, voice).stream()) as pieces:
        async for piece in pieces:
            if piece["type"] == "audio":
                got += piece["data"]
            if len(got) > SIZE_BYTES_MOST:
                break
    return bytes(got)
