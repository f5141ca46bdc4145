"""A text is read out by a library that may be absent, slow, broken or silent.

The library is a real module of its shape, in a child process, in front of everything else on its
path: what is asked of it is what edge-tts 7 takes, and nothing of ours is patched.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from factotum.settings import load
from factotum.voice import Speaking, speaking_by
from factotum.voice.speaking import MANY
from tests.patience import PATIENCE_S
from tests.voice.recordings import lines

ROOT = Path(__file__).parents[2]

slow = pytest.mark.slow

#: What of edge-tts 7 we use, as it is there: two arguments, and a stream of two kinds of pieces.
LIBRARY = """
    import asyncio, json, pathlib

    class NoAudioReceived(Exception):
        pass

    class Communicate:
        def __init__(self, text, voice="en-US-EmmaMultilingualNeural", *, rate="+0%", volume="+0%",
                     pitch="+0Hz", boundary="SentenceBoundary", connector=None, proxy=None,
                     connect_timeout=10, receive_timeout=60):
            self.asked = [text, voice]

        async def stream(self):
            pathlib.Path({asked!r}).write_text(json.dumps(self.asked))
            try:
                {does}
                yield {{"type": "audio", "data": b"ID3"}}
                yield {{"type": "SentenceBoundary", "offset": 1.0, "duration": 2.0, "text": "x"}}
                yield {{"type": "audio", "data": b"mp3"}}
            finally:
                pathlib.Path({asked!r} + ".closed").touch()
"""

#: The child: it speaks once and says what came of it.
CHILD = """
    import asyncio, io, json, logging, sys
    sys.path[:0] = [sys.argv[1], sys.argv[2]]
    from factotum import log
    from factotum.voice import Speaking
    stream = io.StringIO()
    log.start("debug", stream)
    asked = json.loads(sys.argv[3])
    speaking = Speaking(asked["voice"], timeout_s=asked["timeout_s"])
    before = "edge_tts" in sys.modules
    sound = asyncio.run(speaking.speak(asked["text"], asked["language"]))
    print(json.dumps({
        "there": speaking.there, "before": before, "log": stream.getvalue(),
        "sound": None if sound is None else sound.decode(),
        "size": 0 if sound is None else len(sound),
    }))
"""


def speak(
    folder: Path,
    does: str = "pass",
    text: str = "Hello.",
    voice: str = "",
    language: str = "",
    timeout_s: float = 60.0,
) -> dict[str, Any]:
    """What a child with such a library heard; `asked` is what the library was asked."""
    asked = folder / "asked.json"
    code = dedent(LIBRARY).format(asked=str(asked), does=does)
    (folder / "edge_tts.py").write_text(code)
    wish = {"text": text, "voice": voice, "language": language, "timeout_s": timeout_s}
    done = subprocess.run(
        [sys.executable, "-c", dedent(CHILD), str(folder), str(ROOT), json.dumps(wish)],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
        cwd=folder,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    told["asked"] = json.loads(asked.read_text()) if asked.exists() else None
    told["closed"] = asked.with_name("asked.json.closed").exists()
    return told


def test_a_text_is_read_out_in_the_language_that_was_spoken(tmp_path: Path) -> None:
    told = speak(tmp_path, text="# Hallo\n**Welt**", language="de")
    assert told["sound"] == "ID3mp3"
    assert told["asked"] == ["Hallo.\nWelt.", "de-DE-KatjaNeural"]
    assert (told["there"], told["before"]) == (True, False)  # imported with the first text
    (line,) = told["log"].splitlines()
    assert json.loads(line)["event"] == "a text was read out"
    assert "Hallo" not in line


def test_the_owners_voice_reads_every_language_and_a_long_text_is_cut(tmp_path: Path) -> None:
    text = "This is a sentence. " * 200
    told = speak(tmp_path, text=text, language="it", voice="en-GB-SoniaNeural")
    said, voice = told["asked"]
    assert voice == "en-GB-SoniaNeural"
    assert 2_970 < len(said) <= 3_000
    assert said.endswith("This is a sentence.")


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("raise NoAudioReceived('No audio was received.')", "NoAudioReceived: No audio was"),
        ("raise ConnectionError('unreachable')", "ConnectionError: unreachable"),
        ("return", "what came has 0 bytes"),
        pytest.param(
            "yield {'type': 'audio', 'data': bytes(9_000_000)}", "has 9000000", marks=slow
        ),
        pytest.param("yield {'type': 'audio'}", "KeyError", marks=slow),
        pytest.param("yield 7", "TypeError", marks=slow),
    ],
)
def test_what_goes_wrong_there_is_one_line_in_the_log(
    tmp_path: Path, does: str, reason: str
) -> None:
    told = speak(tmp_path, does)
    assert told["sound"] is None
    (line,) = told["log"].splitlines()
    assert json.loads(line)["event"] == "a text was not read out"
    assert reason in json.loads(line)["reason"]
    assert told["closed"]


def test_one_that_is_slow_is_not_waited_for(tmp_path: Path) -> None:
    told = speak(tmp_path, "await asyncio.sleep(60)", timeout_s=0.3)
    assert told["sound"] is None
    assert json.loads(told["log"])["reason"] == "nothing within 0.3 s"
    assert told["closed"]


def without_it() -> bool:
    return not Speaking().there


@pytest.mark.skipif(not without_it(), reason="edge-tts is installed here")
def test_without_the_library_the_text_is_read_by_the_person() -> None:
    with lines() as told:
        assert asyncio.run(Speaking().speak("Hello.")) is None
    assert json.loads(told.getvalue())["reason"] == "edge_tts is not installed"


def test_what_says_nothing_is_not_read_out() -> None:
    with lines() as told:
        assert asyncio.run(Speaking().speak("---\n\n```\ncode\n```")) is None
    assert told.getvalue() == ""


@pytest.mark.parametrize(
    ("named", "language", "voice"),
    [
        ({}, "", MANY),
        ({}, "en", "en-US-AriaNeural"),
        ({}, "fr", "fr-FR-DeniseNeural"),
        ({}, "tlh", MANY),  # a language that nobody reads
        ({"TRANSCRIBE_LANGUAGE": "it"}, "", "it-IT-ElsaNeural"),
        ({"TRANSCRIBE_LANGUAGE": "it"}, "tlh", MANY),
        ({"SPEAK_VOICE": "zh-CN-liaoning-XiaobeiNeural"}, "fr", "zh-CN-liaoning-XiaobeiNeural"),
    ],
)
def test_the_voice_is_the_owners_or_one_of_the_language(
    named: dict[str, str], language: str, voice: str
) -> None:
    settings = load({f"FACTOTUM_{name}": text for name, text in named.items()})
    assert speaking_by(settings).voice_for(language) == voice
