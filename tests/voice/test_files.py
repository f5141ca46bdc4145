"""A file that somebody sent: how long it may last that is listened to, and what is one."""

from __future__ import annotations

import asyncio

import pytest

from factotum.voice import Heard, NotHeard
from factotum.voice.sound import is_called_sound
from tests.reading.samples import mp3
from tests.servers.transcriber import Transcriber
from tests.voice.recordings import at

SONG = mp3(1, "A song")
LONG = SONG + bytes(8_000_000)


@pytest.mark.parametrize(
    ("data", "seconds", "minutes", "file", "why"),
    [
        (SONG, 40 * 60, "30", True, "it lasts 40 min, and files are listened to up to 30 min"),
        (SONG, 40 * 60, "60", True, ""),
        (SONG, 40 * 60, "30", False, ""),  # the owner speaks
        (SONG, 30 * 60, "30", True, ""),
        (LONG, 0, "30", True, "it does not say how long it lasts, maybe 33 min"),
        (SONG, 3, "0", True, "only what you say yourself is listened to"),
        (SONG, 0, "30", True, ""),  # too small to be long
        (SONG, 3 * 3600, "120", True, "the recording is 3.0 hours long"),
    ],
)
def test_a_file_is_listened_to_up_to_the_length_that_is_set(
    data: bytes, seconds: float, minutes: str, file: bool, why: str
) -> None:
    with Transcriber() as server:
        server.knows(data, "La la la.")
        hearing = at(server.base_url, TRANSCRIBE_FILE_MINUTES=minutes)
        outcome = asyncio.run(hearing.hear(data, "song.mp3", seconds, file=file))
        if why:
            assert isinstance(outcome, NotHeard) and why in outcome.why
            assert (server.asked, outcome.cost_usd) == ([], 0.0)
        else:
            assert isinstance(outcome, Heard)


@pytest.mark.parametrize(
    ("name", "type", "is_one"),
    [
        ("memo.m4a", "audio/mp4", True),
        ("memo", "audio/ogg; codecs=opus", True),
        ("memo.ogg", "application/ogg", True),
        ("memo.flac", "", True),
        ("memo.m4a", "application/octet-stream", True),
        ("film.mp4", "", False),
        ("film.mp4", "video/mp4", False),
        ("memo.mp3", "text/plain", False),
        ("letter.pdf", "", False),
    ],
)
def test_which_documents_are_recordings(name: str, type: str, is_one: bool) -> None:
    assert is_called_sound(name, type) is is_one
